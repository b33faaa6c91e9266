/**
 * Calls whose attempts end as they like, against a model: a client sees the first attempt that is not retried, byte for byte
 * and none of the others, an endpoint sees the same request each time, and nothing is left behind. Failures print their seed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readUint31 } from '../../core/http2/frame.ts';
import { FRAME_DATA, FRAME_HEADERS, FRAME_RST_STREAM, FRAME_WINDOW_UPDATE } from '../../core/http2/frame-types.ts';
import type { TestField } from '../../core/http2/hpack/test-codec.ts';
import { WINDOW_BYTES_INITIAL } from '../../core/http2/settings.ts';
import { COUNTER } from '../../core/shared/stats.ts';
import { dataFrame, GET, H2Worker, SERVICE_SCOPE, type TestPeer } from '../../test/support/h2-worker.ts';
import { EPOLLIN } from '../os/epoll.ts';
import { frameBytes, type TestFrame } from './test-wire.ts';

const REQUEST_BYTES = 3000;
const RESPONSE_BYTES = 2000;
const KEYS = `  service:
    responseClassifier: {kind: io.l5d.h2.grpc.retryableStatusCodes, retryableStatusCodes: [8, 14]}
    retryBufferSize: {requestBytes: ${REQUEST_BYTES}, responseBytes: ${RESPONSE_BYTES}}`;
const RETRYABLE: readonly number[] = [8, 14];
/** Rest of the connection's window that need not have been granted again. */
const UNGRANTED_BYTES_MAX = 1048576 / 2;
const END_STREAM = 1;

/** An attempt's response. */
interface Answer {
  /** Of its content, frame by frame; null for trailers only. */
  readonly parts: readonly number[] | null;
  readonly status: number;
}

/** A call: its request's content, frame by frame, and the responses that it may meet. */
interface Call {
  readonly request: readonly number[];
  readonly answers: readonly Answer[];
}

const size = fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 1500 }));
const status = fc.constantFrom(0, 0, 5, 8, 14, 14);
const answer: fc.Arbitrary<Answer> = fc.record({
  parts: fc.option(fc.array(size, { maxLength: 3 }), { nil: null }),
  status,
});
const call: fc.Arbitrary<Call> = fc.record({
  request: fc.array(size, { maxLength: 3 }),
  answers: fc.array(answer, { minLength: 1, maxLength: 4 }),
});

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, bytes) => total + bytes, 0);
}

/** Content that is told from any other's. */
function contentOf(seed: number, bytes: number): string {
  return Array.from({ length: bytes }, (_, i) => String.fromCharCode(33 + ((seed * 31 + i * 7) % 90))).join('');
}

function cutInto(sizes: readonly number[], content: string): string[] {
  return sizes.map((bytes, i) => {
    const at = sum(sizes.slice(0, i));
    return content.slice(at, at + bytes);
  });
}

/** Which of a call's answers the client gets, where the last is as final as any. */
function finalOf({ request, answers }: Call): number {
  const kept = sum(request) <= REQUEST_BYTES;
  const at = answers.findIndex(({ parts, status: code }) => {
    const held = parts === null || sum(parts) <= RESPONSE_BYTES;
    return !(kept && held && RETRYABLE.includes(code));
  });
  return at < 0 ? answers.length : at;
}

class Conversation {
  readonly worker = new H2Worker(KEYS);
  readonly client: TestPeer = this.worker.connect();
  endpoint: TestPeer | null = null;
  /** Frames by stream, of each side. */
  readonly toClient = new Map<number, TestFrame[]>();
  readonly toEndpoint = new Map<number, TestFrame[]>();
  /** The stream that the endpoint was asked on last, and its connection. */
  get lastId(): number {
    return Math.max(...this.toEndpoint.keys());
  }

  get dialled(): number {
    return this.worker.dialled.at(-1) ?? assert.fail('no endpoint was asked');
  }

  sentBytes = 0;
  grantedBytes = WINDOW_BYTES_INITIAL;

  begin(calls: readonly Call[]): void {
    const { client, worker } = this;
    for (const [n, { request }] of calls.entries()) {
      const id = 2 * n + 1;
      const fields: TestField[] = [[':method', 'POST'], ...GET.slice(1), ['x-call', String(n)]];
      const parts = cutInto(request, contentOf(n, sum(request)));
      client.send(
        client.headers(id, fields, parts.length === 0),
        ...parts.map((part, i) => dataFrame(id, part, i === parts.length - 1)),
      );
    }
    worker.settle();
    worker.bind();
    this.endpoint = worker.endpoint();
    this.listen();
  }

