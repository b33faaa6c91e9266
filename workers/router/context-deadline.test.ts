/** What endpoints are told of deadlines once Weft's own time-outs bound a request (spec 03 section 4.2), by every writer of heads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../core/balance/random.ts';
import { Piece } from '../http1/field-lines.ts';
import { LinkerdTracePropagator } from '../http1/linkerd-trace-propagator.ts';
import { RequestWriter } from '../http1/request-writer.ts';
import { SectionRequestHeads } from '../http1/section-writer.ts';
import { RequestEncoder } from '../http2/request-encoder.ts';
import { TestHeads, testBranch } from '../http2/test-heads.ts';
import { TestNet } from '../net/test-net.ts';
import type { ClientStack } from './client-stack.ts';
import { tellDeadline } from './context-deadline.ts';
import { Exchange } from './exchange.ts';
import type { Router } from './router.ts';
import type { RouteBranch } from './routes.ts';

const NOW_MS = 1_700_000_000_123;
const NOW = '1700000000123000000';
const AFTER_50_MS = '1700000000173000000';
const world = new TestNet();
const { net } = world;
const heads = new TestHeads(world);
const trace = new LinkerdTracePropagator(new Random(1));
const exchange = new Exchange({} as Router);

function branchOf(attemptTimeoutMs: number): RouteBranch {
  return { ...testBranch(), client: { attemptTimeoutMs } as ClientStack };
}

interface Options {
  readonly attemptTimeoutMs: number;
  readonly clearContext?: boolean;
}

const OPTIONS = { timestampHeader: undefined };
const GET = [':method: GET', ':scheme: http', ':authority: web', ':path: /'];

/** Writes a head with these fields, in each of the ways there are, and reads back the field lines that an endpoint sees. */
const WRITERS: Readonly<Record<string, (fields: readonly string[], options: Options) => () => string[]>> = {
  'HTTP/1 to HTTP/1': (fields, { attemptTimeoutMs, clearContext = false }) => {
    const parser = heads.http1Request('GET / HTTP/1.1', 'Host: web', ...fields);
    const writer = new RequestWriter(net, trace, () => NOW_MS);
    const headEnd =
      parser.methodStart + `GET / HTTP/1.1\r\nHost: web\r\n${fields.map((f) => `${f}\r\n`).join('')}\r\n`.length;
    assert.ok(writer.write(exchange, branchOf(attemptTimeoutMs), parser, headEnd, 0, { ...OPTIONS, clearContext }));
    return lines;
  },
  'HTTP/2 to HTTP/1': (fields, { attemptTimeoutMs, clearContext = false }) => {
    const writer = new SectionRequestHeads(net, trace);
    assert.ok(writer.write(exchange, branchOf(attemptTimeoutMs), heads.request([...GET, ...fields]), 0, clearContext));
    return lines;
  },
  'HTTP/2 to HTTP/2': (fields, { attemptTimeoutMs, clearContext = false }) => {
    const encoder = new RequestEncoder(net, trace, () => NOW_MS);
    assert.ok(encoder.write(exchange, branchOf(attemptTimeoutMs), heads.request([...GET, ...fields]), 0, clearContext));
    return () => heads.read(exchange.headAt, exchange.headAt + exchange.headBytes);
  },
};

function lines(): string[] {
  const text = Buffer.from(net.bytes.subarray(exchange.headAt, exchange.headAt + exchange.headBytes)).toString(
    'latin1',
  );
  assert.ok(text.endsWith('\r\n\r\n'), text);
  return text.split('\r\n');
}

/** Values of the field, after an attempt that has so long has begun. */
function told(writer: string, fields: readonly string[], options: Options, remainingMs = 50): string[] {
  const read = (WRITERS[writer] ?? assert.fail())(fields, options);
  if (exchange.deadlineBack > 0) tellDeadline(exchange, net.bytes, NOW_MS, remainingMs);
  const values = deadlinesOf(read());
  net.giveBlock(exchange.headAt, exchange.headCapacity);
  exchange.reset();
  return values;
}

function deadlinesOf(all: readonly string[]): string[] {
  return all.filter((line) => line.startsWith('l5d-ctx-deadline: ')).map((line) => line.slice(18));
}

