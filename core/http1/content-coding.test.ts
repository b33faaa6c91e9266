/** Content codings: what a client takes, what may be coded, and what a head says then (RFC 9110 sections 8.4, 8.8 and 12.5.3). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  AcceptedCodings,
  acceptedCoding,
  CODING_DEFLATE,
  CODING_GZIP,
  CODING_NONE,
  claimEntityTag,
  claimFields,
  isCodable,
} from './content-coding.ts';
import { HeadParser } from './head.ts';
import { TEST_LIMITS } from './message-reader.ts';
import { METHOD_GET, METHOD_HEAD } from './methods.ts';
import { FIELD_NAME_END, FIELD_STRIDE, FIELD_TOKEN } from './parsed-head.ts';
import { TOKEN_HOP_NAMED } from './tokens.ts';

interface Parsed {
  readonly bytes: Uint8Array;
  readonly head: HeadParser;
}

function parse(start: string, lines: readonly string[], method = METHOD_GET): Parsed {
  const text = [start, ...lines].map((line) => `${line}\r\n`).join('');
  const bytes = Uint8Array.from(Buffer.from(`${text}\r\n`, 'latin1'));
  const head = new HeadParser(TEST_LIMITS);
  const end = start.startsWith('HTTP/')
    ? head.parseResponse(bytes, 0, bytes.length, method)
    : head.parseRequest(bytes, 0, bytes.length);
  assert.equal(end, bytes.length);
  return { bytes, head };
}

const ACCEPTED: readonly (readonly [value: string, coding: number])[] = [
  ['', CODING_NONE],
  ['gzip', CODING_GZIP],
  ['GZip', CODING_GZIP],
  ['x-gzip', CODING_GZIP],
  ['deflate', CODING_DEFLATE],
  ['gzip, deflate, br', CODING_GZIP],
  ['deflate, gzip', CODING_GZIP],
  ['deflate, gzip;q=0.5', CODING_DEFLATE],
  ['deflate;q=0.5, gzip;q=0.500', CODING_GZIP],
  ['gzip;q=0', CODING_NONE],
  ['gzip;q=0.000, deflate', CODING_DEFLATE],
  ['gzip ; q=0.1', CODING_GZIP],
  ['gzip;Q=0.1', CODING_GZIP],
  ['br', CODING_NONE],
  ['br;q=1.0, *;q=0.5', CODING_GZIP],
  ['*', CODING_GZIP],
  ['*;q=0', CODING_NONE],
  ['gzip;q=0, *', CODING_DEFLATE],
  ['gzip;q=0, deflate;q=0, *', CODING_NONE],
  ['identity', CODING_NONE],
  ['identity, gzip', CODING_GZIP],
  ['identity;q=1, gzip;q=0.5', CODING_NONE],
  ['identity;q=0.5, gzip;q=0.5', CODING_GZIP],
  ['identity;q=0', CODING_NONE],
  ['identity;q=0, gzip;q=0.1', CODING_GZIP],
  ['*;q=0, gzip', CODING_GZIP],
  ['gzip;q=2', CODING_NONE],
  ['gzip;q=', CODING_NONE],
  ['gzip;level=9', CODING_NONE],
  ['gzip;q=0.1234', CODING_NONE],
  ['gzipped, mygzip', CODING_NONE],
  [', ,gzip,', CODING_GZIP],
  ['gz ip, deflate', CODING_DEFLATE],
];

describe('Accept-Encoding', () => {
  for (const [value, coding] of ACCEPTED) {
    test(`"${value}"`, () => assert.equal(acceptedCoding(value), coding));
  }

  test('no value makes a client take what it does not name, and none is a fault', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'gzip,;q=01.* deflatbr'), maxLength: 60 }), (value) => {
        const coding = acceptedCoding(value);
        assert.ok([CODING_NONE, CODING_GZIP, CODING_DEFLATE].includes(coding));
        if (coding === CODING_GZIP) assert.match(value, /gzip|\*/);
        if (coding === CODING_DEFLATE) assert.match(value, /deflate|\*/);
      }),
    );
  });

  const HEADS: readonly (readonly [lines: readonly string[], coding: number])[] = [
    [[], CODING_NONE],
    [['Accept-Encoding: gzip'], CODING_GZIP],
    [['Accept-Encoding: gzip;q=0.1', 'X-A: 1', 'accept-encoding: deflate'], CODING_DEFLATE],
    [['Accept-Encoding: gzip', 'Cache-Control: no-transform'], CODING_NONE],
    [['Accept-Encoding: gzip', 'Cache-Control: max-age=1', 'cache-control: No-Transform, x'], CODING_NONE],
    [['Accept-Encoding: gzip', 'Cache-Control: no-cache'], CODING_GZIP],
    [[`Accept-Encoding: ${'br,'.repeat(60)}gzip`], CODING_GZIP],
  ];
  test('a value as long as any head', () => {
    const { bytes, head } = parse('GET / HTTP/1.1', ['Host: web', `Accept-Encoding: ${'br, '.repeat(1500)}gzip`]);
    assert.equal(new AcceptedCodings().of(bytes, head), CODING_GZIP);
  });

  test('the answer to TRACE is shown as it is', () => {
    const { bytes, head } = parse('TRACE / HTTP/1.1', ['Host: web', 'Accept-Encoding: gzip']);
    assert.equal(new AcceptedCodings().of(bytes, head), CODING_NONE);
  });

  test('in a head: several fields are one, and the same one again means the same', () => {
    const codings = new AcceptedCodings();
    for (let round = 0; round < 3; round++) {
      for (const [lines, coding] of HEADS) {
        const { bytes, head } = parse('GET / HTTP/1.1', ['Host: web', ...lines]);
        assert.equal(codings.of(bytes, head), coding, lines.join(' | '));
        assert.equal(codings.of(bytes, head), coding, lines.join(' | '));
      }
    }
  });
});