  listen(): void {
    for (const [peer, streams] of [
      [this.client, this.toClient],
      [this.endpoint as TestPeer, this.toEndpoint],
    ] as const) {
      for (const frame of peer.frames()) {
        if (frame.type === FRAME_WINDOW_UPDATE && frame.id === 0 && peer === this.endpoint) {
          this.grantedBytes += readUint31(frame.payload, 0);
        }
        if (frame.type !== FRAME_DATA && frame.type !== FRAME_HEADERS) continue;
        streams.set(frame.id, [...(streams.get(frame.id) ?? []), frame]);
      }
    }
  }

  /** Bytes that the endpoint sends, in pieces. */
  tell(bytes: Uint8Array, cuts: readonly number[]): void {
    const ends = [...new Set(cuts.map((cut) => cut % bytes.length))].filter((cut) => cut > 0).sort((a, b) => a - b);
    let from = 0;
    for (const end of [...ends, bytes.length]) {
      (this.endpoint as TestPeer).send(bytes.subarray(from, end));
      this.worker.settle();
      from = end;
    }
    this.listen();
  }
}

function frameOf(peer: TestPeer, id: number, seed: number, { parts, status: code }: Answer): Uint8Array[] {
  const head: TestField[] = [
    [':status', '200'],
    ['content-type', 'application/grpc'],
  ];
  const end: TestField[] = [['grpc-status', String(code)]];
  if (parts === null) return [peer.headers(id, [...head, ...end], true)];
  const content = cutInto(parts, contentOf(seed, sum(parts)));
  return [
    peer.headers(id, head, false),
    ...content.map((part) => dataFrame(id, part, false)),
    peer.headers(id, end, true),
  ];
}

function contentIn(frames: readonly TestFrame[]): string {
  return frames
    .filter(({ type }) => type === FRAME_DATA)
    .map(({ payload }) => Buffer.from(payload).toString('latin1'))
    .join('');
}

test('calls at once, whatever their attempts bring, and however the bytes come', () => {
  const cuts = fc.array(fc.nat({ max: 5000 }), { maxLength: 4 });
  const property = fc.property(
    fc.array(call, { minLength: 1, maxLength: 4 }),
    fc.array(cuts, { minLength: 40, maxLength: 40 }),
    (calls, cutsOfRounds) => {
      const talk = new Conversation();
      talk.begin(calls);
      const met = calls.map(() => 0);
      const answered = new Set<number>();
      for (let round = 0; round < 40; round++) {
        const fresh = [...talk.toEndpoint.keys()].filter((id) => !answered.has(id)).sort((a, b) => a - b);
        if (fresh.length === 0) break;
        const bytes: Uint8Array[] = [];
        for (const id of fresh) {
          answered.add(id);
          const frames = talk.toEndpoint.get(id) ?? [];
          const fields = (talk.endpoint as TestPeer).fieldsOf(frames[0] as TestFrame);
          const n = Number(fields.find(([name]) => name === 'x-call')?.[1]);
          const { request, answers } = calls[n] as Call;
          assert.equal(contentIn(frames), contentOf(n, sum(request)), `the request of call ${n}`);
          assert.equal((frames.at(-1) as TestFrame).flags & END_STREAM, END_STREAM);
          const told = answers[met[n] as number] ?? { parts: [], status: 0 };
          talk.sentBytes += told.parts === null ? 0 : sum(told.parts);
          bytes.push(...frameOf(talk.endpoint as TestPeer, id, 100 * n + (met[n] as number), told));
          met[n] = (met[n] as number) + 1;
        }
        talk.tell(Buffer.concat(bytes), cutsOfRounds[round] as number[]);
      }
      for (const [n, each] of calls.entries()) {
        const final = finalOf(each);
        assert.equal(met[n], final + 1, `attempts of call ${n}`);
        const { parts, status: code } = each.answers[final] ?? { parts: [], status: 0 };
        const frames = talk.toClient.get(2 * n + 1) ?? [];
        assert.equal(contentIn(frames), parts === null ? '' : contentOf(100 * n + final, sum(parts)), `call ${n}`);
        const blocks = frames.filter(({ type }) => type === FRAME_HEADERS).map((frame) => talk.client.fieldsOf(frame));
        assert.equal(blocks.length, parts === null ? 1 : 2);
        assert.ok(blocks.at(-1)?.some(([name, value]) => name === 'grpc-status' && value === String(code)));
        assert.equal((frames.at(-1) as TestFrame).flags & END_STREAM, END_STREAM);
      }
      const { net } = talk.worker.world;
      const inUse = [net.keptBlocks, net.smallBlocks, net.blocks].map(({ usedCount }) => usedCount);
      assert.deepEqual(inUse, [0, 0, 0]);
      const grantable = talk.grantedBytes - talk.sentBytes;
      assert.ok(grantable <= 1048576 && grantable > 1048576 - UNGRANTED_BYTES_MAX, `${grantable} may be sent`);
    },
  );
  fc.assert(property, { numRuns: 60 });
});

