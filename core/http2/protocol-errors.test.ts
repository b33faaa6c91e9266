/** Every error says on its own what to send. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INCOMPLETE } from '../http1/errors.ts';
import { errorName } from './error-codes.ts';
import * as messages from './message-errors.ts';
import * as protocol from './protocol-errors.ts';

const ERRORS = Object.entries({ ...protocol, ...messages }).flatMap(([name, value]) =>
  typeof value === 'number' ? [[name, value] as const] : [],
);

test('no two errors are one, and none is taken for an incomplete read', () => {
  assert.ok(ERRORS.length > 90);
  assert.equal(new Set(ERRORS.map(([, error]) => error)).size, ERRORS.length);
  assert.equal(new Set(ERRORS.map(([, error]) => protocol.errorIndex(error))).size, ERRORS.length);
  for (const [name, error] of ERRORS) assert.ok(error < INCOMPLETE && Number.isInteger(error), name);
});

test('each has a code of RFC 9113, and a text with its section that fits into a GOAWAY', () => {
  for (const [name, error] of ERRORS) {
    assert.match(errorName(protocol.errorCode(error)), /^[A-Z_01]+$/, name);
    assert.match(protocol.errorText(error), /^[\x20-\x7e]{8,120} \(RFC (?:9113|7540|8441|9218) [0-9.]+\)$/, name);
  }
});

test('errors of messages are errors of streams, and no others have an answer', () => {
  const own = new Set<unknown>(Object.values(messages));
  for (const [name, error] of ERRORS) {
    assert.equal(messages.isMessageError(error), own.has(error), name);
    if (own.has(error)) assert.equal(protocol.isConnectionError(error), false, name);
  }
});

test('a number that is no error has no text', () => {
  assert.deepEqual([protocol.errorText(0), protocol.errorText(-1 << 20)], ['', '']);
});
