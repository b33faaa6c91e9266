/** The bound of open descriptors, as the kernel words it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { descriptorsOf, readDescriptorsMax } from './descriptors.ts';

const HEAD =
  'Limit                     Soft Limit           Hard Limit           Units     \nMax cpu time   unlimited unlimited seconds\n';

const ROWS: readonly (readonly [text: string, descriptors: number])[] = [
  [`${HEAD}Max open files            128                  4096                 files     \n`, 128],
  [`${HEAD}Max open files            1048576              1048576              files     \n`, 1048576],
  [`${HEAD}Max open files            unlimited            unlimited            files     \n`, 1048576],
  ['', 1048576],
];

for (const [text, descriptors] of ROWS) {
  test(`${JSON.stringify(text.slice(-70))} means ${descriptors}`, () => assert.equal(descriptorsOf(text), descriptors));
}

test('this process has a bound', () => assert.ok(readDescriptorsMax() >= 16));
