/** Nanoseconds of what a connection does in every tick: its timer, the bytes it has to keep, a reading of the clock. */
import { Timer, TimerWheel } from '../../workers/reactor/timer-wheel.ts';
import { bench, keep } from './harness.ts';
import { messageAt, net } from './world.ts';

/** A timer that counts. */
class CountingTimer extends Timer {
  calls = 0;

  onDeadline(): void {
    this.calls++;
  }
}

for (const count of [1, 1000, 10_000]) {
  const wheel = new TimerWheel(0, (_timer, error) => {
    throw error;
  });
  const timers = Array.from({ length: count }, () => new CountingTimer());
  bench(`timer: armed later, as a busy connection does, of ${count}`, (iterations) => {
    for (let n = 0, i = 0; n < iterations; n++) {
      wheel.arm(timers[i] as Timer, 1000 + (n & 0xffff));
      i = i + 1 === count ? 0 : i + 1;
    }
  });
  bench(`timer: armed and removed, of ${count}`, (iterations) => {
    for (let n = 0, i = 0; n < iterations; n++) {
      const timer = timers[i] as Timer;
      wheel.arm(timer, 1000 + (n & 511));
      wheel.remove(timer);
      i = i + 1 === count ? 0 : i + 1;
    }
  });
  let nowTick = 0;
  bench(`timer: wheel advanced by a tick, ${count} armed far ahead`, (iterations) => {
    for (let n = 0; n < iterations; n++) {
      if ((n & 1023) === 0) for (const timer of timers) wheel.arm(timer, nowTick + 100_000);
      wheel.advance(++nowTick);
    }
  });
  keep(timers.reduce((sum, timer) => sum + timer.calls, 0));
}

for (const byteLength of [64, 4096, 65536]) {
  const queue = net.takeQueue();
  bench(`byte queue: ${byteLength} bytes in and out`, (iterations) => {
    for (let i = 0; i < iterations; i++) {
      queue.append(messageAt, byteLength);
      queue.consume(byteLength);
    }
    keep(queue.byteLength);
  });
}

bench('block: taken and given back', (iterations) => {
  for (let i = 0; i < iterations; i++) net.giveBlock(net.takeBlock(512), 512);
});

bench('clock: performance.now', (iterations) => {
  for (let i = 0; i < iterations; i++) keep(performance.now() * 1000);
});
