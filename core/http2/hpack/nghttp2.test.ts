/**
 * Against Node's own nghttp2, over loopback sockets and both ways: our decoder reads what it writes, as client and as
 * server, and it reads what our encoder writes. Sections are random, and repeat much of what was sent before.
 *
 * WEFT_FUZZ_CASES sets the number of sections, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { SeededRandom } from '../../http1/mutations.ts';
import { byName, hexBytes, TestDecoder, TestEncoder, type TestField, textOf } from './test-codec.ts';

const { WEFT_FUZZ_CASES = '2000', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const SECTIONS = Math.ceil(Number(WEFT_FUZZ_CASES) / 20);
const SEED = Number(WEFT_FUZZ_SEED);
const TABLE_SIZES = [0, 100, 4096, 16384];
const TIMEOUT = { timeout: 60_000 };
const PAIRS_MAX = 500;

const FRAME_HEAD_BYTES = 9;
const FRAME_BYTES_MAX = 16384;
const HEADERS = 1;
const SETTINGS = 4;
const CONTINUATION = 9;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const PADDED = 8;
const PRIORITY = 0x20;
const HEADER_TABLE_SIZE = 1;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

/** The whole frames of a recording. */
function framesOf(bytes: Buffer, from: number): Frame[] {
  const frames: Frame[] = [];
  let at = from;
  while (at + FRAME_HEAD_BYTES <= bytes.length) {
    const end = at + FRAME_HEAD_BYTES + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    frames.push({ type: bytes[at + 3]!, flags: bytes[at + 4]!, payload: bytes.subarray(at + FRAME_HEAD_BYTES, end) });
    at = end;
  }
  return frames;
}

/** The header blocks among frames, put together. */
function blocksOf(frames: readonly Frame[]): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  for (const { type, flags, payload } of frames) {
    if (type !== HEADERS && type !== CONTINUATION) continue;
    const padding = type === HEADERS && (flags & PADDED) !== 0 ? payload[0]! + 1 : 0;
    const start = (padding > 0 ? 1 : 0) + (type === HEADERS && (flags & PRIORITY) !== 0 ? 5 : 0);
    parts.push(payload.subarray(start, payload.length - Math.max(0, padding - 1)));
    if ((flags & END_HEADERS) === 0) continue;
    blocks.push(Buffer.concat(parts));
    parts = [];
  }
  return blocks;
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(FRAME_HEAD_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, FRAME_HEAD_BYTES);
  return bytes;
}

/** A block as one HEADERS frame and as many CONTINUATION frames as it takes, ending the stream. */
function headersFrames(stream: number, block: Uint8Array): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < block.length; at += FRAME_BYTES_MAX) {
    const last = at + FRAME_BYTES_MAX >= block.length ? END_HEADERS : 0;
    const type = at === 0 ? HEADERS : CONTINUATION;
    parts.push(frame(type, last | (at === 0 ? END_STREAM : 0), stream, block.subarray(at, at + FRAME_BYTES_MAX)));
  }
  return Buffer.concat(parts);
}

const NAMES = [
  ...['accept', 'user-agent', 'cache-control', 'content-type', 'x-tenant', 'x-request-id', 'cookie', 'authorization'],
  ...['l5d-dtab', 'l5d-reqid', 'grpc-timeout', 'traceparent', 'etag', 'x-a-rather-long-name-for-a-field', 'x'],
];

/** Fields that HTTP allows, many of which were in an earlier section. */
function randomFields(random: SeededRandom, met: TestField[]): TestField[] {
  return Array.from({ length: random.below(20) }, () => {
    if (met.length > 0 && random.chance(0.6)) return random.pick(met);
    const never = random.chance(0.1);
    const field: TestField = never
      ? [`x-secret-${random.below(5)}`, randomValue(random), true]
      : [random.pick(NAMES), randomValue(random)];
    met.push(field);
    return field;
  });
}

function randomValue(random: SeededRandom): string {
  if (random.chance(0.2)) return `v${random.below(10)}`;
  const length = random.chance(0.05) ? random.below(6000) : random.below(40);
  const bytes = Uint8Array.from({ length }, () => {
    const byte = random.chance(0.8) ? 0x61 + random.below(26) : 0x20 + random.below(0xe0);
    return byte === 0x7f ? 0x09 : byte;
  });
  return `<${textOf(bytes, 0, length)}>`;
}

/** Node's list of a section: the fields in order, and which of them may not be indexed. */
function listOf(rawHeaders: readonly string[], headers: http2.IncomingHttpHeaders): TestField[] {
  const never = new Set(headers[http2.sensitiveHeaders as unknown as string] as unknown as string[]);
  return Array.from({ length: rawHeaders.length / 2 }, (_, i): TestField => {
    const [name = '', value = ''] = rawHeaders.slice(2 * i);
    return never.has(name) ? [name, value, true] : [name, value];
  });
}

