/**
 * Breakers under workers that get in each other's way. A worker can be overtaken only between what it has read and its
 * compare-and-swap; so that is where the test lets others act, in orders that fast-check chooses. And real threads.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { STATUS_OPEN } from '../../shared/endpoint-region.ts';
import { Breakers, configOf, constant } from './test-breakers.ts';

const WORKERS = 4;

/** Nested overtaking: as many workers as there are can be in the middle of something. */
const DEPTH_MAX = WORKERS - 1;

const KINDS = [
  configOf('io.l5d.consecutiveFailures', { failures: 3, backoff: constant(50) }),
  configOf('io.l5d.successRate', { successRate: 0.7, requests: 4, backoff: constant(50) }),
  configOf('io.l5d.successRateWindowed', { successRate: 0.7, window: 1, backoff: constant(50) }),
];

interface Step {
  readonly act: 'begin' | 'F' | 'S' | 'ignore' | 'look';
  readonly passMs: number;
  /** Whether another worker acts in the middle of this, if it comes to a compare-and-swap. */
  readonly overtaken: boolean;
}

const steps = fc.array(
  fc.record<Step>({
    act: fc.constantFrom('begin', 'F', 'F', 'F', 'S', 'ignore', 'look'),
    passMs: fc.constantFrom(0, 0, 0, 20, 100, 6000),
    overtaken: fc.boolean(),
  }),
  { minLength: 1, maxLength: 200 },
);

/** What each kind dies of, which by chance may be in none of the runs: a window that has passed, and then failures in a row. */
const LETHAL: readonly Step[] = [0, 6000, 0, 0, 0, 0].map((passMs) => ({ act: 'F', passMs, overtaken: false }));

/** Runs steps, the next worker's inside the one before where that is overtaken. */
function run(context: TestContext, breakers: Breakers, all: readonly Step[]): void {
  const rest = [...all];
  let depth = 0;
  let overtaken = false;
  const next = () => {
    const step = rest.shift();
    if (step === undefined) return;
    breakers.nowMs += step.passMs;
    overtaken = step.overtaken;
    if (step.act === 'look') breakers.status(0, depth);
    else if (step.act === 'begin') breakers.begin(0, depth);
    else breakers.end(step.act, 0, depth);
  };
  const { compareExchange } = Atomics;
  const mocked = context.mock.method(Atomics, 'compareExchange', (...args: Parameters<typeof compareExchange>) => {
    if (overtaken && depth < DEPTH_MAX) {
      depth += 1;
      next();
      depth -= 1;
    }
    return compareExchange(...args);
  });
  try {
    while (rest.length > 0) next();
  } finally {
    mocked.mock.restore();
  }
}

for (const config of KINDS) {
  test(`${config.kind}: each removal and revival is counted once, whoever is overtaken by whom`, (context) => {
    let died = 0;
    fc.assert(
      fc.property(steps, (all) => {
        const breakers = new Breakers(config, WORKERS);
        run(context, breakers, all);
        const { removals, revivals, probes, deaths } = breakers.told;
        assert.equal(removals - revivals, breakers.state() === 'alive' ? 0 : 1);
        assert.ok(probes >= revivals && deaths.length >= removals);
        // A death that is not a removal is a probe's: of those that did not revive.
        assert.ok(deaths.length - removals <= probes - revivals, `${deaths.length} ${removals} ${probes} ${revivals}`);
        died += removals;
        // Whatever has happened, the endpoint comes back once it succeeds.
        for (let round = 0; round < 3 && breakers.state() !== 'alive'; round += 1) {
          breakers.nowMs += 6000;
          breakers.request('S');
        }
        assert.deepEqual([breakers.state(), breakers.status()], ['alive', STATUS_OPEN]);
      }),
      { numRuns: 400, examples: [[[...LETHAL]]] },
    );
    assert.ok(died > 0, 'some endpoint died');
  });
}
