/** The states of a breaker, one after another (spec 05 section 5.1), on a virtual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STATUS_BUSY, STATUS_OPEN } from '../../shared/endpoint-region.ts';
import { PROBE_MS_MIN } from './failure-accrual.ts';
import { Breakers, configOf, constant } from './test-breakers.ts';

const FIVE = configOf('io.l5d.consecutiveFailures', { failures: 5 });

/** Roundings of the clock and the word, in a time that is over. */
const SLACK_MS = 40;

function dead(config = FIVE): Breakers {
  const breakers = new Breakers(config);
  breakers.requests('FFFFF');
  assert.equal(breakers.state(), 'dead');
  return breakers;
}

function wait(breakers: Breakers, ms: number): void {
  breakers.nowMs += ms + SLACK_MS;
}

test('spec 05 vector 8: F F F F S F F F F F is dead after the tenth', () => {
  const breakers = new Breakers(FIVE);
  breakers.requests('FFFFSFFFF');
  assert.deepEqual([breakers.state(), breakers.told.removals], ['alive', 0]);
  breakers.request('F');
  assert.deepEqual([breakers.state(), breakers.status(), breakers.told.removals], ['dead', STATUS_BUSY, 1]);
});

test('spec 05 vector 25: dead for 5 s, then a request fails: dead again for the next backoff, one probe, one removal', () => {
  const breakers = dead();
  wait(breakers, 4900);
  assert.equal(breakers.status(), STATUS_BUSY);
  wait(breakers, 100);
  breakers.request('F');
  const { probes, removals, revivals, deaths } = breakers.told;
  assert.deepEqual([breakers.state(), probes, removals, revivals], ['dead', 1, 1, 0]);
  assert.equal(deaths[0], 5000);
  assert.ok((deaths[1] as number) >= 5000 && (deaths[1] as number) < 10_000, `${deaths}`);
});

test('one request probes, all others keep away until its result; a success revives', () => {
  const breakers = dead();
  wait(breakers, 5000);
  assert.deepEqual([breakers.status(), breakers.state()], [STATUS_OPEN, 'probeOpen']);
  breakers.begin();
  assert.deepEqual([breakers.status(), breakers.state()], [STATUS_BUSY, 'probeClosed']);
  // Picked all the same, for want of others: no probe.
  breakers.begin();
  breakers.end('S');
  assert.deepEqual([breakers.status(), breakers.state()], [STATUS_OPEN, 'alive']);
  const { probes, removals, revivals } = breakers.told;
  assert.deepEqual([probes, removals, revivals], [1, 1, 1]);
});

test('the first result decides, whichever request it is of', () => {
  const breakers = dead();
  breakers.begin();
  wait(breakers, 5000);
  breakers.status();
  breakers.begin();
  breakers.end('F');
  assert.equal(breakers.state(), 'dead');
  breakers.end('S');
  assert.deepEqual([breakers.state(), breakers.told.revivals], ['dead', 0]);
});

test('a result that says nothing of the endpoint lets the next request probe', () => {
  const breakers = dead();
  wait(breakers, 5000);
  breakers.request('client left');
  assert.deepEqual([breakers.state(), breakers.told.probes], ['probeOpen', 1]);
  breakers.request('S');
  assert.deepEqual([breakers.state(), breakers.told.probes], ['alive', 2]);
});

test('a probe that does not come back keeps nobody waiting for ever', () => {
  const breakers = dead();
  wait(breakers, 5000);
  breakers.status();
  breakers.begin();
  wait(breakers, 4900);
  assert.equal(breakers.status(), STATUS_BUSY);
  wait(breakers, 100);
  assert.equal(breakers.status(), STATUS_OPEN);
  breakers.request('S');
  assert.deepEqual([breakers.state(), breakers.told.probes], ['alive', 2]);
});

test('a probe has five seconds even when the backoff is shorter', () => {
  const breakers = dead(configOf('io.l5d.consecutiveFailures', { failures: 5, backoff: constant(10) }));
  wait(breakers, 10);
  breakers.status();
  breakers.begin();
  wait(breakers, PROBE_MS_MIN - 2 * SLACK_MS);
  assert.equal(breakers.status(), STATUS_BUSY);
  wait(breakers, 2 * SLACK_MS);
  assert.equal(breakers.status(), STATUS_OPEN);
});

test('results of requests that a dead endpoint got for want of others neither revive nor lengthen', () => {
  const breakers = dead();
  breakers.requests('SSFFFFFF');
  assert.deepEqual([breakers.state(), breakers.told.deaths, breakers.told.revivals], ['dead', [5000], 0]);
});

test('a failing probe that the policy does not call dead leaves the endpoint open to probes', () => {
  const breakers = dead();
  breakers.request('S');
  wait(breakers, 5000);
  breakers.request('F');
  assert.deepEqual([breakers.state(), breakers.told.probes], ['probeOpen', 1]);
  breakers.requests('FFFF');
  assert.deepEqual([breakers.state(), breakers.told.probes, breakers.told.removals], ['dead', 5, 1]);
});

test('deaths grow with each failing probe, to 300 s; a revival starts them over', () => {
  const breakers = dead();
  for (let probe = 0; probe < 40; probe += 1) {
    wait(breakers, breakers.told.deaths.at(-1) as number);
    breakers.request('F');
  }
  const { deaths } = breakers.told;
  assert.equal(deaths.length, 41);
  deaths.forEach((ms, index) => {
    assert.ok(ms >= (deaths[index - 1] ?? 0), `${deaths}`);
  });
  assert.ok(deaths.slice(7).every((ms) => ms === 300_000));
  wait(breakers, 300_000);
  breakers.request('S');
  assert.equal(breakers.state(), 'alive');
  breakers.requests('FFFF');
  assert.equal(breakers.state(), 'alive');
  breakers.request('F');
  assert.deepEqual([breakers.state(), deaths.at(-1)], ['dead', 5000]);
  assert.equal(breakers.told.removals, 2);
});

test('endpoints have breakers of their own', () => {
  const breakers = new Breakers(FIVE, 1, 3);
  breakers.requests('FFFFF', 1);
  assert.deepEqual(
    [0, 1, 2].map((row) => breakers.state(row)),
    ['alive', 'dead', 'alive'],
  );
});

test('failures add up whichever worker meets them, and all workers see the endpoint dead', () => {
  const breakers = new Breakers(FIVE, 3);
  for (const worker of [0, 1, 2, 0, 1]) breakers.request('F', 0, worker);
  assert.deepEqual(
    [0, 1, 2].map((worker) => breakers.status(0, worker)),
    [STATUS_BUSY, STATUS_BUSY, STATUS_BUSY],
  );
  assert.equal(breakers.told.removals, 1);
});