async function listen(server: Server | http2.Http2Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Decodes recorded blocks one after another. @param tableBytes what is in force from the first block that sets a size */
function checkBlocks(
  recording: readonly Buffer[],
  from: number,
  tableBytes: number,
  wanted: readonly TestField[][],
): void {
  const blocks = blocksOf(framesOf(Buffer.concat(recording), from));
  const codec = new TestDecoder({ tableBytesMax: Math.max(4096, tableBytes), textBytesMax: 1 << 18 });
  assert.equal(blocks.length, wanted.length);
  for (const [i, block] of blocks.entries()) {
    if ((block[0]! & 0xe0) === 0x20) codec.decoder.limitTableSize(tableBytes);
    assert.equal(codec.decode(block), 0);
    assert.deepEqual(byName(codec.fields), wanted[i]);
  }
}

/** Fields as Node's outgoing headers, of each name the first. */
function outgoing(fields: readonly TestField[]): http2.OutgoingHttpHeaders {
  const headers: http2.OutgoingHttpHeaders = {};
  const never: string[] = [];
  for (const [name, value, isNever] of fields) {
    if (isNever && headers[name] === undefined) never.push(name);
    headers[name] ??= value;
  }
  return Object.assign(headers, { [http2.sensitiveHeaders]: never });
}

for (const tableBytes of TABLE_SIZES) {
  test(`nghttp2 writes, our decoder reads: tables of ${tableBytes} bytes`, TIMEOUT, async (t) => {
    t.diagnostic(`WEFT_FUZZ_SEED=${SEED} WEFT_FUZZ_CASES=${WEFT_FUZZ_CASES}`);
    const random = new SeededRandom(SEED + tableBytes);
    const met: TestField[] = [];
    const settings = { headerTableSize: tableBytes };
    const requests: TestField[][] = [];
    const responses: TestField[][] = [];
    const server = http2.createServer({ settings, maxHeaderListPairs: PAIRS_MAX });
    server.on('stream', (stream, headers, _flags, ...[raw]: readonly unknown[]) => {
      requests.push(listOf(raw as string[], headers));
      stream.respond(
        { ':status': 200 + random.below(300), ...outgoing(randomFields(random, met)) },
        { endStream: true },
      );
    });
    const serverPort = await listen(server);
    const sent: Buffer[] = [];
    const received: Buffer[] = [];
    const sockets: Socket[] = [];
    const recorder = createServer((client) => {
      const upstream = connect(serverPort, '127.0.0.1');
      sockets.push(client, upstream);
      client.on('data', (chunk: Buffer) => sent.push(chunk) && upstream.write(chunk));
      upstream.on('data', (chunk: Buffer) => received.push(chunk) && client.write(chunk));
    });
    const session = http2.connect(`http://127.0.0.1:${await listen(recorder)}`, {
      settings,
      maxHeaderListPairs: PAIRS_MAX,
    });
    try {
      for (let i = 0; i < SECTIONS; i++) {
        const request = session.request(
          { ':path': `/${i % 7}`, ...outgoing(randomFields(random, met)) },
          { endStream: true },
        );
        const [headers, , raw] = (await once(request, 'response')) as [http2.IncomingHttpHeaders, number, string[]];
        responses.push(listOf(raw, headers));
        request.resume();
        await once(request, 'close');
      }
      checkBlocks(sent, PREFACE.length, tableBytes, requests);
      checkBlocks(received, 0, tableBytes, responses);
    } finally {
      session.destroy();
      for (const socket of sockets) socket.destroy();
      recorder.close();
      server.close();
    }
  });

  test(`our encoder writes, nghttp2 reads: a table of ${tableBytes} bytes`, TIMEOUT, async (t) => {
    t.diagnostic(`WEFT_FUZZ_SEED=${SEED} WEFT_FUZZ_CASES=${WEFT_FUZZ_CASES}`);
    const random = new SeededRandom(SEED + tableBytes);
    const met: TestField[] = [];
    const server = http2.createServer({ settings: { headerTableSize: tableBytes }, maxHeaderListPairs: PAIRS_MAX });
    server.on('stream', (stream, headers, _flags, ...[raw]: readonly unknown[]) => {
      stream.respond({ ':status': 200 }, { endStream: true });
      server.emit('section', listOf(raw as string[], headers));
    });
    const socket = connect(await listen(server), '127.0.0.1');
    // The decoder's table is the server's setting, so the encoder may use all of it.
    const codec = new TestEncoder(Math.max(4096, tableBytes), random.chance(0.5));
    try {
      socket.write(Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0, hexBytes(''))]));
      const [first] = (await once(socket, 'data')) as [Buffer];
      socket.resume();
      const [{ payload } = { payload: hexBytes('') }] = framesOf(first, 0);
      const announced = Buffer.from(payload);
      for (let at = 0; at < announced.length; at += 6) {
        if (announced.readUInt16BE(at) === HEADER_TABLE_SIZE)
          codec.encoder.limitTableSize(announced.readUInt32BE(at + 2));
      }
      assert.equal(codec.encoder.table.maxSize, tableBytes);
      socket.write(frame(SETTINGS, ACK, 0, hexBytes('')));
      for (let i = 0; i < SECTIONS; i++) {
        const pseudo: TestField[] = [
          [':method', random.pick(['GET', 'PUT', 'POST'])],
          [':scheme', random.pick(['http', 'https'])],
          [':authority', random.pick(['web', 'web:8080'])],
          [':path', `/${i % 5}`],
        ];
        const fields = [...pseudo, ...randomFields(random, met)];
        if (random.chance(0.1)) {
          codec.encode(fields, random.below(60));
          codec.encoder.abandon();
        }
        const block = codec.encode(fields) ?? hexBytes('');
        const section = once(server, 'section') as Promise<[TestField[]]>;
        socket.write(headersFrames(2 * i + 1, block));
        const [got] = await section;
        const secret = fields.map(([name, value, never]): TestField => {
          const isSecret = never || name === 'authorization' || (name === 'cookie' && value.length < 20);
          return isSecret ? [name, value, true] : [name, value];
        });
        assert.deepEqual(got, byName(secret));
      }
    } finally {
      socket.destroy();
      server.close();
    }
  });
}
