/**
 * Responses whose heads and trailers are recognised say the same as those that are looked at: above all what the client is
 * told of their success, which may depend on a head that came before.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestField } from '../../core/http2/hpack/test-codec.ts';
import { COUNTER } from '../../core/shared/stats.ts';
import { dataFrame, GET, H2Worker, headersFrame, SERVICE_SCOPE, type TestPeer } from '../../test/support/h2-worker.ts';
import type { TestFrame } from './test-wire.ts';

const REPEATS = 12;
const TRAILERS: readonly TestField[] = [['x-sum', '1']];
const GRPC = `  service: {responseClassifier: {kind: io.l5d.h2.grpc.neverRetryable}}`;

/** A response: its head, and trailers that are the same each time. */
interface Response {
  readonly head: readonly TestField[];
  readonly trailers: readonly TestField[];
}

class Site {
  readonly worker: H2Worker;
  readonly client: TestPeer;
  #endpoint: TestPeer | null = null;
  #id = 1;

  constructor(keys: string) {
    this.worker = new H2Worker(keys);
    this.client = this.worker.connect();
  }

  #request(): TestPeer {
    this.client.send(this.client.headers(this.#id, GET, true));
    this.#id += 2;
    this.worker.settle();
    this.worker.bind();
    this.#endpoint ??= this.worker.endpoint();
    return this.#endpoint;
  }

  /** @returns the heads and trailers that the client gets */
  exchange({ head, trailers }: Response): (readonly TestField[])[] {
    const endpoint = this.#request();
    const id = this.#id - 2;
    endpoint.send(
      endpoint.headers(id, head, false),
      dataFrame(id, 'body', false),
      endpoint.headers(id, trailers, true),
    );
    this.worker.settle();
    endpoint.frames();
    const blocks = this.client.messages().filter(({ type }) => type === 1);
    return blocks.map((block) => [...this.client.fieldsOf(block)]);
  }

  /** @returns the frames of the head that the client gets */
  exchangeBlock(block: Uint8Array): TestFrame[] {
    const endpoint = this.#request();
    endpoint.send(headersFrame(this.#id - 2, block, true));
    this.worker.settle();
    endpoint.frames();
    return this.client.messages();
  }

  counts(): readonly [success: number, failures: number] {
    const { stats } = this.worker.world;
    return [stats.counter(SERVICE_SCOPE, COUNTER.success), stats.counter(SERVICE_SCOPE, COUNTER.failures)];
  }
}

function verdictOf(fields: readonly TestField[] | undefined): string | undefined {
  return fields?.find(([name]) => name === 'l5d-success-class')?.[1];
}

describe('trailers that recur', () => {
  const OTHERS: readonly (readonly [name: string, keys: string, often: Response, once: Response, verdict: string])[] = [
    [
      'behind a head of another status',
      '',
      { head: [[':status', '200']], trailers: TRAILERS },
      { head: [[':status', '500']], trailers: TRAILERS },
      '0.0',
    ],
    [
      'behind a head that succeeded, after failures',
      '',
      { head: [[':status', '503']], trailers: TRAILERS },
      { head: [[':status', '200']], trailers: TRAILERS },
      '1.0',
    ],
    [
      'without grpc-status, behind heads with one and then without',
      GRPC,
      {
        head: [
          [':status', '200'],
          ['grpc-status', '0'],
        ],
        trailers: TRAILERS,
      },
      { head: [[':status', '200']], trailers: TRAILERS },
      '0.0',
    ],
    [
      'without grpc-status, behind heads without one and then with',
      GRPC,
      { head: [[':status', '200']], trailers: TRAILERS },
      {
        head: [
          [':status', '200'],
          ['grpc-status', '0'],
        ],
        trailers: TRAILERS,
      },
      '1.0',
    ],
    [
      'with grpc-status, behind another head',
      GRPC,
      { head: [[':status', '200']], trailers: [['grpc-status', '0']] },
      {
        head: [
          [':status', '200'],
          ['x-a', 'b'],
        ],
        trailers: [['grpc-status', '0']],
      },
      '1.0',
    ],
  ];
  for (const [name, keys, often, once, verdict] of OTHERS) {
    test(`${name}: the verdict is that of the response at hand`, () => {
      const site = new Site(keys);
      let first: (readonly TestField[])[] = [];
      for (let i = 0; i < REPEATS; i++) {
        const blocks = site.exchange(often);
        if (i === 0) first = blocks;
        assert.deepEqual(blocks, first);
      }
      const [before] = site.counts();
      const [, trailers] = site.exchange(once);
      assert.equal(verdictOf(trailers), verdict);
      assert.equal(site.counts()[0] - before, verdict === '1.0' ? 1 : 0);
      assert.deepEqual(site.exchange(often), first);
    });
  }
});

/** A block that puts a field into the table, and one that consists of it, some text and nothing else. */
function largeBlocks(value: number, times: number, filler: number): readonly [Uint8Array, Uint8Array] {
  const length = (size: number) => [0x7f, ...varint(size - 0x7f)];
  const entry = [0x40, 1, 0x78, ...length(value), ...new Array<number>(value).fill(0x61)];
  const text = [0x00, 1, 0x79, ...length(filler), ...new Array<number>(filler).fill(0x62)];
  return [Uint8Array.from([0x88, ...entry]), Uint8Array.from([0x88, ...new Array<number>(times).fill(0xbe), ...text])];
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [0x80 | (value & 0x7f), ...varint(value >>> 7)];
}

describe('heads that recur', () => {
  test('and are larger than a frame, though their blocks are small, go out in frames that the client takes', () => {
    const site = new Site('');
    const [first, block] = largeBlocks(3900, 4, 761);
    const whole = [
      ...new Array<readonly TestField[]>(4).fill([['x', 'a'.repeat(3900)]]).flat(),
      ['y', 'b'.repeat(761)],
    ];
    for (let i = 0; i < REPEATS; i++) {
      const frames = site.exchangeBlock(i === 0 ? first : block);
      for (const { payload } of frames) assert.ok(payload.length <= 16384, `${payload.length} bytes in a frame`);
      const payload = Buffer.concat(frames.map((frame) => frame.payload));
      const fields = site.client.fieldsOf({ type: 1, flags: 4, id: 1, payload });
      if (i > 0) assert.deepEqual(fields.slice(3), whole);
    }
  });
});
