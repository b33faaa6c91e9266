/**
 * Compressed bodies against Node's own decoder: whatever the content, however it comes in pieces, the client gets it whole,
 * and at every flush it has all there was.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { constants, gunzipSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { CODING_DEFLATE, CODING_GZIP } from '../../core/http1/content-coding.ts';
import { HeadParser } from '../../core/http1/head.ts';
import { TEST_LIMITS } from '../../core/http1/message-reader.ts';
import { METHOD_GET } from '../../core/http1/methods.ts';
import { LIMIT_COUNTER, LIMITS_SCOPE } from '../../core/shared/stats.ts';
import type { Connection } from '../net/connection.ts';
import { TestNet } from '../net/test-net.ts';
import { loadZlib, ZlibError } from '../os/zlib.ts';
import { type Compression, Compressions } from './compression.ts';

const INPUT_BYTES = 150_000;
const STATES = 12;
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n';

loadZlib();

/** A connection that takes a number of writes, and keeps what it got. */
class Client {
  closed = false;
  outputBytes = 0;
  writes = 0;
  writesMax = Number.POSITIVE_INFINITY;
  readonly net: TestNet['net'];
  readonly #parts: Buffer[] = [];

  constructor(net: TestNet['net']) {
    this.net = net;
  }

  get received(): Buffer {
    return Buffer.concat(this.#parts);
  }

  write(at: number, byteLength: number): boolean {
    assert.ok(byteLength > 0);
    this.#parts.push(Buffer.from(this.net.bytes.slice(at, at + byteLength)));
    this.writes++;
    if (this.writes >= this.writesMax) this.closed = true;
    return !this.closed;
  }

  writeTwo(at: number, byteLength: number, secondAt: number, secondBytes: number): boolean {
    this.#parts.push(Buffer.from(this.net.bytes.slice(at, at + byteLength)));
    return secondBytes === 0 ? this.#count() : this.write(secondAt, secondBytes);
  }

  #count(): boolean {
    this.writes++;
    return true;
  }
}

class Site {
  readonly world = new TestNet({ compressionStatesMax: STATES });
  readonly compressions = new Compressions(this.world.net, this.world.take(Compressions.memoryBytes(STATES)));
  readonly inputAt = this.world.take(INPUT_BYTES);
  readonly head = new HeadParser(TEST_LIMITS);

  constructor() {
    const head = Buffer.from(HEAD, 'latin1');
    this.world.net.bytes.set(head, this.inputAt);
    assert.ok(this.head.parseResponse(this.world.net.bytes, this.inputAt, this.inputAt + head.length, METHOD_GET) > 0);
  }

  take(client: Client, coding = CODING_GZIP, level = -1): Compression | null {
    // Whether the head may be coded is another matter: it is not looked at any more once it was judged.
    this.world.net.bytes.set(Buffer.from(HEAD, 'latin1'), this.inputAt);
    return this.compressions.take(client as unknown as Connection, this.head, METHOD_GET, coding, level);
  }

  write(compression: Compression, content: Uint8Array): boolean {
    this.world.net.bytes.set(content, this.inputAt);
    const sent = compression.write(this.inputAt, content.length);
    // zlib has taken it all: the buffer is the next reader's.
    this.world.net.bytes.fill(0xaa, this.inputAt, this.inputAt + content.length);
    return sent;
  }
}

/** Takes the chunk framing off. @returns the data, and whether the last chunk has come */
function unchunk(framed: Buffer): { readonly data: Buffer; readonly ended: boolean } {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < framed.length) {
    const lineEnd = framed.indexOf('\r\n', at);
    const line = framed.toString('latin1', at, lineEnd);
    assert.match(line, /^[0-9a-f]+$/);
    const size = Number.parseInt(line, 16);
    const from = lineEnd + 2;
    assert.equal(framed.toString('latin1', from + size, from + size + 2), '\r\n');
    at = from + size + 2;
    if (size === 0) {
      assert.equal(at, framed.length, 'nothing behind the last chunk');
      return { data: Buffer.concat(parts), ended: true };
    }
    parts.push(framed.subarray(from, from + size));
  }
  return { data: Buffer.concat(parts), ended: false };
}

function decode(coding: number, data: Buffer, whole: boolean): Buffer {
  const options = whole ? {} : { finishFlush: constants.Z_SYNC_FLUSH };
  return coding === CODING_GZIP ? gunzipSync(data, options) : inflateSync(data, options);
}

const site = new Site();

/** Bytes that do not get fewer. */
function noise(byteLength: number): Uint8Array {
  let state = byteLength;
  return Uint8Array.from({ length: byteLength }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state >>> 24;
  });
}

/** Pieces of content: text that compresses, noise that does not, and nothing. */
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(fc.string({ maxLength: 8 }), fc.integer({ min: 0, max: 2000 }))
    .map(([text, n]) => Buffer.from(text.repeat(n))),
  fc.integer({ min: 1, max: 60_000 }).map(noise),
);

