/** When each policy says dead (spec 05 section 5.3). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Breakers, configOf, constant } from './test-breakers.ts';

const rate = (successRate: number, requests: number) => configOf('io.l5d.successRate', { successRate, requests });
const windowed = (successRate: number, window: number) =>
  configOf('io.l5d.successRateWindowed', { successRate, window, backoff: constant(1000) });

test('spec 05 vector 11: successRate 0.9 of 100: 99 failures are not enough, the hundredth is', () => {
  const breakers = new Breakers(rate(0.9, 100));
  breakers.requests('F'.repeat(99));
  assert.equal(breakers.state(), 'alive');
  breakers.request('F');
  assert.equal(breakers.state(), 'dead');
});

test('successRate: a failure among many successes is not enough; successes count for the window', () => {
  const breakers = new Breakers(rate(0.9, 100));
  breakers.requests(`${'S'.repeat(99)}F`);
  assert.equal(breakers.state(), 'alive');
  // 0.99 ^ 10 is below 0.91, ^ 11 below 0.9.
  breakers.requests('F'.repeat(9));
  assert.equal(breakers.state(), 'alive');
  breakers.requests('F');
  assert.equal(breakers.state(), 'dead');
});

test('successRate: a revival forgets what was before', () => {
  const breakers = new Breakers(rate(0.5, 10));
  breakers.requests('F'.repeat(10));
  breakers.nowMs += 5100;
  breakers.request('S');
  assert.equal(breakers.state(), 'alive');
  breakers.requests('F'.repeat(6));
  // The seventh result, and 0.9 ^ 6 > 0.5: neither is the window full nor the average low.
  assert.equal(breakers.state(), 'alive');
  breakers.requests('FFF');
  assert.equal(breakers.state(), 'dead');
});

test('successRate: its average is that of the formula, whatever the results', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('S', 'F'), { minLength: 1, maxLength: 300 }),
      fc.integer({ min: 1, max: 100 }),
      (results, requests) => {
        const breakers = new Breakers(rate(0.617, requests));
        const keep = Math.exp(-1 / requests);
        let average = 0;
        results.forEach((result, index) => {
          const value = result === 'S' ? 1 : 0;
          average = index === 0 ? value : value * (1 - keep) + average * keep;
        });
        let expected = 'alive';
        average = 0;
        for (const [index, result] of results.entries()) {
          if (expected === 'dead') break;
          const value = result === 'S' ? 1 : 0;
          average = index === 0 ? value : value * (1 - keep) + average * keep;
          if (result === 'F' && index + 1 >= requests && average < 0.617) expected = 'dead';
          breakers.request(result);
          assert.equal(breakers.state(), expected, `${index}: ${average}`);
        }
      },
    ),
  );
});

test('successRateWindowed: nothing is dead before a whole window has been seen', () => {
  const breakers = new Breakers(windowed(0.8, 10));
  for (; breakers.nowMs < 10_000; breakers.nowMs += 500) {
    breakers.request('F');
    assert.equal(breakers.state(), 'alive', `${breakers.nowMs}`);
  }
  breakers.request('F');
  assert.equal(breakers.state(), 'dead');
});

test('successRateWindowed: fewer than five results in the window are not enough', () => {
  const breakers = new Breakers(windowed(0.8, 10));
  for (let count = 0; count < 50; count += 1) {
    breakers.request('F');
    breakers.nowMs += 2600;
  }
  assert.equal(breakers.state(), 'alive');
  breakers.requests('F');
  breakers.nowMs += 100;
  breakers.requests('F');
  assert.equal(breakers.state(), 'dead');
});

test('successRateWindowed: successes hold the average up, and time takes their weight', () => {
  const breakers = new Breakers(windowed(0.5, 10));
  for (; breakers.nowMs < 20_000; breakers.nowMs += 100) breakers.request('S');
  // After t seconds of failures the average is e^(-t/10): below 0.5 at 6.93 s.
  for (; breakers.nowMs < 26_800; breakers.nowMs += 100) {
    breakers.request('F');
    assert.equal(breakers.state(), 'alive', `${breakers.nowMs}`);
  }
  breakers.nowMs = 27_000;
  breakers.request('F');
  assert.equal(breakers.state(), 'dead');
});

test('successRateWindowed: results of one moment weigh as one', () => {
  const breakers = new Breakers(windowed(0.9, 10));
  for (; breakers.nowMs < 20_000; breakers.nowMs += 100) breakers.request('S');
  breakers.requests('F'.repeat(1000));
  assert.equal(breakers.state(), 'alive');
});

test('successRateWindowed: a revival begins a new window', () => {
  const breakers = new Breakers(windowed(0.8, 10));
  for (; breakers.nowMs <= 10_000; breakers.nowMs += 500) breakers.request('F');
  assert.equal(breakers.state(), 'dead');
  breakers.nowMs += 1100;
  breakers.request('S');
  assert.equal(breakers.state(), 'alive');
  const revivedMs = breakers.nowMs;
  for (; breakers.nowMs < revivedMs + 9900; breakers.nowMs += 100) breakers.request('F');
  assert.equal(breakers.state(), 'alive');
  breakers.nowMs = revivedMs + 10_000;
  breakers.request('F');
  assert.equal(breakers.state(), 'dead');
});
