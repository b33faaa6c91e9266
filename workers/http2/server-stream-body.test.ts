/**
 * A request's body on its way to an endpoint, whatever happens when: before and after its name is bound, its connection is
 * made, and an endpoint refuses it unseen, or fails and may be asked again. It arrives whole and once, or the client is told
 * that it did not.
 *
 *     model:   the content that the client has sent
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { REFUSED_STREAM } from '../../core/http2/error-codes.ts';
import { FLAG_END_STREAM } from '../../core/http2/frame-flags.ts';
import { FRAME_DATA, FRAME_HEADERS, FRAME_RST_STREAM, FRAME_WINDOW_UPDATE } from '../../core/http2/frame-types.ts';
import type { TestField } from '../../core/http2/hpack/test-codec.ts';
import { uint32 } from '../../core/http2/test-frames.ts';
import { dataFrame, GET, H2Worker, headersFrame, type TestPeer } from '../../test/support/h2-worker.ts';
import { EPOLLOUT } from '../os/epoll.ts';
import { EINPROGRESS } from '../os/errno.ts';
import { frameBytes, type TestFrame } from './test-wire.ts';

const { WEFT_FUZZ_CASES = '300', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };
const POST: readonly TestField[] = [[':method', 'POST'], ...GET.slice(1)];
const TRAILERS: readonly TestField[] = [['x-sum', '1']];

/** What an endpoint has got of one stream. */
interface Attempt {
  readonly id: number;
  content: string;
  trailers: boolean;
  ended: boolean;
  reset: boolean;
  /** It was answered 500. */
  failed: boolean;
}

/** One request, to a worker whose names and connections are as fresh as a test wants them. */
class Site {
  readonly worker: H2Worker;
  readonly client: TestPeer;
  readonly attempts: Attempt[] = [];
  /** What the client was told: nothing, a status, or a reset. */
  told = '';
  sent = '';
  ended = false;
  #endpoint: TestPeer | null = null;

  constructor(worker: H2Worker) {
    this.worker = worker;
    this.client = worker.connect();
  }

  content(piece: string, ends: boolean): void {
    if (this.ended || this.told !== '') return;
    this.sent += piece;
    this.ended = ends;
    this.client.send(dataFrame(1, piece, ends));
  }

  trailers(): void {
    if (this.ended || this.told !== '') return;
    this.ended = true;
    this.client.send(this.client.headers(1, TRAILERS, true));
  }

  bind(): void {
    this.worker.bind();
  }

