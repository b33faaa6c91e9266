/** Budgets on a virtual clock (hostile-inputs row 34): floods end the connection, honest use never does. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LIMITS, readLimits } from '../limits.ts';
import * as abuse from './abuse-budget.ts';
import { FieldBlockBudget, fieldBlockLimit } from './field-block-budget.ts';
import { ERR_BLOCK_BYTES, ERR_BLOCK_FRAMES, ERR_PEER_RESETS } from './protocol-errors.ts';
import { describe as describeError } from './test-frames.ts';

const { AbuseBudget, BUDGETS, BudgetBounds, BUDGET_LIMITS, settingsCost } = abuse;

const LIMITS_IN_FORCE = readLimits({});
const BOUNDS = new BudgetBounds(LIMITS_IN_FORCE);
const START_MS = 1_000_000;
const REFILL_MS = LIMITS_IN_FORCE.h2BudgetRefillMs;

function budgetAt(nowMs: number): abuse.AbuseBudget {
  const budget = new AbuseBudget(BOUNDS);
  budget.reset(nowMs);
  return budget;
}

/** How many of a flood pass before it is stopped, one each `everyMs`; -1 when it is not stopped within `atMost`. */
function passed(kind: number, everyMs: number, atMost: number): number {
  const budget = budgetAt(START_MS);
  for (let i = 0; i < atMost; i++) if (budget.spend(kind, 1, START_MS + i * everyMs) !== 0) return i;
  return -1;
}

const CALM = 'connection ENHANCE_YOUR_CALM';

const KINDS: readonly (readonly [name: string, kind: number, text: string])[] = [
  ['Rapid Reset', abuse.SPEND_PEER_RESET, 'too many streams reset by the peer before they were answered'],
  ['MadeYouReset', abuse.SPEND_PROVOKED_RESET, 'too many streams reset for errors of the peer'],
  ['PING', abuse.SPEND_PING, 'too many PING frames'],
  ['SETTINGS', abuse.SPEND_SETTINGS, 'too many SETTINGS frames'],
  ['PRIORITY', abuse.SPEND_PRIORITY, 'too many PRIORITY frames'],
  ['empty frames', abuse.SPEND_EMPTY_FRAME, 'too many empty frames'],
  ['tiny WINDOW_UPDATEs', abuse.SPEND_TINY_WINDOW_UPDATE, 'too many small WINDOW_UPDATE frames'],
  ['ignored frames', abuse.SPEND_IGNORED_FRAME, 'too many frames of unknown type or for streams that are gone'],
];

describe('floods', () => {
  for (const [name, kind, text] of KINDS) {
    const max = LIMITS_IN_FORCE[BUDGET_LIMITS[kind]!];

    test(`of ${name} are ended after ${max} at once`, () => {
      assert.equal(passed(kind, 0, 2 * max), max);
      const budget = budgetAt(START_MS);
      for (let i = 0; i < max; i++) budget.spend(kind, 1, START_MS);
      assert.equal(describeError(budget.spend(kind, 1, START_MS)), `${CALM}: ${text} (RFC 9113 10.5)`);
    });

    test(`${name} at the rate of the refill go on for ever, at twice the rate they do not`, () => {
      assert.equal(passed(kind, REFILL_MS / max, 10 * max), -1);
      const stopped = passed(kind, REFILL_MS / max / 2, 10 * max);
      assert.ok(stopped >= 2 * max - 2 && stopped <= 2 * max + 2, String(stopped));
    });

    test(`${name} have a bound with a flag and a counter`, () => {
      const { env, metric } = LIMITS[BUDGET_LIMITS[kind]!];
      assert.match(env, /^WEFT_H2_/);
      assert.match(metric, /^limits\/h2_/);
    });
  }

  test('one budget is not spent by another', () => {
    const budget = budgetAt(START_MS);
    for (let i = 0; i < 10_000; i++) budget.spend(abuse.SPEND_PING, 1, START_MS);
    for (let kind = 0; kind < BUDGETS; kind++) {
      assert.equal(budget.spend(kind, 1, START_MS) === 0, kind !== abuse.SPEND_PING);
    }
  });

  test('each budget has its own error and bound', () => {
    assert.deepEqual([BUDGETS, new Set(BUDGET_LIMITS).size, KINDS.length], [8, 8, 8]);
    assert.equal(new Set(KINDS.map(([, , text]) => text)).size, BUDGETS);
  });
});

