/**
 * A head that is put back says what it said: to whoever reads its fields, and to whoever writes it on, whatever its section
 * held in between.
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Random } from '../../core/balance/random.ts';
import type { FieldSection } from '../../core/http2/field-section.ts';
import { fieldsOf } from '../../core/http2/hpack/test-codec.ts';
import { readRequestHead } from '../../core/http2/message-head.ts';
import { LinkerdTracePropagator } from '../http1/linkerd-trace-propagator.ts';
import { TestNet } from '../net/test-net.ts';
import { Exchange } from '../router/exchange.ts';
import type { Router } from '../router/router.ts';
import { ParkedHead } from './parked-head.ts';
import { RequestEncoder } from './request-encoder.ts';
import { linesOf, TestHeads, testBranch } from './test-heads.ts';

const { WEFT_FUZZ_CASES = '300', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };
const GET = [':method: GET', ':scheme: http', ':authority: web', ':path: /'];

const world = new TestNet();
const heads = new TestHeads(world);
const encoder = new RequestEncoder(world.net, new LinkerdTracePropagator(new Random(1)), () => 0);
const exchange = new Exchange({} as Router);

/** Everything that a section says to those who read it, in words. */
function factsOf(section: FieldSection): object {
  const { bytes, fieldCount, seen, repeated, listBytes, overflowed } = section;
  const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('latin1');
  return {
    fields: linesOf(fieldsOf(section)),
    tokens: Array.from({ length: fieldCount }, (_, i) => section.fields[5 * i + 4]),
    nameIndex: [...section.nameIndex.subarray(0, fieldCount)],
    first: Array.from({ length: 32 }, (_, token) => ((seen & (1 << token)) === 0 ? -1 : section.first[token])),
    numbers: [seen, repeated, listBytes, overflowed, section.textEnd - section.textAt, section.firstRegular],
    pseudo: [...section.pseudo],
    cookies: [section.cookies, section.cookies > 0 ? section.firstCookie : -1],
    target: [section.method, section.targetForm, section.bodyKind, section.contentLength, section.expectContinue],
    texts: [
      text(section.methodStart, section.methodEnd),
      text(section.authorityStart, section.authorityEnd),
      text(section.targetStart, section.targetEnd),
      text(section.schemeStart, section.schemeEnd),
    ],
  };
}

/** The head as it goes on, but for its trace. */
function written(section: FieldSection): string[] {
  assert.ok(encoder.write(exchange, testBranch(), section, 0, false));
  const { headAt, headBytes, headCapacity } = exchange;
  const fields = heads.read(headAt, headAt + headBytes);
  world.net.giveBlock(headAt, headCapacity);
  return fields.slice(0, -2);
}

/** Parks a head, has its section used for others, and puts it back as a stream does. */
function check(lines: readonly string[], endStream: boolean, others: readonly (readonly string[])[]): void {
  const section = heads.request(lines, endStream);
  const facts = factsOf(section);
  const forwarded = written(section);
  const parked = new ParkedHead(section);
  for (const other of others) heads.decoded(other);
  section.bytes.fill(0x21, section.textEnd, section.textMax);
  parked.restore(section);
  assert.equal(readRequestHead(section, endStream), 0);
  assert.deepEqual(factsOf(section), facts);
  assert.deepEqual(written(section), forwarded);
  // And once more: what is put back can be kept again.
  new ParkedHead(section).restore(section);
  assert.equal(readRequestHead(section, endStream), 0);
  assert.deepEqual(factsOf(section), facts);
}

describe('heads', () => {
  const OTHER = [':status: 200', 'via: x', 'l5d-dtab: /a => /b', 'cookie: c=d', 'host: other', '!x: y'];
  const ROWS: readonly (readonly [name: string, lines: readonly string[]])[] = [
    ['a plain one', GET],
    ['with host instead of :authority', [':method: GET', ':scheme: http', ':path: /a', 'host: web']],
    ['with both', [...GET, 'host: web']],
    [
      'with fields of every sort',
      [...GET, 'cookie: a=1', 'x: y', 'cookie: b=2', '!x-key: s', 'via: a', 'via: b', 'te: trailers'],
    ],
    [
      'with context',
      [...GET, 'l5d-dtab: /a => /b', 'l5d-ctx-trace: x', 'l5d-ctx-deadline: 1 2', 'l5d-ctx-deadline: 3 4'],
    ],
    ['with a length', [...GET, 'content-length: 5', 'expect: 100-continue']],
    ['CONNECT', [':method: CONNECT', ':authority: web:443']],
    ['OPTIONS', [':method: OPTIONS', ':scheme: http', ':authority: web', ':path: *']],
    ['as large as it may be', [...GET, `x: ${'v'.repeat(15_000)}`]],
  ];
  for (const [name, lines] of ROWS) {
    test(name, () => {
      check(lines, false, []);
      check(lines, false, [OTHER, [], [...OTHER, `z: ${'w'.repeat(16_000)}`]]);
    });
  }

  test('whatever fields, and whatever came in between', (t) => {
    t.diagnostic(`WEFT_FUZZ_SEED=${RUN.seed} WEFT_FUZZ_CASES=${RUN.numRuns}`);
    const name = fc.constantFrom(
      'x',
      'cookie',
      '!cookie',
      'via',
      'l5d-dtab',
      'l5d-sample',
      'accept',
      '!authorization',
      'te-x',
    );
    const value = fc.oneof(
      fc.constantFrom('', '1', 'a-cookie-of-20-chars'),
      fc.nat(200).map((length) => 'v'.repeat(length)),
    );
    const lines = fc.array(fc.tuple(name, value), { maxLength: 20 }).map((list) => list.map(([n, v]) => `${n}: ${v}`));
    fc.assert(
      fc.property(lines, fc.boolean(), fc.array(lines, { maxLength: 3 }), (fields, endStream, others) => {
        check([...GET, ...fields], endStream, others);
      }),
      RUN,
    );
  });
});
