/**
 * Breakers against a model: Finagle's FailureAccrualFactory as it is written, with one lock and one thread, and the end of
 * ProbeClosed that is Weft's own. Whichever worker does what, and when, both come to the same state and the same counts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PROBE_MS_MIN } from './failure-accrual.ts';
import { Breakers, configOf, constant } from './test-breakers.ts';

const WORKERS = 3;
const FAILURES = 3;
/** Times pass in half seconds: never so near to the end of a death that roundings decide. */
const DEAD_MS = 6250;
const STEP_MS = 500;

class Model {
  state: 'alive' | 'dead' | 'probeOpen' | 'probeClosed' = 'alive';
  readonly counts = { removals: 0, revivals: 0, probes: 0, deaths: 0 };
  #failures = 0;
  #endsMs = 0;

  look(nowMs: number): void {
    const ends = this.state === 'dead' || this.state === 'probeClosed';
    if (ends && nowMs >= this.#endsMs) this.state = 'probeOpen';
  }

  begin(nowMs: number): void {
    if (this.state !== 'probeOpen') return;
    this.counts.probes += 1;
    this.state = 'probeClosed';
    this.#endsMs = nowMs + Math.max(DEAD_MS, PROBE_MS_MIN);
  }

  end(result: string, nowMs: number): void {
    if (result === 'F') this.#fail(nowMs);
    else if (result === 'S') this.#succeed();
    else if (this.state === 'probeClosed') this.state = 'probeOpen';
  }

  #fail(nowMs: number): void {
    if (this.state !== 'alive' && this.state !== 'probeClosed') return;
    this.#failures += 1;
    if (this.#failures >= FAILURES) {
      if (this.state === 'alive') this.counts.removals += 1;
      this.counts.deaths += 1;
      this.state = 'dead';
      this.#endsMs = nowMs + DEAD_MS;
    } else if (this.state === 'probeClosed') {
      this.state = 'probeOpen';
    }
  }

  #succeed(): void {
    if (this.state === 'probeClosed') {
      this.counts.revivals += 1;
      this.state = 'alive';
    }
    this.#failures = 0;
  }
}

const steps = fc.array(
  fc.record({
    act: fc.constantFrom('begin', 'begin', 'F', 'F', 'F', 'S', 'ignored', 'look'),
    worker: fc.nat(WORKERS - 1),
    halfSeconds: fc.constantFrom(0, 0, 0, 0, 1, 4, 12, 13, 14, 60),
  }),
  { minLength: 1, maxLength: 150 },
);

test('any order of requests, results and time leads where Finagle comes to', () => {
  const seen = { removals: 0, revivals: 0 };
  fc.assert(
    fc.property(steps, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (all, originTicks) => {
      const config = configOf('io.l5d.consecutiveFailures', { failures: FAILURES, backoff: constant(DEAD_MS) });
      const breakers = new Breakers(config, WORKERS, 1, originTicks);
      const model = new Model();
      for (const { act, worker, halfSeconds } of all) {
        breakers.nowMs += halfSeconds * STEP_MS;
        breakers.status(0, worker);
        model.look(breakers.nowMs);
        if (act === 'begin') {
          breakers.begin(0, worker);
          model.begin(breakers.nowMs);
        } else if (act !== 'look') {
          breakers.end(act, 0, worker);
          model.end(act, breakers.nowMs);
        }
        const { removals, revivals, probes, deaths } = breakers.told;
        const counts = { removals, revivals, probes, deaths: deaths.length };
        assert.deepEqual([breakers.state(), counts], [model.state, model.counts]);
      }
      seen.removals += model.counts.removals;
      seen.revivals += model.counts.revivals;
    }),
    { numRuns: 500 },
  );
  assert.ok(seen.removals > 0 && seen.revivals > 0, 'endpoints died and came back');
});