const LONG = 'Content-Length: 1000';
const CODABLE: readonly (readonly [status: number, lines: readonly string[], all: boolean, text: boolean])[] = [
  [200, ['Content-Type: text/html', LONG], true, true],
  [200, ['content-type: Text/Plain; charset=utf-8', LONG], true, true],
  [200, ['Content-Type: application/json', LONG], true, true],
  [200, ['Content-Type: application/JSON ;charset=utf-8', LONG], true, true],
  [200, ['Content-Type: image/svg+xml', LONG], true, true],
  [200, ['Content-Type: text/event-stream', 'Transfer-Encoding: chunked'], true, true],
  [200, ['Content-Type: text/html'], true, true],
  [200, ['Content-Type: image/png', LONG], true, false],
  [200, ['Content-Type: application/jsonp', LONG], true, false],
  [200, ['Content-Type: textual/html', LONG], true, false],
  [200, [LONG], true, false],
  [404, ['Content-Type: text/html', LONG], true, true],
  [500, ['Content-Type: text/html', LONG], true, true],
  [200, ['Content-Type: text/html', 'Content-Length: 63'], false, false],
  [200, ['Content-Type: text/html', 'Content-Length: 64'], true, true],
  [200, ['Content-Type: text/html', 'Content-Length: 0'], false, false],
  [204, ['Content-Type: text/html'], false, false],
  [205, ['Content-Type: text/html', LONG], false, false],
  [206, ['Content-Type: text/html', LONG], false, false],
  [304, ['Content-Type: text/html', LONG], false, false],
  [200, ['Content-Type: text/html', LONG, 'Content-Encoding: br'], false, false],
  [200, ['Content-Type: text/html', LONG, 'Content-Encoding: identity'], false, false],
  [200, ['Content-Type: text/html', LONG, 'Content-Range: bytes 0-999/2000'], false, false],
  [200, ['Content-Type: text/html', LONG, 'Cache-Control: public, NO-TRANSFORM'], false, false],
  [200, ['Content-Type: text/html', LONG, 'Content-MD5: x'], false, false],
  [200, ['Content-Type: text/html', LONG, 'Content-Digest: x'], false, false],
  [200, ['Content-Type: text/html', LONG, 'Repr-Digest: x'], false, false],
  [200, ['Content-Type: text/html', LONG, 'Digest: x'], false, false],
  [200, ['Content-Type: text/html', 'Transfer-Encoding: chunked', 'Trailer: X-Sum'], false, false],
];

