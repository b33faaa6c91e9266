/** B3 as it is read and written (spec 03 section 4.2): every form, every sampling decision, and what is no B3 at all. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Random } from '../../core/balance/random.ts';
import { HeadParser } from '../../core/http1/head.ts';
import { TEST_LIMITS } from '../../core/http1/message-reader.ts';
import { TestDecoder } from '../../core/http2/hpack/test-codec.ts';
import { ZipkinTracePropagator } from './zipkin-trace-propagator.ts';

const ROOM = 1024;
const SPAN = '00f067aa0ba902b7';
const TRACE = '4bf92f3577b34da6';
const PARENT = '0020000000000001';
const HIGH = 'a3ce929d0e0e4736';

const propagator = new ZipkinTracePropagator(new Random(7));
const parser = new HeadParser(TEST_LIMITS);

/** What goes on of a request with these lines. */
function goesOn(lines: readonly string[], clearContext = false): Readonly<Record<string, string>> {
  const text = ['GET / HTTP/1.1', 'Host: web', ...lines].map((line) => `${line}\r\n`).join('');
  const head = Buffer.from(`${text}\r\n`, 'latin1');
  const bytes = new Uint8Array(head.length + ROOM);
  bytes.set(head);
  assert.equal(parser.parseRequest(bytes, 0, head.length), head.length);
  propagator.begin(bytes, parser, clearContext);
  const end = propagator.writeLines(bytes, head.length);
  assert.ok(end - head.length <= propagator.lineBytesMax);
  const written = Buffer.from(bytes.subarray(head.length, end)).toString('latin1');
  assert.ok(written.endsWith('\r\n'));
  return Object.fromEntries(
    written
      .slice(0, -2)
      .split('\r\n')
      .map((line) => line.split(': ') as [string, string]),
  );
}

/** Sampling as it came, and as it goes on. */
const SAMPLING: readonly (readonly [lines: readonly string[], sampled: string | undefined, flags: string])[] = [
  [[], undefined, '0'],
  [['x-b3-sampled: 1'], '1', '0'],
  [['x-b3-sampled: 0'], '0', '0'],
  [['x-b3-sampled: true'], '1', '0'],
  [['X-B3-Sampled: False'], '0', '0'],
  [['x-b3-sampled: 0', 'x-b3-sampled: 1'], '0', '0'],
  [['x-b3-sampled: perhaps'], undefined, '0'],
  [['x-b3-sampled: 1.0'], '1', '0'],
  [['x-b3-sampled: 2.5'], '1', '0'],
  // The trace id is 0.5936 of 2^63.
  [['x-b3-sampled: 0.6'], '1', '0'],
  [['x-b3-sampled: 0.59'], '0', '0'],
  [['x-b3-flags: 1'], '1', '1'],
  [['x-b3-flags: 1', 'x-b3-sampled: 0'], '1', '1'],
  [['x-b3-flags: 0'], undefined, '0'],
  [['x-b3-flags: 6'], undefined, '0'],
  [['x-b3-sampled: 0.1', 'x-b3-flags: 1'], '1', '1'],
];

describe('B3 in five fields', () => {
  for (const [lines, sampled, flags] of SAMPLING) {
    test(`sampling by "${lines.join(' | ')}"`, () => {
      const ids = [`X-B3-TraceId: ${TRACE}`, `X-B3-SpanId: ${SPAN}`, `X-B3-ParentSpanId: ${PARENT}`];
      const { 'x-b3-spanid': span, ...rest } = goesOn([...ids, ...lines]);
      assert.deepEqual(rest, {
        'x-b3-traceid': TRACE,
        'x-b3-parentspanid': SPAN,
        ...(sampled === undefined ? {} : { 'x-b3-sampled': sampled }),
        'x-b3-flags': flags,
      });
      assert.match(span ?? '', /^[0-9a-f]{16}$/);
      assert.notEqual(span, SPAN, 'the endpoint has a span of its own');
    });
  }

  test('a sampling decision without a trace is that of the new one', () => {
    const sent = goesOn(['x-b3-sampled: 1']);
    assert.equal(sent['x-b3-sampled'], '1');
    assert.equal(sent['x-b3-traceid'], sent['x-b3-parentspanid'], 'a new trace begins with this hop');
  });

  const IDS: readonly (readonly [lines: readonly string[], trace: string, parent: string])[] = [
    [[`x-b3-traceid: ${HIGH}${TRACE}`, `x-b3-spanid: ${SPAN}`], HIGH + TRACE, SPAN],
    [['x-b3-traceid: 1', 'x-b3-spanid: 2'], '0000000000000001', '0000000000000002'],
    [[`x-b3-traceid: 1${TRACE}`, `x-b3-spanid: ${SPAN}`], `0000000000000001${TRACE}`, SPAN],
    [[`x-b3-traceid: ${TRACE.toUpperCase()}`, `x-b3-spanid: ${SPAN.toUpperCase()}`], TRACE, SPAN],
    [[`x-b3-spanid: ${SPAN}`], SPAN, SPAN],
    [[`x-b3-spanid: ${SPAN}`, `x-b3-parentspanid: ${PARENT}`], PARENT, SPAN],
    [[`x-b3-traceid: ${TRACE}`, 'x-b3-spanid: zz', `x-b3-spanid: ${SPAN}`], TRACE, SPAN],
    [[`x-b3-traceid: g`, `x-b3-spanid: ${SPAN}`], SPAN, SPAN],
    [[`x-b3-traceid: ${HIGH}${TRACE}0`, `x-b3-spanid: ${SPAN}`], SPAN, SPAN],
  ];
  for (const [lines, trace, parent] of IDS) {
    test(`"${lines.join(' | ')}" is trace ${trace} under ${parent}`, () => {
      const sent = goesOn(lines);
      assert.deepEqual([sent['x-b3-traceid'], sent['x-b3-parentspanid']], [trace, parent]);
    });
  }

  const NONE: readonly (readonly string[])[] = [
    [],
    [`x-b3-traceid: ${TRACE}`],
    [`x-b3-traceid: ${TRACE}`, 'x-b3-spanid: not-hex'],
    [`x-b3-traceid: ${TRACE}`, 'x-b3-spanid:'],
    [`x-b3-traceid: ${TRACE}`, `x-b3-spanid: ${SPAN}0`],
    [`l5d-ctx-trace: ${Buffer.alloc(32, 1).toString('base64')}`],
  ];
  for (const lines of NONE) {
    test(`"${lines.join(' | ')}" begins a new trace`, () => {
      const sent = goesOn(lines);
      assert.notEqual(sent['x-b3-traceid'], TRACE);
      assert.equal(sent['x-b3-traceid'], sent['x-b3-parentspanid']);
      assert.match(sent['x-b3-traceid'] ?? '', /^[0-9a-f]{16}$/);
      assert.equal(sent['x-b3-sampled'], undefined);
    });
  }

  test('with clearContext no client is believed', () => {
    const sent = goesOn([`x-b3-traceid: ${TRACE}`, `x-b3-spanid: ${SPAN}`, 'x-b3-flags: 1'], true);
    assert.notEqual(sent['x-b3-traceid'], TRACE);
    assert.equal(sent['x-b3-flags'], '0');
  });
});

