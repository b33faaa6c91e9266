/**
 * The split-point property over HTTP/2: a conversation means the same however it is cut on its way, at either side of Weft.
 * A run is repeated with the seed that it prints.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertNoFault } from './support/http1-site.ts';
import { CUTS, type Cut, seededRandom } from './support/http1-wire.ts';
import { BLOCK_CODINGS } from './support/http2/block-writer.ts';
import { Http2Client, requestFields } from './support/http2/client.ts';
import { sendCut } from './support/http2/cuts.ts';
import * as send from './support/http2/frames.ts';
import type { Message } from './support/http2/message.ts';
import { endAll } from './support/http2/site.ts';
import { Http2Upstream, type UpstreamStream } from './support/http2/upstream.ts';
import { Weft } from './support/weft.ts';

const { data, headers, ping, priority, settings } = send;
const CONVERSATIONS = 12;
const STREAMS = 8;
/** All bodies of a conversation fit into the first window of its connection. */
const BODY_BYTES_MAX = 5000;
/** Differ with each request. */
const FLEETING = ['l5d-reqid', 'l5d-ctx-trace'];

const random = seededRandom();
let weft: Weft;
let upstream: Http2Upstream;
/** How the upstream's frames are cut at the moment. */
let upstreamCut: Cut = 'whole';

before(async () => {
  upstream = await Http2Upstream.start(mirror);
  weft = await Weft.start({ protocol: 'h2', disco: { web: [upstream.disco] } });
});
after(() =>
  endAll(
    () => weft.stop(),
    () => upstream.stop(),
    () => assertNoFault(weft),
  ),
);

function pick<T>(items: readonly T[]): T {
  return items[random.below(items.length)] as T;
}

/** Answers with what it got: fields, body, trailers. Its frames must not be cut by another stream's, so it queues them. */
async function mirror(stream: UpstreamStream): Promise<void> {
  const { connection, id } = stream;
  const { fields, bytes, trailers } = await stream.whole();
  const kept = fields.filter(([name]) => name.startsWith('x-'));
  const told = fields.filter(([name]) => !FLEETING.includes(name)).map(([name, value]) => `${name}=${value}`);
  const heading = Buffer.from(`${told.join('&')}\n`, 'latin1');
  queue = queue.then(() =>
    sendCut(
      connection,
      connection.encode(
        headers(id, [[':status', '200'], ...kept]),
        data(id, heading, { padding: 3 }),
        ...(bytes.length > 0 || trailers === undefined ? [data(id, bytes, { endStream: trailers === undefined })] : []),
        ...(trailers === undefined ? [] : [headers(id, trailers, { endStream: true, fragments: [1] })]),
      ),
      upstreamCut,
      random,
    ),
  );
  await queue;
}

let queue = Promise.resolve();

/** A conversation on streams 1, 3, 5, ..., the frames of its requests mixed with each other and with others. */
function compose(): send.Sendable[] {
  const requests = Array.from({ length: STREAMS }, (_, i) => composeRequest(2 * i + 1));
  const frames: send.Sendable[] = [];
  // A stream may not be opened before a lower one.
  let opened = 0;
  while (requests.some((rest) => rest.length > 0)) {
    const canOpen = opened < STREAMS && (opened === 0 || random.unit() < 0.4);
    const running = requests.slice(0, opened).filter((rest) => rest.length > 0);
    const next = canOpen || running.length === 0 ? requests[opened++] : pick(running);
    const frame = next?.shift();
    if (frame !== undefined) frames.push(frame);
    if (random.unit() < 0.1) frames.push(pick([ping(), priority(99), settings({ HEADER_TABLE_SIZE: 4096 })]));
  }
  return frames;
}

function composeRequest(id: number): send.Sendable[] {
  const fields = Array.from({ length: random.below(8) }, (): send.Field => {
    return [`x-${random.below(4)}`, 'v'.repeat(random.below(60)), random.unit() < 0.2];
  });
  const fragments = Array.from({ length: random.below(4) }, () => random.below(40));
  const block = { coding: pick(BLOCK_CODINGS), huffman: random.unit() < 0.5, fragments, priority: random.unit() < 0.2 };
  const bodies = Array.from({ length: random.below(4) }, () => random.below(BODY_BYTES_MAX / 4));
  const hasTrailers = random.unit() < 0.3;
  const isBare = bodies.length === 0 && !hasTrailers;
  const head = requestFields('web', { method: 'POST', path: `/${id}`, fields });
  const frames: send.Sendable[] = [headers(id, head, { ...block, endStream: isBare })];
  for (const [i, bytes] of bodies.entries()) {
    const endStream = i === bodies.length - 1 && !hasTrailers;
    const padding = random.below(30);
    const content = String.fromCharCode(97 + random.below(26)).repeat(bytes);
    frames.push(data(id, content, random.unit() < 0.3 ? { endStream, padding } : { endStream }));
  }
  if (hasTrailers) frames.push(headers(id, { 'x-sum': String(id) }, { ...block, endStream: true }));
  return frames;
}

/** What is the same each time. */
function meaning({ status, fields, body, trailers }: Message) {
  return { status, fields, body, trailers };
}

async function converse(frames: readonly send.Sendable[], cut: Cut, cutAbove: Cut) {
  upstreamCut = cutAbove;
  const client = await Http2Client.open(weft.port);
  try {
    await sendCut(client, client.encode(...frames), cut, random);
    const ids = Array.from({ length: STREAMS }, (_, i) => 2 * i + 1);
    return (await Promise.all(ids.map((id) => client.message(id)))).map(meaning);
  } finally {
    client.socket.destroy();
  }
}

for (let n = 0; n < CONVERSATIONS; n++) {
  test(`conversation ${n} is the same, cut or whole`, async () => {
    const frames = compose();
    const whole = await converse(frames, 'whole', 'whole');
    for (const { status, body } of whole) assert.deepEqual([status, body.includes('\n')], [200, true]);
    for (const cut of CUTS) {
      for (const cutAbove of CUTS)
        assert.deepEqual(await converse(frames, cut, cutAbove), whole, `${cut}, ${cutAbove}`);
    }
    for (let i = 0; i < 5; i++) assert.deepEqual(await converse(frames, 'random', 'random'), whole);
  });
}