const ROWS: readonly (readonly [fields: readonly string[], options: Options, values: readonly string[]])[] = [
  [[], { attemptTimeoutMs: 0 }, []],
  [['l5d-ctx-deadline: 1 2'], { attemptTimeoutMs: 0 }, ['1 2']],
  [[], { attemptTimeoutMs: 50 }, [`${NOW} ${AFTER_50_MS}`]],
  [['l5d-ctx-deadline: soon'], { attemptTimeoutMs: 50 }, [`${NOW} ${AFTER_50_MS}`]],
  [
    ['l5d-ctx-deadline: 1700000000000000007 1700000000150000001'],
    { attemptTimeoutMs: 50 },
    [`${NOW} 1700000000150000001`],
  ],
  [
    ['l5d-ctx-deadline: 1700000009000000007 1700000900000000000'],
    { attemptTimeoutMs: 50 },
    [`1700000009000000007 ${AFTER_50_MS}`],
  ],
  [
    ['l5d-ctx-deadline: 1 1700000000150000002', 'x-a: 1', 'l5d-ctx-deadline: 2 1700000000150000003'],
    { attemptTimeoutMs: 50 },
    [`${NOW} 1700000000150000002`],
  ],
  [['l5d-ctx-deadline: 1 2'], { attemptTimeoutMs: 50, clearContext: true }, [`${NOW} ${AFTER_50_MS}`]],
  [['l5d-ctx-deadline: 1 2'], { attemptTimeoutMs: 50 }, [`${NOW} 0000000000000000002`]],
  [['l5d-ctx-deadline: -5 -2'], { attemptTimeoutMs: 50 }, [`${NOW} 0000000000000000000`]],
];

for (const writer of Object.keys(WRITERS)) {
  for (const [fields, options, values] of ROWS) {
    test(`${writer}: ${fields.join(' | ')} and ${JSON.stringify(options)}`, () => {
      assert.deepEqual(told(writer, fields, options), values);
    });
  }

  test(`${writer}: each attempt is told its own, in the same place`, () => {
    const read = (WRITERS[writer] ?? assert.fail())(['l5d-ctx-deadline: 1 1700000000999000000'], {
      attemptTimeoutMs: 50,
    });
    tellDeadline(exchange, net.bytes, NOW_MS, 50);
    const first = read();
    tellDeadline(exchange, net.bytes, NOW_MS + 100, 50);
    const second = read();
    assert.deepEqual(deadlinesOf(first), [`${NOW} ${AFTER_50_MS}`]);
    assert.deepEqual(deadlinesOf(second), ['1700000000223000000 1700000000273000000']);
    const others = (all: readonly string[]) => all.filter((line) => !line.startsWith('l5d-ctx-deadline'));
    assert.deepEqual(others(first), others(second));
    // One that has no bound any more is not told that its time has passed.
    tellDeadline(exchange, net.bytes, NOW_MS + 100, Number.POSITIVE_INFINITY);
    assert.deepEqual(deadlinesOf(read()), ['0000000000000000001 1700000000999000000']);
    net.giveBlock(exchange.headAt, exchange.headCapacity);
    exchange.reset();
  });
}

test('heads that are remembered get one too', () => {
  exchange.branch = branchOf(50);
  const writer = new RequestWriter(net, trace, () => NOW_MS);
  assert.ok(writer.writeRemembered(exchange, new Piece(Buffer.from('GET / HTTP/1.1\r\n'))));
  tellDeadline(exchange, net.bytes, NOW_MS, Number.POSITIVE_INFINITY);
  const [value = ''] = deadlinesOf(lines());
  assert.ok(Number(value.split(' ')[1]) > 2 * NOW_MS, value);
  net.giveBlock(exchange.headAt, exchange.headCapacity);
  const encoder = new RequestEncoder(net, trace, () => NOW_MS);
  assert.ok(encoder.writeRemembered(exchange, new Piece(Uint8Array.of(0x82))));
  tellDeadline(exchange, net.bytes, NOW_MS, 50);
  const read = heads.read(exchange.headAt, exchange.headAt + exchange.headBytes);
  assert.deepEqual(deadlinesOf(read), [`${NOW} ${AFTER_50_MS}`]);
});
