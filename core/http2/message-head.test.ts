/** Every hostile head gets its answer (rows 30 and 31), and a good one is read as an HTTP/1 head would be. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { METHOD_CONNECT, METHOD_GET, METHOD_NAMES, METHOD_OPTIONS } from '../http1/methods.ts';
import {
  BODY_LENGTH,
  BODY_NONE,
  FIELD_STRIDE,
  TARGET_ASTERISK,
  TARGET_AUTHORITY,
  TARGET_ORIGIN,
} from '../http1/parsed-head.ts';
import { TOKEN_HOP_NAMED, TOKEN_HOST, TOKEN_L5D_DTAB, TOKEN_NONE } from '../http1/tokens.ts';
import type { FieldSection } from './field-section.ts';
import { type Field, GET, type HeadFacts, type HostileHead, OK } from './hostile-head.ts';
import { HOSTILE_HEADS } from './hostile-heads.ts';
import { HpackDecoder } from './hpack/decoder.ts';
import { DynamicTable } from './hpack/dynamic-table.ts';
import { ERR_FIELDS_TOO_LARGE, isMessageError, requestFailure, responseFailure } from './message-errors.ts';
import { readRequestHead, readResponseHead, readTrailers } from './message-head.ts';
import { PSEUDO_AUTHORITY, PSEUDO_NAMES, PSEUDO_SCHEME, PSEUDO_STATUS } from './pseudo-fields.ts';
import { emptySection, fillSection, textOf } from './test-sections.ts';

const METHODS = new Map(METHOD_NAMES.map((name, id) => [name, id]));

function title({ row, side, name }: HostileHead): string {
  return `row ${row}, ${side}: ${name}`;
}

function read(section: FieldSection, head: HostileHead): number {
  if (head.side === 'trailers') return readTrailers(section);
  if (head.side === 'request') return readRequestHead(section, head.endStream);
  return readResponseHead(section, METHODS.get(head.requestMethod)!, head.endStream);
}

/** Of the fields that are not to be forwarded, the names; those of pseudo-header fields left out. */
function withheld(section: FieldSection): string[] {
  const names: string[] = [];
  for (let at = section.firstRegular * FIELD_STRIDE; at < section.fieldCount * FIELD_STRIDE; at += FIELD_STRIDE) {
    const [start, end, , , token] = section.fields.subarray(at, at + FIELD_STRIDE);
    if (token === TOKEN_HOP_NAMED) names.push(textOf(section, start!, end!));
  }
  return names;
}

function bodyOf(section: FieldSection): string {
  if (section.bodyKind === BODY_NONE) return 'none';
  return section.bodyKind === BODY_LENGTH ? 'length' : 'until END_STREAM';
}

/** What was read, as far as the side has it. */
function factsOf(section: FieldSection, side: HostileHead['side']): HeadFacts {
  if (side === 'trailers') return { withheld: withheld(section) };
  const { status, contentLength, cookies, expectContinue } = section;
  const facts = { status, contentLength, cookies, expectContinue, body: bodyOf(section) as 'none' };
  if (side === 'response') return facts;
  return {
    ...facts,
    method: textOf(section, section.methodStart, section.methodEnd),
    authority: textOf(section, section.authorityStart, section.authorityEnd),
    target: textOf(section, section.targetStart, section.targetEnd),
    scheme: textOf(section, section.schemeStart, section.schemeEnd),
  };
}

function assertVerdict(head: HostileHead, section: FieldSection, error: number): void {
  if (typeof head.expect !== 'string') {
    assert.equal(error, 0, error === 0 ? '' : requestFailure(error).message);
    const facts = factsOf(section, head.side);
    assert.deepEqual({ ...facts, ...head.expect }, facts);
    return;
  }
  assert.notEqual(error, 0, 'accepted');
  const reason = head.status === 417 ? 'expectation_failed' : 'bad_request';
  assert.deepEqual(requestFailure(error), { status: head.status, reason, message: head.expect });
  assert.deepEqual(responseFailure(error), { status: 502, reason: 'upstream_malformed', message: head.expect });
}

