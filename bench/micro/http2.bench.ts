/**
 * Nanoseconds of what an HTTP/2 request costs in user space: its frames told apart, its stream found, its head recognised or
 * written anew, and the same of its response.
 */
import { configOf } from '../../core/config/configs-by-prefix.ts';
import type { ClientConfig } from '../../core/config/types.ts';
import { METHOD_GET } from '../../core/http1/methods.ts';
import { FieldSection } from '../../core/http2/field-section.ts';
import { FrameHeader } from '../../core/http2/frame.ts';
import { FLAG_END_HEADERS } from '../../core/http2/frame-flags.ts';
import { FRAME_DATA, FRAME_HEADERS } from '../../core/http2/frame-types.ts';
import { HpackDecoder } from '../../core/http2/hpack/decoder.ts';
import { DynamicTable } from '../../core/http2/hpack/dynamic-table.ts';
import { TestEncoder, type TestField } from '../../core/http2/hpack/test-codec.ts';
import { readRequestHead, readResponseHead, readTrailers } from '../../core/http2/message-head.ts';
import { VERDICT } from '../../core/resilience/response-classifier.ts';
import { Piece, viewOf } from '../../workers/http1/field-lines.ts';
import { LinkerdTracePropagator } from '../../workers/http1/linkerd-trace-propagator.ts';
import { BlockMemory, KnownBlock, type Remembered } from '../../workers/http2/block-memory.ts';
import { branchFields } from '../../workers/http2/prepared-fields.ts';
import { RequestEncoder } from '../../workers/http2/request-encoder.ts';
import { writeResponseHead, writeTrailers } from '../../workers/http2/response-encoder.ts';
import { type Identified, StreamTable } from '../../workers/http2/stream-table.ts';
import { frameBytes } from '../../workers/http2/test-wire.ts';
import { branchHeaders } from '../../workers/router/branch-headers.ts';
import { ClientStack } from '../../workers/router/client-stack.ts';
import { Exchange } from '../../workers/router/exchange.ts';
import type { RouteBranch } from '../../workers/router/routes.ts';
import { BenchError } from '../support/bench-error.ts';
import { bench, keep } from './harness.ts';
import { BROWSER_REQUEST } from './messages.ts';
import { createParser, createRouter, environment, memory, messageAt, net, place, random, scratchAt } from './world.ts';

const TABLE_BYTES = 4096;
const SECTION_BYTES = 16_384;
const FIELDS_MAX = 100;
const SEED = 0x1234567;

const GRPC_REQUEST: readonly TestField[] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/helloworld.Greeter/SayHello'],
  [':authority', 'greeter.example.org:50051'],
  ['content-type', 'application/grpc'],
  ['user-agent', 'grpc-go/1.62.0'],
  ['te', 'trailers'],
];
const GRPC_RESPONSE: readonly TestField[] = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];
const GRPC_TRAILERS: readonly TestField[] = [
  ['grpc-status', '0'],
  ['grpc-message', ''],
];

const { bytes } = net;

// ---- frames ------------------------------------------------------------------------------------------------------

const frames = Buffer.concat([
  frameBytes(FRAME_HEADERS, FLAG_END_HEADERS, 1, new Uint8Array(40)),
  frameBytes(FRAME_DATA, 0, 1, new Uint8Array(100)),
]);
bytes.set(frames, messageAt);
const header = new FrameHeader();
bench('frame: a header read', (iterations) => {
  const end = messageAt + frames.length;
  for (let i = 0, at = messageAt; i < iterations; i++) {
    at = header.read(bytes, at, end) + header.length;
    keep(header.streamId + header.type);
    if (at === end) at = messageAt;
  }
});

// ---- streams -----------------------------------------------------------------------------------------------------

for (const count of [1, 100, 1000]) {
  const table = new StreamTable<Identified>();
  for (let i = 0; i < count; i++) table.add({ id: 2 * i + 1 });
  bench(`streams: found among ${count}`, (iterations) => {
    for (let i = 0, id = 1; i < iterations; i++) {
      keep((table.get(id) as Identified).id);
      id = id + 2 > 2 * count ? 1 : id + 2;
    }
  });
}
{
  /** Streams are used again, as a connection's are: an id is all that changes. */
  const streams = Array.from({ length: 100 }, (_, i) => ({ id: 2 * i + 1 }));
  const table = new StreamTable<Identified>();
  for (const stream of streams) table.add(stream);
  let nextId = 201;
  bench('streams: the oldest of 100 removed, a new one added', (iterations) => {
    for (let i = 0; i < iterations; i++) {
      const stream = streams[((nextId - 1) >> 1) % streams.length] as { id: number };
      table.remove(stream);
      stream.id = nextId;
      table.add(stream);
      nextId = nextId > 1e9 ? 1 : nextId + 2;
      keep(table.size);
    }
  });
}

// ---- blocks ------------------------------------------------------------------------------------------------------

const section = new FieldSection(bytes, memory.reserve(SECTION_BYTES), SECTION_BYTES, FIELDS_MAX);
const decoder = new HpackDecoder(new Uint8Array(DynamicTable.regionBytes(TABLE_BYTES)), 0, TABLE_BYTES, 1 << 20);
const encoder = new TestEncoder(TABLE_BYTES);
const blockMemory = new BlockMemory<Remembered>(1024);

