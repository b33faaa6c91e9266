/**
 * Content of HTTP/2 on an HTTP/1 connection, framed as the head has said; read back by Weft's own decoder of chunks.
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ChunkedDecoder, KIND } from '../../core/http1/chunked.ts';
import { TestOutput } from '../http2/test-output.ts';
import { TestNet } from '../net/test-net.ts';
import { EPOLLOUT } from '../os/epoll.ts';
import { CONTENT, ContentOutlet } from './content-outlet.ts';

const { WEFT_FUZZ_CASES = '300', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };
const PENDING_BYTES_MAX = 16_384;

const world = new TestNet({ pendingBytesMax: PENDING_BYTES_MAX });
const { net, sockets } = world;
const contentAt = world.take(65_536);
const scratchAt = world.take(64);

function open(framing: number): { connection: TestOutput; outlet: ContentOutlet } {
  const connection = new TestOutput(world);
  const outlet = new ContentOutlet(connection, scratchAt);
  outlet.framing = framing;
  return { connection, outlet };
}

/** Hands content over, and has its memory used for something else. @returns what was taken of it */
function send(outlet: ContentOutlet, text: string, endStream = false): number {
  net.bytes.set(Buffer.from(text, 'latin1'), contentAt);
  const taken = outlet.sendContent(contentAt, text.length, endStream, false);
  net.bytes.fill(0x21, contentAt, contentAt + text.length);
  return taken;
}

function sent(connection: TestOutput): string {
  connection.onReady(EPOLLOUT);
  return Buffer.from(sockets.sentBy(connection.fd)).toString('latin1');
}

describe('content', () => {
  const ROWS: readonly (readonly [framing: keyof typeof CONTENT, parts: readonly string[], wire: string])[] = [
    ['plain', ['one', '', 'two'], 'onetwo'],
    ['plain', [''], ''],
    ['chunked', ['one', '', 'seventeen letters'], '3\r\none\r\n11\r\nseventeen letters\r\n0\r\n\r\n'],
    ['chunked', [''], '0\r\n\r\n'],
    ['withheld', ['one', 'two'], ''],
  ];
  for (const [framing, parts, wire] of ROWS) {
    test(`${framing}: ${parts.map((part) => `"${part}"`).join(', ')}`, () => {
      const { connection, outlet } = open(CONTENT[framing]);
      for (const [i, part] of parts.entries()) assert.equal(send(outlet, part, i === parts.length - 1), part.length);
      assert.equal(sent(connection), wire);
      connection.close();
    });
  }

  test('that ends with trailers', () => {
    for (const [framing, wire] of [
      [CONTENT.plain, 'one'],
      [CONTENT.chunked, '3\r\none\r\n0\r\n\r\n'],
      [CONTENT.withheld, ''],
    ] as const) {
      const { connection, outlet } = open(framing);
      send(outlet, 'one');
      outlet.end();
      assert.equal(sent(connection), wire);
      connection.close();
    }
  });

  test('that the socket does not take is queued, and not taken once there is much of it', () => {
    for (const framing of [CONTENT.plain, CONTENT.chunked]) {
      const { connection, outlet } = open(framing);
      sockets.takes = [0];
      assert.equal(send(outlet, 'x'.repeat(1000)), 1000);
      assert.equal(send(outlet, 'y'.repeat(PENDING_BYTES_MAX)), 0);
      assert.ok(connection.outputBytes >= PENDING_BYTES_MAX);
      assert.ok(sent(connection).replaceAll(/[^xy]/g, '').length === 1000 + PENDING_BYTES_MAX);
      assert.equal(send(outlet, 'z'), 1);
      connection.close();
    }
  });

  test('for a connection that is gone is as good as taken', () => {
    for (const framing of Object.values(CONTENT)) {
      const { connection, outlet } = open(framing);
      connection.close();
      assert.equal(send(outlet, 'one', true), 3);
      outlet.end();
      assert.equal(Buffer.from(sockets.sentBy(connection.fd)).toString(), '');
    }
  });
});

test('any content in chunks is one body, whatever the socket takes', (t) => {
  t.diagnostic(`WEFT_FUZZ_SEED=${RUN.seed} WEFT_FUZZ_CASES=${RUN.numRuns}`);
  const parts = fc.array(
    fc.oneof(fc.nat(20), fc.nat(5000)).map((length) => 'c'.repeat(length)),
    { maxLength: 8 },
  );
  const takes = fc.array(fc.oneof(fc.constant(0), fc.nat(3000)), { maxLength: 6 });
  fc.assert(
    fc.property(parts, takes, fc.boolean(), (list, amounts, trailers) => {
      const { connection, outlet } = open(CONTENT.chunked);
      sockets.takes = [...amounts];
      for (const [i, part] of list.entries()) send(outlet, part, !trailers && i === list.length - 1);
      if (trailers || list.length === 0) outlet.end();
      sockets.takes = [];
      const wire = Buffer.from(sent(connection), 'latin1');
      connection.close();
      const decoder = new ChunkedDecoder(1024);
      decoder.reset();
      let content = '';
      let at = 0;
      do {
        const next = decoder.advance(wire, at, wire.length);
        if (decoder.kind === KIND.data) content += wire.subarray(at, next).toString('latin1');
        at = next;
      } while (decoder.kind < KIND.trailers);
      assert.equal(decoder.kind, KIND.trailers);
      assert.deepEqual([content, wire.subarray(at).toString('latin1')], [list.join(''), '\r\n']);
    }),
    RUN,
  );
});
