/** Every hostile message gets its verdict, however it is cut on its way. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { requestFailure, responseFailure } from './errors.ts';
import { HOSTILE_MESSAGES, HOSTILE_NAMES, HOSTILE_VALUES } from './hostile.ts';
import type { HostileMessage } from './hostile-message.ts';
import { type MessageRecord, readMessage } from './message-reader.ts';
import { METHOD_NAMES } from './methods.ts';
import { isFieldNameSafe, isFieldValueSafe } from './write.ts';

/** Byte by byte costs the square of the length; a longer input is cut at every byte of its beginning and end. */
const EVERY_CUT_BYTES = 300;

function read(message: HostileMessage, cuts: readonly number[]): MessageRecord {
  const input = Uint8Array.from(Buffer.from(message.text, 'latin1'));
  return readMessage(input, message.side, Math.max(0, METHOD_NAMES.indexOf(message.requestMethod)), cuts);
}

function title(message: HostileMessage): string {
  return `row ${message.row}, ${message.side}: ${message.name}`;
}

function everyCut(length: number): number[] {
  const cuts: number[] = [];
  for (let cut = 0; cut < length; cut++) {
    if (cut < EVERY_CUT_BYTES || length - cut < EVERY_CUT_BYTES) cuts.push(cut);
  }
  return cuts;
}

function namesOf(lines: readonly string[]): string[] {
  return lines.map((line) => line.slice(0, line.indexOf(':')).toLowerCase());
}

function assertVerdict(message: HostileMessage, record: MessageRecord): void {
  const { expect } = message;
  assert.equal(record.verdict, expect.verdict, `${title(message)}, error ${record.error}`);
  if (expect.verdict === 'refused') {
    const failure = message.side === 'request' ? requestFailure(record.error) : responseFailure(record.error);
    assert.deepEqual(
      { status: failure.status, reason: failure.reason },
      { status: expect.status, reason: expect.reason },
    );
  }
  if (expect.verdict === 'accepted') {
    assert.equal(record.framing, expect.framing);
    assert.equal(record.body, expect.body);
    assert.equal(message.text.length - record.consumed, expect.rest);
    if (expect.persistent !== undefined) assert.equal(record.persistent, expect.persistent);
    const fields = namesOf(record.fields);
    const trailers = namesOf(record.trailers);
    for (const name of expect.withheld ?? []) assert.ok(!fields.includes(name), `${name} would be forwarded`);
    for (const name of expect.withheldTrailers ?? []) assert.ok(!trailers.includes(name), `${name} would be forwarded`);
    for (const name of expect.forwarded ?? []) {
      assert.ok(fields.includes(name) || trailers.includes(name), `${name} would be dropped`);
    }
  }
}

describe('hostile HTTP/1 messages', () => {
  test('the list covers every row that a codec can decide, in both directions', () => {
    const rows = new Set(HOSTILE_MESSAGES.map((message) => message.row));
    for (let row = 1; row <= 26; row++) assert.ok(rows.has(row), `row ${row} has no entry`);
    assert.ok(HOSTILE_MESSAGES.length > 150);
    assert.equal(new Set(HOSTILE_MESSAGES.map(title)).size, HOSTILE_MESSAGES.length, 'two entries share a title');
  });

  for (const message of HOSTILE_MESSAGES) {
    test(title(message), () => {
      const whole = read(message, []);
      assertVerdict(message, whole);
      assert.deepEqual(read(message, everyCut(message.text.length)), whole, 'byte by byte');
    });
  }

  test('one cut at any byte changes nothing', () => {
    for (const message of HOSTILE_MESSAGES) {
      if (message.text.length > EVERY_CUT_BYTES) continue;
      const whole = read(message, []);
      for (const cut of everyCut(message.text.length)) assert.deepEqual(read(message, [cut]), whole, title(message));
    }
  });

  test('random cuts change nothing', () => {
    const cutMessages = fc.constantFrom(...HOSTILE_MESSAGES).chain((message) => {
      const cut = fc.nat(Math.max(0, message.text.length - 1));
      return fc.record({ message: fc.constant(message), cuts: fc.array(cut, { maxLength: 8 }) });
    });
    fc.assert(
      fc.property(cutMessages, ({ message, cuts }) => {
        assert.deepEqual(
          read(
            message,
            cuts.toSorted((a, b) => a - b),
          ),
          read(message, []),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('row 27: no hostile text passes the writer', () => {
    for (const value of HOSTILE_VALUES) assert.equal(isFieldValueSafe(value), false, JSON.stringify(value));
    for (const name of HOSTILE_NAMES) assert.equal(isFieldNameSafe(name), false, JSON.stringify(name));
    assert.ok(isFieldValueSafe('') && isFieldValueSafe('a b\tc\xe9') && isFieldNameSafe('l5d-err'));
  });
});