/** Places a block where a recv would. @returns its end */
function placeBlock(block: Uint8Array): number {
  bytes.set(block, messageAt);
  return messageAt + block.length;
}

/** A client's block as it is after a few of the same: fields of its table. */
function blockOf(fields: readonly TestField[]): Uint8Array {
  let block: Uint8Array = new Uint8Array(0);
  for (let i = 0; i < 4; i++) {
    block = encoder.encode(fields) ?? block;
    const end = placeBlock(block);
    if (decoder.decode(bytes, messageAt, end, section) !== 0) throw new BenchError('not decoded');
  }
  return block;
}

/** A block of a client that keeps no table. */
function literalsOf(fields: readonly TestField[]): Uint8Array {
  const plain = new TestEncoder(0, false);
  // The first block says that there is no table.
  plain.encode([]);
  return plain.encode(fields) ?? new Uint8Array(0);
}

function find(end: number): Remembered | null {
  return blockMemory.find(bytes, messageAt, end, true, decoder, SEED, true);
}

function benchKnown(name: string, block: Uint8Array): void {
  const end = placeBlock(block);
  for (let i = 0; i < 3 && find(end) === null; i++) {
    if (decoder.decode(bytes, messageAt, end, section) !== 0) throw new BenchError('not decoded');
    if (!blockMemory.recurring || !blockMemory.admits(decoder)) continue;
    blockMemory.remember({ block: new KnownBlock(block.slice(), true, decoder) }, decoder);
  }
  if (find(end) === null) throw new BenchError(`${name}: not remembered`);
  bench(`blocks: recognised, ${name} (${block.length} bytes)`, (iterations) => {
    for (let i = 0; i < iterations; i++) keep(find(end) === null ? 0 : 1);
  });
}

benchKnown('of one connection', blockOf(GRPC_REQUEST));
benchKnown(
  'good for all',
  new TestEncoder(0, false).encode(GRPC_REQUEST.slice(0, 4))?.subarray(1) ?? new Uint8Array(0),
);
{
  const block = literalsOf(GRPC_REQUEST);
  const end = placeBlock(block);
  const view = viewOf(bytes);
  let changes = 0;
  bench(`blocks: not known, and another each time (${block.length} bytes)`, (iterations) => {
    for (let i = 0; i < iterations; i++) {
      view.setInt32(end - 4, ++changes);
      keep(find(end) === null ? 0 : 1);
    }
  });
}

// ---- heads -------------------------------------------------------------------------------------------------------

const router = createRouter('');
const exchange = new Exchange(router);
const names = ['/svc/web', '/#/io.l5d.fs/web', '/', ''] as const;
const branch: RouteBranch = {
  client: new ClientStack(
    0,
    '/#/io.l5d.fs/web',
    1,
    configOf<ClientConfig>(router.config.client, '/'),
    environment,
    environment.createPool,
  ),
  bound: 1,
  clientServiceScope: 2,
  residual: '/',
  answerStatus: 0,
  headers: branchHeaders(...names),
  fields: branchFields(...names),
};
const requests = new RequestEncoder(net, new LinkerdTracePropagator(random), () => 0);

/** Decodes a section once more than the table needs to have all of it. */
function decoded(fields: readonly TestField[]): FieldSection {
  const end = placeBlock(blockOf(fields));
  if (decoder.decode(bytes, messageAt, end, section) !== 0) throw new BenchError('not decoded');
  return section;
}

decoded(GRPC_REQUEST);
bench('request: a decoded head judged', (iterations) => {
  for (let i = 0; i < iterations; i++) keep(readRequestHead(section, false));
});
bench('request: a head of HTTP/2 written', (iterations) => {
  for (let i = 0; i < iterations; i++) {
    requests.write(exchange, branch, section, 0, false);
    keep(exchange.headBytes);
    router.releaseHead(exchange);
  }
});
requests.write(exchange, branch, section, 0, false);
const composed = new Piece(bytes.subarray(exchange.headAt, requests.composedEnd));
router.releaseHead(exchange);
bench('request: a remembered head written', (iterations) => {
  for (let i = 0; i < iterations; i++) {
    requests.writeRemembered(exchange, composed);
    keep(exchange.headBytes);
    router.releaseHead(exchange);
  }
});
{
  const parser = createParser();
  const end = place(BROWSER_REQUEST);
  parser.parseRequest(bytes, messageAt, end);
  bench('request: a head of HTTP/1 written, of a browser', (iterations) => {
    for (let i = 0; i < iterations; i++) {
      requests.write(exchange, branch, parser, 0, false);
      keep(exchange.headBytes);
      router.releaseHead(exchange);
    }
  });
}

const how = { verdict: VERDICT.open, clearContext: false, dropContentLength: false, informational: false };
decoded(GRPC_RESPONSE);
readResponseHead(section, METHOD_GET, false);
bench('response: a head written', (iterations) => {
  for (let i = 0; i < iterations; i++) keep(writeResponseHead(bytes, scratchAt, section, how));
});
decoded(GRPC_TRAILERS);
readTrailers(section);
bench('response: trailers written', (iterations) => {
  for (let i = 0; i < iterations; i++) keep(writeTrailers(bytes, scratchAt, section, VERDICT.success, false));
});
