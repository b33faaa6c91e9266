/** The accept rate and what it lets through (spec 05 section 7.1), on a virtual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../balance/random.ts';
import { TICK_MICROS } from '../shared/endpoint-region.ts';
import { NackAdmission } from './nack-admission.ts';

const ticksOf = (seconds: number) => Math.round((seconds * 1e6) / TICK_MICROS) | 0;

/** A client that sends evenly, whose endpoints answer in no time. */
class Client {
  readonly admission = new NackAdmission(new Random(1));
  nowSeconds = 0;
  sent = 0;
  dropped = 0;

  /** @param nacks which share of the requests is nacked; the last ones of each ten */
  run(seconds: number, requestsPerSecond: number, nacks: number): void {
    const end = this.nowSeconds + seconds;
    for (let i = 0; this.nowSeconds < end; i += 1) {
      this.nowSeconds += 1 / requestsPerSecond;
      const now = ticksOf(this.nowSeconds);
      if (!this.admission.admits(now)) {
        this.dropped += 1;
        continue;
      }
      this.sent += 1;
      if (i % 10 >= 10 - nacks * 10) this.admission.onNack(now);
      else this.admission.onAccepted(now);
    }
  }
}

function near(actual: number, expected: number, by: number): void {
  assert.ok(Math.abs(actual - expected) <= by, `${actual}, expected ${expected}`);
}

test('the rate of a client that is only nacked falls as e^(-t / 120 s), and below a half requests are dropped', () => {
  const client = new Client();
  client.run(10, 100, 0);
  assert.equal(client.admission.acceptRate, 1);
  client.run(80, 100, 1);
  near(client.admission.acceptRate, Math.exp(-80 / 120), 0.01);
  assert.equal(client.dropped, 0);
  client.run(20, 100, 1);
  assert.ok(client.dropped > 0);
});

test('at most three of four are dropped, so that a recovery is found out', () => {
  const client = new Client();
  client.run(600, 50, 1);
  near(client.admission.acceptRate, 0, 0.01);
  const { dropped, sent } = client;
  client.run(200, 50, 1);
  near((client.dropped - dropped) / (client.dropped - dropped + client.sent - sent), 0.75, 0.02);
  client.run(300, 50, 0);
  const droppedBefore = client.dropped;
  client.run(60, 50, 0);
  assert.equal(client.dropped, droppedBefore);
  assert.ok(client.admission.acceptRate > 0.9);
});

test('a rate of 30 % drops 40 %', () => {
  const client = new Client();
  client.run(2000, 20, 0.7);
  const { dropped, sent } = client;
  const rate = client.admission.acceptRate;
  client.run(2000, 20, 0.7);
  near(rate, 0.3, 0.08);
  near((client.dropped - dropped) / (client.dropped - dropped + client.sent - sent), 0.4, 0.08);
});

test('as many nacks as responses drop nothing', () => {
  const client = new Client();
  client.run(2000, 20, 0.4);
  assert.equal(client.dropped, 0);
});

test('with fewer than five requests a second nacks count as responses', () => {
  const client = new Client();
  client.run(1000, 3, 1);
  assert.deepEqual([client.admission.acceptRate, client.dropped], [1, 0]);
});

test('a client that has become quiet recovers, though it is nacked on', () => {
  const client = new Client();
  client.run(300, 50, 1);
  assert.ok(client.admission.acceptRate < 0.1);
  client.run(600, 2, 1);
  assert.ok(client.admission.acceptRate > 0.9);
});

test('a rate that has been 1 is 1 again', () => {
  const client = new Client();
  client.run(5, 100, 1);
  client.run(7000, 10, 0);
  assert.equal(client.admission.acceptRate, 1);
});
