/** When files are rolled and what they are called then. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseRollPolicy, type RollPolicy } from '../../core/config/roll-policy.ts';
import { isRolledName, nextRollMs, rolledPath, splitPath } from './rolling.ts';

function policy(text: string): RollPolicy {
  return parseRollPolicy(text) ?? assert.fail(text);
}

/** The 25th of December 2018 is a Tuesday. */
const NEXT: readonly (readonly [policy: string, now: string, next: string])[] = [
  ['hourly', '2018-12-25T10:00:00.000Z', '2018-12-25T11:00:00.000Z'],
  ['hourly', '2018-12-25T10:59:59.999Z', '2018-12-25T11:00:00.000Z'],
  ['daily', '2018-12-25T00:00:00.000Z', '2018-12-26T00:00:00.000Z'],
  ['daily', '2018-12-31T23:59:59.999Z', '2019-01-01T00:00:00.000Z'],
  ['weekly(1)', '2018-12-25T10:00:00.000Z', '2018-12-30T00:00:00.000Z'],
  ['weekly(3)', '2018-12-25T10:00:00.000Z', '2019-01-01T00:00:00.000Z'],
  ['weekly(4)', '2018-12-25T10:00:00.000Z', '2018-12-26T00:00:00.000Z'],
  ['weekly(7)', '2018-12-29T00:00:00.000Z', '2019-01-05T00:00:00.000Z'],
];

describe('the next roll', () => {
  for (const [text, now, next] of NEXT) {
    test(`${text} at ${now}`, () => {
      assert.equal(new Date(nextRollMs(policy(text), Date.parse(now))).toISOString(), next);
    });
  }

  for (const text of ['never', 'sighup', '5MB']) {
    test(`${text}: time alone says nothing`, () => assert.equal(nextRollMs(policy(text), 0), Number.POSITIVE_INFINITY));
  }

  test('is always to come, a week away at most, and its own next one a whole period later', () => {
    const policies = ['hourly', 'daily', ...[1, 2, 3, 4, 5, 6, 7].map((day) => `weekly(${day})`)].map(policy);
    const periodsMs: Record<string, number> = { hourly: 3_600_000, daily: 86_400_000, weekly: 604_800_000 };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), fc.constantFrom(...policies), (seconds, each) => {
        const nowMs = seconds * 1000;
        const next = nextRollMs(each, nowMs);
        const periodMs = periodsMs[each.kind] as number;
        assert.ok(next > nowMs && next <= nowMs + periodMs);
        assert.equal(nextRollMs(each, next), next + periodMs);
        if (each.kind === 'weekly') assert.equal(new Date(next).getUTCDay() + 1, each.day);
      }),
    );
  });
});

const NAMES: readonly (readonly [path: string, policy: string, rolled: string])[] = [
  ['/logs/access.log', 'daily', '/logs/access-20181225.log'],
  ['/logs/access.log', 'weekly(2)', '/logs/access-20181225.log'],
  ['/logs/access.log', 'hourly', '/logs/access-20181225-07.log'],
  ['/logs/access.log', '5MB', '/logs/access-20181225-070809.log'],
  ['access', 'daily', 'access-20181225'],
  ['/a.b/access', 'daily', '/a.b/access-20181225'],
  ['/a/.access', 'daily', '/a/.access-20181225'],
  ['a.b.log', 'daily', 'a.b-20181225.log'],
];

for (const [path, text, rolled] of NAMES) {
  test(`${path} rolled ${text} becomes ${rolled}`, () => {
    assert.equal(rolledPath(path, policy(text), Date.parse('2018-12-25T07:08:09.123Z')), rolled);
    const own = path.slice(path.lastIndexOf('/') + 1);
    const name = rolled.slice(rolled.lastIndexOf('/') + 1);
    assert.ok(isRolledName(name, own));
    assert.ok(isRolledName(`${name}.12`, own));
    assert.ok(!isRolledName(own, own), 'the file in use is no rolled one');
    assert.equal(splitPath(path).join(''), path);
  });
}

for (const name of [
  'access.log',
  'access-2018.log',
  'access-20181225.txt',
  'access-20181225.log.gz',
  'access-errors.log',
  'other-20181225.log',
  'access-20181225-1.log',
  'access-20181225-.log',
]) {
  test(`${name} is no rolled access.log`, () => assert.ok(!isRolledName(name, 'access.log')));
}
