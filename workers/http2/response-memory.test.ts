/**
 * Responses whose heads and trailers are recognised say the same as those that are looked at: above all what the client is
 * told of their success, which may depend on a head that came before.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestField } from '../../core/http2/hpack/test-codec.ts';
import { COUNTER } from '../../core/shared/stats.ts';
import { dataFrame, GET, H2Worker, type TestPeer } from '../../test/support/h2-worker.ts';

const SERVICE_SCOPE = 2;
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

  /** @returns the heads and trailers that the client gets */
  exchange({ head, trailers }: Response): (readonly TestField[])[] {
    const id = this.#id;
    this.#id += 2;
    this.client.send(this.client.headers(id, GET, true));
    this.worker.settle();
    this.worker.bind();
    this.#endpoint ??= this.worker.endpoint();
    const endpoint = this.#endpoint;
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