describe('compressed bodies', () => {
  test('inflated, are the content, for any content in any pieces; each flush hands over all there was', () => {
    const how = fc.record({
      coding: fc.constantFrom(CODING_GZIP, CODING_DEFLATE),
      level: fc.constantFrom(-1, 1, 6, 9),
      pieces: fc.array(fc.tuple(piece, fc.boolean()), { maxLength: 8 }),
    });
    fc.assert(
      fc.property(how, ({ coding, level, pieces }) => {
        const client = new Client(site.world.net);
        const compression = site.take(client, coding, level) ?? assert.fail();
        const content: Uint8Array[] = [];
        for (const [part, flushed] of pieces) {
          assert.ok(site.write(compression, part.subarray(0, INPUT_BYTES)));
          content.push(part.subarray(0, INPUT_BYTES));
          if (!flushed) continue;
          assert.ok(compression.flush());
          const { data, ended } = unchunk(client.received);
          assert.ok(!ended);
          assert.ok(decode(coding, data, false).equals(Buffer.concat(content)), 'at a flush');
        }
        assert.ok(compression.finish());
        site.compressions.give(compression);
        const { data, ended } = unchunk(client.received);
        assert.ok(ended);
        assert.ok(decode(coding, data, true).equals(Buffer.concat(content)), 'at the end');
      }),
      { numRuns: 150 },
    );
    assert.equal(site.compressions.inUse, 0);
  });

  test('the head goes out with the first output, once', () => {
    const client = new Client(site.world.net);
    const compression = site.take(client) ?? assert.fail();
    const at = site.world.take(64);
    site.world.net.bytes.set(Buffer.from('head\r\n\r\n'), at);
    compression.precede(at, 8);
    assert.ok(compression.flush(), 'no content yet: the head alone');
    assert.equal(client.received.toString(), 'head\r\n\r\n');
    site.write(compression, Buffer.from('a'));
    assert.ok(compression.flush());
    assert.ok(compression.finish());
    const { data } = unchunk(client.received.subarray(8));
    assert.equal(gunzipSync(data).toString(), 'a');
    site.compressions.give(compression);
  });

  test('a whole body that comes with its head is one write', () => {
    const client = new Client(site.world.net);
    const compression = site.take(client) ?? assert.fail();
    const at = site.world.take(64);
    compression.precede(at, 8);
    site.write(compression, Buffer.from('a'.repeat(5000)));
    assert.ok(compression.finish());
    assert.equal(client.writes, 1);
    site.compressions.give(compression);
  });

  test('a flush without new content sends nothing', () => {
    const client = new Client(site.world.net);
    const compression = site.take(client) ?? assert.fail();
    site.write(compression, Buffer.from('a'));
    compression.flush();
    const { length } = client.received;
    assert.ok(compression.flush());
    assert.equal(client.received.length, length);
    site.compressions.give(compression);
  });

  test('a client that goes in the middle ends it, at any write', () => {
    const content = noise(100_000);
    for (let writesMax = 1; writesMax <= 5; writesMax++) {
      const client = new Client(site.world.net);
      client.writesMax = writesMax;
      const compression = site.take(client, CODING_GZIP, 1) ?? assert.fail();
      assert.equal(site.write(compression, content) && compression.finish(), false);
      assert.equal(client.writes, writesMax, 'nothing is written behind the end');
      assert.ok(compression.closed);
      site.compressions.give(compression);
    }
    assert.equal(site.compressions.inUse, 0);
  });
});

describe('states', () => {
  test('there are so many at most; meeting the bound is counted, and one that is given back serves again', () => {
    const own = new Site();
    const client = new Client(own.world.net);
    const taken = Array.from({ length: STATES }, (_, i) =>
      own.take(client, i % 2 === 0 ? CODING_GZIP : CODING_DEFLATE),
    );
    assert.ok(taken.every((each) => each !== null));
    assert.equal(own.compressions.inUse, STATES);
    assert.equal(own.take(client), null);
    const met = () => own.world.stats.counter(LIMITS_SCOPE, LIMIT_COUNTER.compressionStatesMax);
    assert.equal(met(), 1);
    // Of another kind than the one that is asked for next.
    own.compressions.give(taken[1] as Compression);
    const next = own.take(client, CODING_GZIP, 9) ?? assert.fail();
    assert.equal(met(), 1);
    assert.equal(own.take(client), null);
    own.write(next, Buffer.from('again'));
    next.finish();
    assert.equal(gunzipSync(unchunk(client.received).data).toString(), 'again');
    for (const each of [...taken.filter((_, i) => i !== 1), next]) own.compressions.give(each as Compression);
    assert.equal(own.compressions.inUse, 0);
  });

  test('what one body left behind is not in the next', () => {
    const own = new Site();
    for (const text of ['first '.repeat(50), 'second']) {
      const client = new Client(own.world.net);
      const compression = own.take(client) ?? assert.fail();
      own.write(compression, Buffer.from(text));
      if (text === 'second') {
        compression.finish();
        assert.equal(gunzipSync(unchunk(client.received).data).toString(), text);
      }
      own.compressions.give(compression);
    }
  });
});

test('a Node without these functions is told in one sentence', () => {
  const missing = (prototype: string) => {
    if (prototype.includes('deflateReset')) throw new Error('cannot find function');
    return () => 0;
  };
  assert.throws(
    () => loadZlib(missing),
    (error: unknown) => {
      assert.ok(error instanceof ZlibError);
      assert.match(error.message, /^compression needs zlib's functions, .*"compressionLevel: 0".*$/);
      return true;
    },
  );
});