describe('responses that may be coded', () => {
  for (const [status, lines, all, text] of CODABLE) {
    test(`${status} with ${lines.join(' | ')}`, () => {
      const { bytes, head } = parse(`HTTP/1.1 ${status} x`, lines);
      assert.equal(isCodable(bytes, head, METHOD_GET, false), all, 'all types');
      assert.equal(isCodable(bytes, head, METHOD_GET, true), text, 'text alone');
    });
  }

  test('the head of an answer to HEAD is judged like that of one to GET', () => {
    const lines = ['Content-Type: text/html', LONG];
    const { bytes, head } = parse('HTTP/1.1 200 OK', lines, METHOD_HEAD);
    assert.ok(isCodable(bytes, head, METHOD_HEAD, true));
    const empty = parse('HTTP/1.1 200 OK', ['Content-Type: text/html', 'Content-Length: 0'], METHOD_HEAD);
    assert.ok(!isCodable(empty.bytes, empty.head, METHOD_HEAD, true));
  });
});

/** Names of the fields that do not go on. */
function dropped({ bytes, head }: Parsed): string[] {
  const names: string[] = [];
  for (let at = 0; at < head.fieldCount * FIELD_STRIDE; at += FIELD_STRIDE) {
    if (head.fields[at + FIELD_TOKEN] !== TOKEN_HOP_NAMED) continue;
    names.push(Buffer.from(bytes.subarray(head.fields[at], head.fields[at + FIELD_NAME_END])).toString('latin1'));
  }
  return names;
}

const CLAIMED: readonly (readonly [lines: readonly string[], gone: readonly string[], said: string])[] = [
  [['Server: x'], [], 'vary: accept-encoding\r\n'],
  [['ETag: "a"'], ['ETag'], 'vary: accept-encoding\r\netag: W/"a"\r\n'],
  [['ETag: W/"a"'], [], 'vary: accept-encoding\r\n'],
  [['etag: w/"a"'], [], 'vary: accept-encoding\r\n'],
  [['ETag:'], [], 'vary: accept-encoding\r\n'],
  [
    ['Accept-Ranges: bytes', 'ETag: "a\xe9"'],
    ['Accept-Ranges', 'ETag'],
    'vary: accept-encoding\r\netag: W/"a\xe9"\r\n',
  ],
  [['Vary: Origin'], [], 'vary: accept-encoding\r\n'],
  [['Vary: Origin, Accept-Encoding'], [], ''],
  [['Vary: Origin', 'vary: ACCEPT-ENCODING'], [], ''],
];

describe('what a coded head says', () => {
  for (const [lines, gone, said] of CLAIMED) {
    test(lines.join(' | '), () => {
      const parsed = parse('HTTP/1.1 200 OK', lines);
      assert.equal(claimFields(parsed.bytes, parsed.head, CODING_GZIP), `content-encoding: gzip\r\n${said}`);
      assert.deepEqual(dropped(parsed), gone);
    });
  }

  test('a 304 confirms the weak tag that its client has', () => {
    const parsed = parse('HTTP/1.1 304 x', ['ETag: "a"', 'Accept-Ranges: bytes']);
    assert.equal(claimEntityTag(parsed.bytes, parsed.head), 'etag: W/"a"\r\n');
    assert.deepEqual(dropped(parsed), ['ETag']);
  });
});