/** What may happen to one call, in some order. */
type Event =
  | { readonly kind: 'frame'; readonly cut: number }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'end'; readonly how: 'client' | 'endpoint' | 'connection' };

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('frame' as const), cut: fc.nat({ max: 3000 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat({ max: 150 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      how: fc.constantFrom('client' as const, 'endpoint' as const, 'connection' as const),
    }),
  },
);

test('a call, whatever happens when: its client gets one response, or a part of one that is cut, and nothing is left', () => {
  const outcomes = { whole: 0, cut: 0, late: 0, retried: 0 };
  const property = fc.property(call, fc.array(event, { maxLength: 30 }), ({ request, answers }, events) => {
    const talk = new Conversation();
    talk.begin([{ request, answers }]);
    const { worker, client } = talk;
    let attempt = 0;
    let over = false;
    let pending: Uint8Array[] = [];
    const nextAnswer = () => {
      const id = [...talk.toEndpoint.keys()].sort((a, b) => a - b)[attempt];
      if (id === undefined) return;
      const told = answers[attempt] ?? { parts: [3], status: 0 };
      pending = frameOf(talk.endpoint as TestPeer, id, attempt, told);
      attempt++;
    };
    const send = (cut: number) => {
      if (pending.length === 0) nextAnswer();
      const frame = pending.shift();
      if (frame !== undefined) talk.tell(frame, [cut]);
    };
    for (const one of events) {
      if (over) break;
      if (one.kind === 'frame') send(one.cut);
      else if (one.kind === 'time') worker.world.turn(one.ms);
      else if (attempt > 0) {
        over = true;
        if (one.how === 'client') client.send(frameBytes(FRAME_RST_STREAM, 0, 1, Uint8Array.of(0, 0, 0, 8)));
        else if (one.how === 'connection') {
          worker.world.sockets.endInput(talk.dialled, 0);
          worker.world.ready(talk.dialled, EPOLLIN);
        } else if (pending.length === 0) over = false;
        else talk.tell(frameBytes(FRAME_RST_STREAM, 0, talk.lastId, Uint8Array.of(0, 0, 0, 2)), []);
        worker.settle();
      }
    }
    for (let i = 0; i < 200 && !over; i++) {
      send(0);
      over = pending.length === 0 && attempt >= talk.toEndpoint.size;
    }
    talk.listen();
    worker.world.turn(2000);
    worker.settle();
    talk.listen();
    const frames = talk.toClient.get(1) ?? [];
    const content = contentIn(frames);
    const seeds = Array.from({ length: attempt }, (_, seed) => seed);
    const ofOne = seeds.some((seed) =>
      contentOf(seed, sum((answers[seed] ?? { parts: [3] }).parts ?? [])).startsWith(content),
    );
    const blocks = frames.filter(({ type }) => type === FRAME_HEADERS).map((frame) => client.fieldsOf(frame));
    const byWeft = blocks[0]?.some(([name]) => name === 'l5d-err') ?? false;
    assert.ok(byWeft || ofOne, 'what the client got is of one response');
    const ended = frames.length > 0 && ((frames.at(-1) as TestFrame).flags & END_STREAM) !== 0;
    outcomes[ended && !byWeft ? 'whole' : 'cut']++;
    if (attempt > 1) outcomes.retried++;
    if (worker.world.stats.counter(SERVICE_SCOPE, COUNTER.retriesClassificationTimeout) > 0) outcomes.late++;
    const { net } = worker.world;
    assert.deepEqual(
      [net.keptBlocks, net.smallBlocks, net.blocks].map(({ usedCount }) => usedCount),
      [0, 0, 0],
    );
  });
  fc.assert(property, { numRuns: 150 });
  for (const [name, count] of Object.entries(outcomes)) assert.ok(count > 0, `never ${name}`);
});
