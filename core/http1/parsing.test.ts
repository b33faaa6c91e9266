/** What well-formed heads say, field by field, and the codec's small parts against simple models. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ChunkedDecoder, KIND } from './chunked.ts';
import { requestFailure } from './errors.ts';
import { HeadParser } from './head.ts';
import { TEST_LIMITS } from './message-reader.ts';
import { METHOD_GET, METHOD_NAMES, METHOD_OTHER, methodId } from './methods.ts';
import {
  FIELD_NAME_END,
  FIELD_NAME_START,
  FIELD_STRIDE,
  FIELD_TOKEN,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
  TARGET_ABSOLUTE,
  TARGET_ASTERISK,
  TARGET_AUTHORITY,
  TARGET_ORIGIN,
} from './parsed-head.ts';
import { skipValue } from './scan.ts';
import { fieldToken, TOKEN_HOST, TOKEN_NAMES, TOKEN_NONE, TOKEN_VIA } from './tokens.ts';
import { formUrlEncodeLatin1, writeDecimal, writeHex, writeLatin1 } from './write.ts';

function latin1(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

function tokenOf(name: string): number {
  const bytes = latin1(name);
  return Math.max(TOKEN_NONE, fieldToken(bytes, new DataView(bytes.buffer), 0, bytes.length));
}

function slice(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString('latin1');
}

function parse(text: string): { parser: HeadParser; bytes: Uint8Array } {
  const bytes = latin1(text);
  const parser = new HeadParser(TEST_LIMITS);
  assert.equal(parser.parseRequest(bytes, 0, bytes.length), bytes.length);
  return { parser, bytes };
}

const TARGETS: readonly (readonly [
  line: string,
  form: number,
  target: string,
  authority: string,
  fromTarget: boolean,
])[] = [
  ['GET / HTTP/1.1', TARGET_ORIGIN, '/', 'h:1', false],
  ['GET /a/b?c=http://x HTTP/1.1', TARGET_ORIGIN, '/a/b?c=http://x', 'h:1', false],
  ['GET //a HTTP/1.1', TARGET_ORIGIN, '//a', 'h:1', false],
  ['GET http://bar:81/x?y=1 HTTP/1.1', TARGET_ABSOLUTE, '/x?y=1', 'bar:81', true],
  ['GET http://bar HTTP/1.1', TARGET_ABSOLUTE, '', 'bar', true],
  ['GET HTTPS://bar?q HTTP/1.1', TARGET_ABSOLUTE, '?q', 'bar', true],
  ['GET http://[::1]:8/ HTTP/1.1', TARGET_ABSOLUTE, '/', '[::1]:8', true],
  ['CONNECT bar:443 HTTP/1.1', TARGET_AUTHORITY, '', 'bar:443', true],
  ['OPTIONS * HTTP/1.1', TARGET_ASTERISK, '*', 'h:1', false],
];

describe('HeadParser', () => {
  for (const [line, form, target, authority, fromTarget] of TARGETS) {
    test(`takes ${line} apart`, () => {
      const { parser, bytes } = parse(`${line}\r\nHost: h:1\r\n\r\n`);
      assert.equal(parser.targetForm, form);
      assert.equal(slice(bytes, parser.targetStart, parser.targetEnd), target);
      assert.equal(slice(bytes, parser.authorityStart, parser.authorityEnd), authority);
      assert.equal(parser.authorityFromTarget, fromTarget);
    });
  }

  test('fields keep their order, offsets, tokens and masks', () => {
    const { parser, bytes } = parse('PUT /x HTTP/1.0\r\nvIA:a \r\nX-Y: \tb c\r\nHOST:h\r\nVia:\r\n\r\n');
    const rows: unknown[] = [];
    for (let at = 0; at < parser.fieldCount * FIELD_STRIDE; at += FIELD_STRIDE) {
      const name = slice(bytes, parser.fields[at + FIELD_NAME_START]!, parser.fields[at + FIELD_NAME_END]!);
      const value = slice(bytes, parser.fields[at + FIELD_VALUE_START]!, parser.fields[at + FIELD_VALUE_END]!);
      rows.push([name, value, parser.fields[at + FIELD_TOKEN]]);
    }
    assert.deepEqual(rows, [
      ['vIA', 'a', TOKEN_VIA],
      ['X-Y', 'b c', TOKEN_NONE],
      ['HOST', 'h', TOKEN_HOST],
      ['Via', '', TOKEN_VIA],
    ]);
    assert.equal(parser.seen, (1 << TOKEN_VIA) | (1 << TOKEN_HOST));
    assert.equal(parser.repeated, 1 << TOKEN_VIA);
    assert.equal(parser.first[TOKEN_VIA], 0);
    assert.equal(parser.first[TOKEN_HOST], 2);
    assert.equal(METHOD_NAMES[parser.method], 'PUT');
    assert.equal(parser.versionMinor, 0);
    assert.equal(parser.persistent, false);
  });

  test('nothing of one head is left in the next', () => {
    const first =
      'POST http://x/ HTTP/1.1\r\nHost: h\r\nConnection: close, upgrade\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n';
    const second = 'GET / HTTP/1.0\r\n\r\n';
    const reused = new HeadParser(TEST_LIMITS);
    reused.parseRequest(latin1(first), 0, first.length);
    const fresh = new HeadParser(TEST_LIMITS);
    for (const parser of [reused, fresh])
      assert.equal(parser.parseRequest(latin1(second), 0, second.length), second.length);
    for (const key of ['connectionClose', 'connectionUpgrade', 'expectContinue', 'authorityFromTarget'] as const) {
      assert.equal(reused[key], fresh[key], key);
    }
    for (const key of ['seen', 'bodyKind', 'contentLength', 'authorityStart', 'authorityEnd', 'targetForm'] as const) {
      assert.equal(reused[key], fresh[key], key);
    }
  });

  test('works at any offset of a larger array, and after a change of arrays', () => {
    const text = 'GET /x HTTP/1.1\r\nHost: h\r\nAccept: a/b, c/d\r\n\r\n';
    const parser = new HeadParser(TEST_LIMITS);
    for (const offset of [0, 1, 7, 4093]) {
      const array = new Uint8Array(8192).subarray(3);
      array.set(latin1(text), offset);
      assert.equal(parser.parseRequest(array, offset, offset + text.length), offset + text.length);
      assert.equal(slice(array, parser.targetStart, parser.targetEnd), '/x');
    }
  });
});

describe('parts of the codec', () => {
  test('fieldToken knows every name in any letter case, and no other', () => {
    for (const [token, name] of TOKEN_NAMES.entries()) {
      if (name === '') continue;
      for (const spelled of [name, name.toUpperCase(), name[0]!.toUpperCase() + name.slice(1)]) {
        assert.equal(tokenOf(spelled), token, spelled);
      }
    }
    const word = fc.stringMatching(/^[!-9A-Z^-z]{1,24}$/);
    fc.assert(
      fc.property(word, (text) => {
        const token = tokenOf(text);
        assert.equal(token === TOKEN_NONE || token >= TOKEN_NAMES.length, !TOKEN_NAMES.includes(text.toLowerCase()));
      }),
    );
  });

  test('methodId knows the standard methods in upper case alone', () => {
    for (const [id, name] of METHOD_NAMES.entries()) {
      if (name !== '') assert.equal(methodId(latin1(name), 0, name.length), id);
    }
    for (const name of ['get', 'GETS', 'GE', 'P', 'PUTT', 'PROPFIND', 'X']) {
      assert.equal(methodId(latin1(name), 0, name.length), METHOD_OTHER, name);
    }
  });

  test('skipValue stops where a byte-wise scan stops', () => {
    const nearSpace = fc.constantFrom(0x00, 0x08, 0x09, 0x0a, 0x0d, 0x1f, 0x20, 0x21, 0x7e, 0x7f, 0x80, 0xff);
    const input = fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant(0x61) }, nearSpace), { maxLength: 24 });
    fc.assert(
      fc.property(input, fc.nat(3), (values, start) => {
        const bytes = Uint8Array.from([...new Array<number>(start).fill(0), ...values]);
        const wrong = values.findIndex((byte) => (byte < 0x20 && byte !== 0x09) || byte === 0x7f);
        const expected = wrong < 0 ? bytes.length : start + wrong;
        assert.equal(skipValue(bytes, new DataView(bytes.buffer), start, bytes.length), expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('a decoder can be used again after a body and after an error', () => {
    const decoder = new ChunkedDecoder(32);
    for (const [text, end] of [
      ['1\r\na\r\n0\r\n', KIND.trailers],
      ['x', KIND.error],
      ['2\r\nab\r\n0\r\n', KIND.trailers],
    ] as const) {
      decoder.reset();
      let pos = 0;
      do pos = decoder.advance(latin1(text), pos, text.length);
      while (decoder.kind < KIND.trailers);
      assert.equal(decoder.kind, end, text);
    }
  });

  test('numbers are written as JavaScript writes them', () => {
    const value = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 9, 10, 15, 16, Number.MAX_SAFE_INTEGER));
    fc.assert(
      fc.property(value, (number) => {
        const bytes = new Uint8Array(40);
        assert.equal(slice(bytes, 2, writeDecimal(bytes, 2, number)), String(number));
        assert.equal(slice(bytes, 2, writeHex(bytes, 2, number)), number.toString(16));
      }),
    );
  });

  test('no character becomes a line end on its way to Latin-1', () => {
    const bytes = new Uint8Array(8);
    assert.equal(slice(bytes, 1, writeLatin1(bytes, 1, 'a\u560a\u560dé')), 'a??\xe9');
  });

  test('l5d-err is encoded as Linkerd encodes it', () => {
    const message = 'Unable to route request!\n\nservice name: /svc/';
    assert.equal(formUrlEncodeLatin1(message, 100), 'Unable+to+route+request%21%0A%0Aservice+name%3A+%2Fsvc%2F');
    assert.equal(formUrlEncodeLatin1('a.-*_~é€😀', 100), 'a.-*_%7E%E9%3F%3F');
    assert.equal(formUrlEncodeLatin1('ab/c', 4), 'ab', 'an escape is not cut');
  });

  test('every error constant has an answer, other numbers have none', () => {
    for (let code = -2; code >= -36; code--) assert.ok(requestFailure(code).status >= 400);
    for (const code of [0, -1, -37, METHOD_GET]) assert.throws(() => requestFailure(code), RangeError);
  });
});