/** A header block of literals that are not indexed (RFC 7541 section 6.2.2). */
function encode(fields: readonly Field[]): Uint8Array {
  const text = (value: string) => {
    assert.ok(value.length < 127);
    return [value.length, ...Buffer.from(value, 'latin1')];
  };
  return Uint8Array.from(fields.flatMap(([name, value]) => [0, ...text(name), ...text(value)]));
}

describe('hostile HTTP/2 heads', () => {
  test('the list is long, in both directions, and no title is there twice', () => {
    const count = (side: string) => HOSTILE_HEADS.filter((head) => head.side === side).length;
    assert.ok(count('request') >= 80 && count('response') >= 80 && count('trailers') >= 40);
    assert.equal(new Set(HOSTILE_HEADS.map(title)).size, HOSTILE_HEADS.length);
  });

  for (const head of HOSTILE_HEADS) {
    test(title(head), () => {
      const section = fillSection(emptySection(), head.fields);
      assertVerdict(head, section, read(section, head));
    });
  }

  test('one section read after another gives what a fresh one gives', () => {
    const reused = emptySection();
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...HOSTILE_HEADS), { maxLength: 6 }), (heads) => {
        for (const head of heads) {
          fillSection(reused, head.fields);
          assertVerdict(head, reused, read(reused, head));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('what the HPACK decoder hands over is judged alike', () => {
    const memory = new Uint8Array(DynamicTable.regionBytes(4096));
    const decoder = new HpackDecoder(memory, 0, 4096, 65536);
    const section = emptySection();
    for (const head of HOSTILE_HEADS) {
      const block = encode(head.fields);
      assert.equal(decoder.decode(block, 0, block.length, section), 0, title(head));
      assertVerdict(head, section, read(section, head));
    }
  });

  test('random bytes in names and values pass only as HTTP/1 would have them', () => {
    const byte = fc.oneof(fc.integer({ min: 0x61, max: 0x66 }), fc.nat(255)).map((code) => String.fromCharCode(code));
    const word = fc.array(byte, { maxLength: 6 }).map((chars) => chars.join(''));
    fc.assert(
      fc.property(word, word, (name, value) => {
        const section = fillSection(emptySection(), [...GET, [name, value]]);
        const goodName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) && name !== 'te';
        const goodValue = /^[\t\x20-\x7e\x80-\xff]*$/.test(value) && !/^[\t ]|[\t ]$/.test(value);
        assert.equal(readRequestHead(section, true) === 0, goodName && goodValue);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('what a head says', () => {
  test('a request is read as an HTTP/1 head is', () => {
    const fields: Field[] = [
      ...GET.slice(0, 3),
      [':path', '/a?b'],
      ['l5d-dtab', '/a=>/b'],
      ['x', '1'],
      ['host', 'a.b:1'],
    ];
    const section = fillSection(emptySection(), fields);
    assert.equal(readRequestHead(section, true), 0);
    assert.equal(section.method, METHOD_GET);
    assert.equal(section.targetForm, TARGET_ORIGIN);
    assert.deepEqual([section.versionMinor, section.persistent, section.connectionClose], [1, true, false]);
    assert.deepEqual([section.status, section.reasonStart, section.reasonEnd], [0, 0, 0]);
    assert.deepEqual(
      [section.connectionKeepAlive, section.connectionUpgrade, section.expectContinue],
      [false, false, false],
    );
    assert.equal(section.first[TOKEN_HOP_NAMED], 0);
    assert.equal(section.firstRegular, 4);
    assert.equal(section.authorityFromTarget, true);
    assert.equal(section.seen, (1 << TOKEN_HOP_NAMED) | (1 << TOKEN_L5D_DTAB) | (1 << TOKEN_HOST));
    assert.deepEqual([section.first[TOKEN_L5D_DTAB], section.first[TOKEN_HOST], section.repeated], [4, 6, 0]);
    const tokens = Array.from({ length: 7 }, (_, i) => section.fields[i * FIELD_STRIDE + 4]);
    const pseudo = TOKEN_HOP_NAMED;
    assert.deepEqual(tokens, [pseudo, pseudo, pseudo, pseudo, TOKEN_L5D_DTAB, TOKEN_NONE, TOKEN_HOST]);
    assert.deepEqual(
      [section.pseudo[PSEUDO_AUTHORITY], section.pseudo[PSEUDO_SCHEME], section.pseudo[PSEUDO_STATUS]],
      [2, 1, -1],
    );
  });

  test('pseudo-header fields may come in any order', () => {
    const orders = fc.shuffledSubarray([...GET], { minLength: GET.length });
    fc.assert(
      fc.property(orders, fc.boolean(), (fields, withHost) => {
        const host: Field[] = withHost ? [['host', 'a.b:1']] : [];
        const section = fillSection(emptySection(), [...fields, ...host]);
        assert.equal(readRequestHead(section, true), 0);
        assert.equal(section.authorityFromTarget, true);
        const { authority, method, scheme, target } = factsOf(section, 'request');
        assert.deepEqual([method, scheme, authority, target], ['GET', 'https', 'a.b:1', '/']);
        fillSection(section, [...fields, ['host', 'other']]);
        assert.equal(requestFailure(readRequestHead(section, true)).message, 'the Host is not the :authority');
      }),
    );
  });

  test('without :authority, Host is the authority; without Host, no Host is seen', () => {
    const section = fillSection(emptySection(), [...GET.slice(0, 2), [':path', '/'], ['host', 'h']]);
    assert.equal(readRequestHead(section, true), 0);
    assert.equal(section.authorityFromTarget, false);
    fillSection(section, GET);
    assert.equal(readRequestHead(section, true), 0);
    assert.equal(section.seen & (1 << TOKEN_HOST), 0);
    assert.equal(section.authorityFromTarget, true);
  });

  test('the forms of a target', () => {
    const section = fillSection(emptySection(), [
      [':method', 'CONNECT'],
      [':authority', 'a:1'],
    ]);
    assert.equal(readRequestHead(section, false), 0);
    assert.deepEqual([section.method, section.targetForm], [METHOD_CONNECT, TARGET_AUTHORITY]);
    fillSection(section, [[':method', 'OPTIONS'], ...GET.slice(1, 3), [':path', '*']]);
    assert.equal(readRequestHead(section, true), 0);
    assert.deepEqual([section.method, section.targetForm], [METHOD_OPTIONS, TARGET_ASTERISK]);
  });

  test('the first cookie is found', () => {
    const section = fillSection(emptySection(), [...GET, ['x', '1'], ['cookie', 'a=1'], ['cookie', 'b=2']]);
    assert.equal(readRequestHead(section, true), 0);
    assert.deepEqual([section.cookies, section.firstCookie], [2, 5]);
  });

  test('more than a section holds is 431, and 502 from an upstream (row 35)', () => {
    const section = fillSection(emptySection(), GET);
    section.overflowed = true;
    assert.equal(readRequestHead(section, true), ERR_FIELDS_TOO_LARGE);
    const message = 'the field section is too large';
    assert.deepEqual(requestFailure(ERR_FIELDS_TOO_LARGE), { status: 431, reason: 'headers_too_large', message });
    fillSection(section, OK);
    section.overflowed = true;
    assert.equal(readResponseHead(section, METHOD_GET, true), ERR_FIELDS_TOO_LARGE);
    assert.deepEqual(responseFailure(ERR_FIELDS_TOO_LARGE), { status: 502, reason: 'upstream_malformed', message });
    assert.equal(readTrailers(section), ERR_FIELDS_TOO_LARGE);
  });

  test('errors of other files have no answer', () => {
    for (const error of [0, -1, -32]) {
      assert.equal(isMessageError(error), false);
      assert.throws(() => requestFailure(error), RangeError);
      assert.throws(() => responseFailure(error), RangeError);
    }
    assert.equal(isMessageError(ERR_FIELDS_TOO_LARGE), true);
  });

  test('pseudo-header fields are named', () => {
    assert.deepEqual([PSEUDO_NAMES[PSEUDO_AUTHORITY], PSEUDO_NAMES[PSEUDO_STATUS]], [':authority', ':status']);
  });
});
