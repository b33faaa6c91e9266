/** Roll policies in Linkerd's spelling (spec 02 section 5.1), and what is none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRollPolicy, type RollPolicy } from './roll-policy.ts';

const size = (bytes: number): RollPolicy => ({ kind: 'size', bytes });

const ROWS: readonly (readonly [text: string, policy: RollPolicy | undefined])[] = [
  ['never', { kind: 'never' }],
  ['Hourly', { kind: 'hourly' }],
  ['daily', { kind: 'daily' }],
  ['SIGHUP', { kind: 'sighup' }],
  ['weekly(1)', { kind: 'weekly', day: 1 }],
  ['Weekly(7)', { kind: 'weekly', day: 7 }],
  ['100.megabytes', size(100 * 1024 ** 2)],
  ['1.megabyte', size(1024 ** 2)],
  ['5MB', size(5 * 1024 ** 2)],
  ['5 mb', size(5 * 1024 ** 2)],
  ['2.gigabytes', size(2 * 1024 ** 3)],
  ['1TB', size(1024 ** 4)],
  ['3.kilobytes', size(3072)],
  ['77.bytes', size(77)],
  ['', undefined],
  ['weekly', undefined],
  ['weekly(0)', undefined],
  ['weekly(8)', undefined],
  ['weekly(12)', undefined],
  ['0.bytes', undefined],
  ['100', undefined],
  ['1.5MB', undefined],
  ['-1.megabytes', undefined],
  ['9999999.terabytes', undefined],
  ['monthly', undefined],
];

for (const [text, policy] of ROWS) {
  test(`"${text}" is ${policy === undefined ? 'no roll policy' : JSON.stringify(policy)}`, () => {
    assert.deepEqual(parseRollPolicy(text), policy);
  });
}