describe('honest use', () => {
  test('a proxy that cancels every other stream is not stopped, one that cancels nine of ten is', () => {
    const cancels = (each: number) => {
      const budget = budgetAt(START_MS);
      for (let i = 0; i < 20_000; i++) {
        for (let k = 0; k < each; k++) if (budget.spend(abuse.SPEND_PEER_RESET, 1, START_MS) !== 0) return i;
        budget.earnAnswer();
      }
      return -1;
    };
    assert.equal(cancels(1), -1);
    assert.ok(cancels(9) > 0);
  });

  test('a gRPC client that measures its bandwidth may PING for each DATA that it gets', () => {
    const budget = budgetAt(START_MS);
    for (let i = 0; i < 100_000; i++) {
      assert.equal(budget.spend(abuse.SPEND_PING, 1, START_MS), 0);
      assert.equal(budget.spend(abuse.SPEND_TINY_WINDOW_UPDATE, 2, START_MS), 0);
      budget.earnData();
    }
  });

  test('but not two PINGs', () => {
    const budget = budgetAt(START_MS);
    let data = 0;
    while (budget.spend(abuse.SPEND_PING, 2, START_MS) === 0 && data < 10_000) {
      budget.earnData();
      data++;
    }
    assert.equal(data, LIMITS_IN_FORCE.h2PingsMax - 1);
  });

  test('PRIORITY and extension frames with each request are no flood', () => {
    const budget = budgetAt(START_MS);
    for (let i = 0; i < 10_000; i++) {
      assert.equal(budget.spend(abuse.SPEND_PRIORITY, 2, START_MS), 0);
      assert.equal(budget.spend(abuse.SPEND_IGNORED_FRAME, 2, START_MS), 0);
      budget.earnAnswer();
    }
  });

  test('work is not saved up: a busy hour buys no flood', () => {
    const budget = budgetAt(START_MS);
    for (let i = 0; i < 100_000; i++) budget.earnAnswer();
    const max = LIMITS_IN_FORCE.h2PeerResetsMax;
    assert.equal(budget.spend(abuse.SPEND_PEER_RESET, max, START_MS), 0);
    assert.equal(budget.spend(abuse.SPEND_PEER_RESET, 1, START_MS), ERR_PEER_RESETS);
  });

  test('time gives all back, and no more; a clock that stands or goes back is no time', () => {
    const budget = budgetAt(START_MS);
    budget.spend(abuse.SPEND_PING, 200, START_MS);
    budget.spend(abuse.SPEND_SETTINGS, 1, START_MS - 5000);
    assert.equal(budget.spent(abuse.SPEND_PING), 200);
    budget.spend(abuse.SPEND_SETTINGS, 1, START_MS + REFILL_MS / 2);
    assert.ok(Math.abs(budget.spent(abuse.SPEND_PING) - 100) < 1e-6);
    budget.spend(abuse.SPEND_SETTINGS, 1, START_MS + 10 * REFILL_MS);
    assert.equal(budget.spent(abuse.SPEND_PING), 0);
    budget.reset(START_MS);
    assert.equal(budget.spent(abuse.SPEND_SETTINGS), 0);
  });

  test('in any run, what passes is at most the bound, the refill and what was earned', () => {
    const step = fc.record({ pauseMs: fc.nat(2000), resets: fc.nat(300), answers: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const budget = budgetAt(START_MS);
        const max = LIMITS_IN_FORCE.h2PeerResetsMax;
        let nowMs = START_MS;
        let spent = 0;
        for (const { pauseMs, resets, answers } of steps) {
          nowMs += pauseMs;
          spent = Math.max(0, spent - (pauseMs * max) / REFILL_MS);
          const error = budget.spend(abuse.SPEND_PEER_RESET, resets, nowMs);
          spent += resets;
          if (Math.abs(spent - max) > 1e-6) assert.equal(error !== 0, spent > max);
          if (error !== 0) return;
          for (let i = 0; i < answers; i++) budget.earnAnswer();
          spent = Math.max(0, spent - answers);
        }
      }),
    );
  });

  test('SETTINGS with many entries cost more', () => {
    assert.deepEqual([0, 36, 186, 192, 16380].map(settingsCost), [1, 1, 1, 2, 86]);
  });
});

describe('field blocks', () => {
  const limits = { h2ContinuationsMax: 2, h2FieldBlockBytesMax: 100 };

  test('have at most so many CONTINUATIONs, empty or not', () => {
    const block = new FieldBlockBudget(limits);
    assert.equal(block.begin(0), 0);
    assert.deepEqual(
      [0, 0, 0].map((bytes) => block.addContinuation(bytes)),
      [0, 0, ERR_BLOCK_FRAMES],
    );
    assert.equal(describeError(ERR_BLOCK_FRAMES), `${CALM}: too many CONTINUATION frames (RFC 9113 10.5)`);
    assert.equal(block.begin(1), 0);
    assert.equal(block.addContinuation(1), 0, 'each block begins anew');
  });

  test('have at most so many bytes', () => {
    const block = new FieldBlockBudget(limits);
    assert.equal(block.begin(60), 0);
    assert.equal(block.addContinuation(40), 0);
    assert.equal(block.bytes, 100);
    assert.equal(block.addContinuation(1), ERR_BLOCK_BYTES);
    assert.equal(block.begin(101), ERR_BLOCK_BYTES);
    assert.equal(describeError(ERR_BLOCK_BYTES), `${CALM}: a field block is too large (RFC 9113 10.5)`);
  });

  test('their errors name their bounds', () => {
    assert.equal(fieldBlockLimit(ERR_BLOCK_FRAMES), 'h2ContinuationsMax');
    assert.equal(fieldBlockLimit(ERR_BLOCK_BYTES), 'h2FieldBlockBytesMax');
  });
});