describe('B3 in one field', () => {
  const ROWS: readonly (readonly [value: string, trace: string, sampled: string | undefined, flags: string])[] = [
    [`${TRACE}-${SPAN}`, TRACE, undefined, '0'],
    [`${TRACE}-${SPAN}-1`, TRACE, '1', '0'],
    [`${TRACE}-${SPAN}-0-${PARENT}`, TRACE, '0', '0'],
    [`${HIGH}${TRACE}-${SPAN}-d`, HIGH + TRACE, '1', '1'],
    [`${TRACE}-${SPAN}-x`, TRACE, undefined, '0'],
    [`${TRACE}-${SPAN}--`, TRACE, undefined, '0'],
  ];
  for (const [value, trace, sampled, flags] of ROWS) {
    test(`b3: ${value}`, () => {
      // The single field is believed before the others.
      const sent = goesOn(['x-b3-traceid: 1', 'x-b3-spanid: 2', 'x-b3-sampled: 0', `B3: ${value}`]);
      assert.equal(sent['x-b3-traceid'], trace);
      assert.equal(sent['x-b3-parentspanid'], SPAN);
      assert.equal(sent['x-b3-sampled'], sampled);
      assert.equal(sent['x-b3-flags'], flags);
      assert.equal(Object.hasOwn(sent, 'b3'), false);
    });
  }

  for (const [value, sampled] of [
    ['0', '0'],
    ['1', '1'],
    ['d', '1'],
    ['', undefined],
    ['-', undefined],
    ['nonsense', undefined],
  ] as const) {
    test(`b3: ${value} decides alone, for a new trace`, () => {
      const sent = goesOn([`b3: ${value}`]);
      assert.equal(sent['x-b3-sampled'], sampled);
      assert.equal(sent['x-b3-traceid'], sent['x-b3-parentspanid']);
    });
  }
});

describe('B3, whatever it holds', () => {
  const id = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });

  test('lines and fields say the same, within their bounds, and the trace and the span go on', () => {
    fc.assert(
      fc.property(id, id, fc.option(id, { nil: undefined }), (trace, span, high) => {
        const digits = (value: bigint) => value.toString(16).padStart(16, '0');
        const traceId = (high === undefined ? '' : digits(high)) + digits(trace);
        const sent = goesOn([`x-b3-traceid: ${traceId}`, `x-b3-spanid: ${digits(span)}`, 'x-b3-sampled: 1']);
        assert.equal(sent['x-b3-traceid'], traceId);
        assert.equal(sent['x-b3-parentspanid'], digits(span));
        const bytes = new Uint8Array(ROOM);
        const end = propagator.writeFields(bytes, 0);
        assert.ok(end <= propagator.fieldBytesMax);
        const decoder = new TestDecoder();
        assert.equal(decoder.decode(bytes.subarray(0, end)), 0);
        assert.deepEqual(Object.fromEntries(decoder.fields), sent);
      }),
    );
  });

  test('any bytes are read without a fault, to ids that are ids', () => {
    const name = fc.constantFrom(
      'b3',
      'x-b3-traceid',
      'x-b3-spanid',
      'x-b3-parentspanid',
      'x-b3-sampled',
      'x-b3-flags',
    );
    const value = fc.string({ unit: fc.constantFrom(...'0123456789abcdefgz-.+ '), maxLength: 40 });
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), (fields) => {
        const sent = goesOn(fields.map(([field, text]) => `${field}: ${text}`));
        assert.match(sent['x-b3-traceid'] ?? '', /^([0-9a-f]{16}){1,2}$/);
        assert.match(sent['x-b3-spanid'] ?? '', /^[0-9a-f]{16}$/);
        assert.match(sent['x-b3-parentspanid'] ?? '', /^[0-9a-f]{16}$/);
        assert.match(sent['x-b3-sampled'] ?? '0', /^[01]$/);
      }),
    );
  });
});
