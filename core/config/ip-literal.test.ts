/** Which texts of a configuration are IP addresses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalIp } from './ip-literal.ts';

const LITERALS: Readonly<Record<string, string | undefined>> = {
  '127.0.0.1': '127.0.0.1',
  '0.0.0.0': '0.0.0.0',
  '255.255.255.255': '255.255.255.255',
  '::': '::',
  '::1': '::1',
  '0:0:0:0:0:0:0:1': '::1',
  'FE80::ABCD': 'fe80::abcd',
  '::ffff:1.2.3.4': '::ffff:102:304',
  '': undefined,
  localhost: undefined,
  '127.1': undefined,
  '1.2.3.': undefined,
  '1.2.3.4.': undefined,
  '1.2.3.4.5': undefined,
  '256.0.0.1': undefined,
  '01.2.3.4': undefined,
  ' 1.2.3.4': undefined,
  '[::1]': undefined,
  '::1%eth0': undefined,
  ':::': undefined,
  '1:2:3:4:5:6:7:8:9': undefined,
  '::1]:80/[': undefined,
};

test('IP literals and their canonical form', () => {
  for (const [text, canonical] of Object.entries(LITERALS)) assert.equal(canonicalIp(text), canonical, text);
});
