/** The times of an exchange: which is due, and that each ends with what it is for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reactor } from '../reactor/reactor.ts';
import { NEVER, TICK_MS, TimerWheel } from '../reactor/timer-wheel.ts';
import { Deadlines, DUE } from './deadlines.ts';
import { Exchange } from './exchange.ts';
import type { Router } from './router.ts';

/** An exchange, its deadlines, and what its timer found due. */
function setUp() {
  const due: number[] = [];
  const wheel = new TimerWheel(0, (_timer, error) => {
    throw error;
  });
  const reactor = { nowTick: 0, timers: wheel };
  const deadlines = new Deadlines(reactor as unknown as Reactor);
  const router = { onTime: (exchange: Exchange) => void due.push(deadlines.takeDue(exchange)) };
  const exchange = new Exchange(router as unknown as Router);
  const advance = (ticks: number) => {
    reactor.nowTick += ticks;
    wheel.advance(reactor.nowTick);
  };
  return { due, deadlines, exchange, advance };
}

const ms = (ticks: number): number => ticks * TICK_MS;

test('a time for connections that passes is due once', () => {
  const { due, deadlines, exchange, advance } = setUp();
  deadlines.beginAcquisition(exchange, ms(100));
  advance(99);
  assert.deepEqual(due, []);
  advance(1);
  advance(1000);
  assert.deepEqual(due, [DUE.acquisition]);
  assert.equal(exchange.deadlineTick, NEVER);
});

test('who tries another endpoint has what is left of it', () => {
  const { due, deadlines, exchange, advance } = setUp();
  deadlines.beginAcquisition(exchange, ms(100));
  advance(60);
  deadlines.beginAcquisition(exchange, ms(100));
  advance(40);
  assert.deepEqual(due, [DUE.acquisition]);
});

for (const [how, end] of [
  ['a session', 'endAcquisition'],
  ['the attempt', 'endAttempt'],
  ['the exchange', 'end'],
] as const) {
  test(`${how} ends it, and the next has all of its own`, () => {
    const { due, deadlines, exchange, advance } = setUp();
    deadlines.beginAcquisition(exchange, ms(100));
    advance(90);
    deadlines[end](exchange);
    deadlines.beginAcquisition(exchange, ms(100));
    advance(99);
    assert.deepEqual(
      due.filter((what) => what !== DUE.nothing),
      [],
    );
    advance(1);
    assert.equal(due.at(-1), DUE.acquisition);
  });
}

test('the total time is due before the others, and ends them', () => {
  const { due, deadlines, exchange, advance } = setUp();
  deadlines.beginTotal(exchange, ms(50), 0);
  deadlines.beginAcquisition(exchange, ms(50));
  advance(50);
  advance(1000);
  assert.deepEqual(due, [DUE.total]);
});

test('an attempt has its time from its session on', () => {
  const { due, deadlines, exchange, advance } = setUp();
  deadlines.beginAcquisition(exchange, ms(100));
  advance(80);
  deadlines.endAcquisition(exchange);
  deadlines.beginAttempt(exchange, ms(50));
  advance(49);
  assert.deepEqual(due, []);
  advance(1);
  assert.deepEqual(due, [DUE.attempt]);
});