  /** The connection that was begun is made. */
  connected(): void {
    const fd = this.worker.dialled.at(-1);
    if (fd === undefined || this.#endpoint !== null) return;
    this.worker.world.ready(fd, EPOLLOUT);
    this.worker.settle();
    this.#endpoint = this.worker.endpoint();
    // So much that only the client's own window holds it back.
    this.#endpoint.send(frameBytes(FRAME_WINDOW_UPDATE, 0, 0, Uint8Array.from(uint32(1_000_000))));
  }

  /** The endpoint has not looked at the request, and says so. */
  refuse(): void {
    this.look();
    const last = this.attempts.at(-1);
    if (last === undefined || last.reset || last.ended) return;
    last.reset = true;
    this.#endpoint?.send(frameBytes(FRAME_RST_STREAM, 0, last.id, Uint8Array.from(uint32(REFUSED_STREAM))));
  }

  /** The endpoint answers 500, whatever it has got. */
  fail(): void {
    this.look();
    const last = this.attempts.at(-1);
    if (last === undefined || last.reset || last.failed) return;
    last.failed = true;
    this.#endpoint?.send(headersFrame(last.id, Uint8Array.of(0x8e), true));
  }

  /** Takes down what has come, on both sides. */
  look(): void {
    this.worker.settle();
    for (const frame of this.#endpoint?.frames() ?? []) this.#take(frame);
    for (const { type, payload, id } of this.client.frames()) {
      if (id !== 1) continue;
      if (type === FRAME_RST_STREAM) this.told ||= `reset ${payload[3]}`;
      if (type === FRAME_HEADERS) this.told ||= 'answered';
    }
  }

  #take({ type, id, payload, flags }: TestFrame): void {
    const attempt = this.attempts.find((one) => one.id === id);
    const ends = (flags & FLAG_END_STREAM) !== 0;
    if (type === FRAME_DATA && attempt !== undefined) {
      attempt.content += Buffer.from(payload).toString('latin1');
      attempt.ended ||= ends;
    } else if (type === FRAME_HEADERS && attempt === undefined) {
      this.attempts.push({ id, content: '', trailers: false, ended: ends, reset: false, failed: false });
    } else if (type === FRAME_HEADERS && attempt !== undefined) {
      attempt.trailers = true;
      attempt.ended = ends;
    } else if (type === FRAME_RST_STREAM && attempt !== undefined) attempt.reset = true;
  }

  /** Everything has happened that can. */
  end(withTrailers: boolean): void {
    if (withTrailers) this.trailers();
    else this.content('', true);
    this.worker.settle();
    this.bind();
    this.connected();
    this.look();
    const last = this.attempts.at(-1);
    if (this.told !== '') {
      assert.ok(
        last === undefined || last.reset || last.failed,
        `the client was told "${this.told}", and the endpoint goes on`,
      );
      return;
    }
    assert.ok(last?.ended && !last.reset, 'the request has arrived');
    assert.equal(last.content, this.sent);
    for (const { content } of this.attempts) assert.ok(this.sent.startsWith(content));
    const answer = headersFrame(last.id, Uint8Array.of(0x88), true);
    this.#endpoint?.send(answer);
    this.look();
    assert.equal(this.told, 'answered');
    assert.equal(this.worker.world.net.keptBlocks.usedCount, 0);
  }
}

const piece = fc
  .oneof(fc.nat(30), fc.nat(1200), fc.nat(16_000))
  .map((length) => 'abcdefghij'.repeat(length).slice(0, length));
const act = fc.oneof(
  { weight: 3, arbitrary: piece },
  fc.constantFrom('bind', 'connected', 'refuse', 'fail', 'turn').map((name) => ({ name })),
);

/** Of services that do not retry, and of one that does, while it has kept no more than so much. */
const SERVICES = [
  '',
  '  service: {responseClassifier: {kind: io.l5d.h2.retryableAll5XX}, retryBufferSize: {requestBytes: 5000}}',
];

for (const keys of SERVICES) {
  test(`whatever happens on the way${keys === '' ? '' : ', where failures are retried'}`, (t) => {
    t.diagnostic(`WEFT_FUZZ_SEED=${RUN.seed} WEFT_FUZZ_CASES=${RUN.numRuns}`);
    const outcomes = { arrived: 0, again: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(act, { maxLength: 14 }), fc.boolean(), fc.nat(2), (acts, withTrailers, begun) => {
        const worker = new H2Worker(keys);
        worker.world.sockets.connectErrno = EINPROGRESS;
        const site = new Site(worker);
        site.client.send(site.client.headers(1, POST, false));
        worker.settle();
        if (begun > 0) site.bind();
        if (begun > 1) site.connected();
        for (const one of acts) {
          if (typeof one === 'string') {
            // As much as the client's window allows.
            if (site.sent.length + one.length < 60_000) site.content(one, false);
          } else if (one.name === 'bind') site.bind();
          else if (one.name === 'connected') site.connected();
          else if (one.name === 'refuse') site.refuse();
          else if (one.name === 'fail') site.fail();
          else site.look();
        }
        site.end(withTrailers);
        if (site.told !== 'answered') outcomes.refused++;
        else if (site.attempts.length > 1) outcomes.again++;
        else outcomes.arrived++;
      }),
      RUN,
    );
    for (const [name, count] of Object.entries(outcomes)) assert.ok(count > 0, `never ${name}`);
  });
}
