/** Addresses survive text -> words -> text, and what only looks like an address is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ADDRESS_WORDS, FAMILY_IPV4, FAMILY_IPV6, FAMILY_NONE, formatIp, parseIp } from './endpoint-address.ts';

const printed = [
  ['10.0.0.1', '10.0.0.1'],
  ['255.255.255.255', '255.255.255.255'],
  ['::', '::'],
  ['::1', '::1'],
  ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['::ffff:10.0.0.1', '::ffff:a00:1'],
  ['fe80::', 'fe80::'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
] as const;

for (const [text, expected] of printed) {
  test(`parseIp reads ${text}, formatIp prints ${expected}`, () => {
    const words = new Int32Array(ADDRESS_WORDS);
    const family = parseIp(text, words);
    assert.equal(family, text.includes(':') ? FAMILY_IPV6 : FAMILY_IPV4);
    assert.equal(formatIp(family, words, 0), expected);
  });
}

const refused = [
  '',
  'localhost',
  '10.0.0',
  '10.0.0.256',
  '10.0.0.01',
  '10.0.0.1 ',
  '1.2.3.4.5',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '12345::',
  'fe80::1%eth0',
  '::1.2.3',
  '1.2.3.4::',
  '::g',
];

for (const text of refused) {
  test(`parseIp refuses '${text}'`, () => {
    assert.equal(parseIp(text, new Int32Array(ADDRESS_WORDS)), FAMILY_NONE);
  });
}

test('every printed address parses back to the same words', () => {
  const word = fc.oneof(fc.constant(0), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }));
  fc.assert(
    fc.property(fc.tuple(word, word, word, word), fc.boolean(), (address, isIpv6) => {
      const family = isIpv6 ? FAMILY_IPV6 : FAMILY_IPV4;
      const words = Int32Array.from(isIpv6 ? address : [address[0], 0, 0, 0]);
      const parsed = new Int32Array(ADDRESS_WORDS).fill(-1);
      assert.equal(parseIp(formatIp(family, words, 0), parsed), family);
      assert.deepEqual(parsed, words);
    }),
  );
});
