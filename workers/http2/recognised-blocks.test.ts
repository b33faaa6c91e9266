/**
 * Requests and responses through a whole worker, over connections whose blocks recur, differ, and change their tables: each
 * arrives with its own fields and its own name, whether its block was recognised or decoded, on the way there and back.
 *
 *     clients --blocks--> worker --literals--> endpoint --blocks--> worker --literals--> clients
 *                           ^ request memory                          ^ response memory
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FRAME_HEADERS } from '../../core/http2/frame-types.ts';
import type { TestField } from '../../core/http2/hpack/test-codec.ts';
import { IndexingEncoder } from '../../core/http2/hpack/test-indexing-encoder.ts';
import { H2Worker, headersFrame, type TestPeer } from '../../test/support/h2-worker.ts';
import type { BlockMemory, Remembered } from './block-memory.ts';

const { WEFT_FUZZ_CASES = '60', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };
const CLIENTS = 2;
const MADE = new Set(['l5d-reqid', 'l5d-ctx-trace']);

interface Exchange {
  readonly request: readonly TestField[];
  readonly response: readonly TestField[];
  readonly trailers: readonly TestField[];
}

/** A peer that puts all it sends into its table. */
interface Sender {
  readonly peer: TestPeer;
  readonly encoder: IndexingEncoder;
}

function head(authority: string, path: string, fields: readonly TestField[]): readonly TestField[] {
  return [[':method', 'GET'], [':scheme', 'http'], [':authority', authority], [':path', path], ...fields];
}

/** What an endpoint is to get of a request, but for what is made for each. */
function forwarded(request: readonly TestField[]): readonly TestField[] {
  const [, , [, authority] = []] = request;
  return [
    ...request,
    ['l5d-dst-service', `/svc/${authority}`],
    ['l5d-dst-client', '/#/io.l5d.fs/web'],
    ['via', 'h2 linkerd'],
  ];
}

/** What a client is to get of a response's head. */
function answered([status, ...fields]: readonly TestField[]): readonly TestField[] {
  const failed: TestField[] = status?.[1] === '500' ? [['l5d-success-class', '0.0']] : [];
  return [status as TestField, ...failed, ['via', 'h2 linkerd'], ...fields];
}

/** And of its trailers. */
function ended(exchange: Exchange): readonly TestField[] {
  return [...exchange.trailers, ['l5d-success-class', exchange.response[0]?.[1] === '500' ? '0.0' : '1.0']];
}

/** The worker, and the two sides of it. */
class Site {
  readonly worker = new H2Worker('  identifier: {kind: io.l5d.header.token, header: ":authority"}');
  readonly clients: Sender[] = [];
  endpoint: Sender | null = null;
  readonly #nextIds = new Map<Sender, number>();
  #dialled = 0;

  connect(at: number): void {
    const old = this.clients[at];
    if (old !== undefined) {
      this.worker.world.sockets.endInput(old.peer.fd, 0);
      old.peer.send();
      this.worker.settle();
    }
    const sender = { peer: this.worker.connect(), encoder: new IndexingEncoder() };
    this.clients[at] = sender;
    this.#nextIds.set(sender, 1);
  }

  /** Several exchanges of a kind, at the same time. */
  run(at: number, exchange: Exchange, times: number, anew: boolean): void {
    const client = this.clients[at] as Sender;
    const ids: number[] = [];
    for (let i = 0; i < times; i++) {
      const id = this.#nextIds.get(client) as number;
      this.#nextIds.set(client, id + 2);
      client.peer.send(headersFrame(id, client.encoder.encode(exchange.request, anew), true));
      ids.push(id);
    }
    this.worker.settle();
    this.worker.bind();
    const endpoint = this.#answeringEndpoint();
    const requests = endpoint.peer.messages();
    assert.equal(requests.length, times);
    for (const request of requests) {
      const fields = endpoint.peer.fieldsOf(request).filter(([name]) => !MADE.has(name));
      assert.deepEqual(fields, forwarded(exchange.request));
      endpoint.peer.send(headersFrame(request.id, endpoint.encoder.encode(exchange.response, anew), false));
      endpoint.peer.send(headersFrame(request.id, endpoint.encoder.encode(exchange.trailers, anew), true));
    }
    this.worker.settle();
    const blocks = client.peer.messages().filter(({ type }) => type === FRAME_HEADERS);
    assert.deepEqual(
      blocks.map(({ id }) => id),
      ids.flatMap((id) => [id, id]),
    );
    for (const [i, block] of blocks.entries()) {
      assert.deepEqual(client.peer.fieldsOf(block), i % 2 === 0 ? answered(exchange.response) : ended(exchange));
    }
  }

  #answeringEndpoint(): Sender {
    if (this.worker.dialled.length > this.#dialled) {
      this.#dialled = this.worker.dialled.length;
      this.endpoint = { peer: this.worker.endpoint(), encoder: new IndexingEncoder() };
    }
    return this.endpoint ?? assert.fail('no endpoint was asked');
  }
}

const value = fc.constantFrom('1', '2', 'v'.repeat(40), 'w'.repeat(1200));
const regular = fc.array(
  fc.tuple(fc.constantFrom('x-a', 'x-b', 'accept', 'cookie'), value).map(([name, text]): TestField => {
    return name === 'cookie' && text.length < 20 ? [name, text, true] : [name, text];
  }),
  { maxLength: 4 },
);
const exchanges = fc.record<Exchange>({
  request: fc.tuple(fc.constantFrom('web', 'api'), fc.constantFrom('/', '/a', '/b'), regular).map((of) => head(...of)),
  response: fc
    .tuple(fc.constantFrom('200', '404', '500', '299'), regular)
    .map(([status, fields]): TestField[] => [[':status', status], ...fields]),
  trailers: fc.array(fc.constantFrom<TestField>(['x-sum', '1'], ['x-sum', '2'], ['x-end', '']), { maxLength: 2 }),
});
const step = fc.record({
  client: fc.nat(CLIENTS - 1),
  exchange: fc.nat(100),
  times: fc.integer({ min: 1, max: 10 }),
  anew: fc.boolean(),
  reconnect: fc.integer({ min: 0, max: 7 }).map((number) => number === 0),
  size: fc.option(fc.constantFrom(0, 64, 200, 4096), { freq: 5, nil: undefined }),
});
const traffic = fc.record({
  pool: fc.array(exchanges, { minLength: 1, maxLength: 4 }),
  steps: fc.array(step, { minLength: 1, maxLength: 25 }),
});

/** Counts what a memory recognises. */
function counting<T extends Remembered>(memory: BlockMemory<T>): { hits: number; inserting: number } {
  const counts = { hits: 0, inserting: 0 };
  const find = memory.find.bind(memory);
  memory.find = (...block) => {
    const known = find(...block);
    if (known !== null) counts.hits++;
    if (known !== null && known.block.insertedBytes > 0) counts.inserting++;
    return known;
  };
  return counts;
}

describe('exchanges whose blocks recur', () => {
  test('arrive with their own fields, there and back', (t) => {
    t.diagnostic(`WEFT_FUZZ_SEED=${RUN.seed} WEFT_FUZZ_CASES=${RUN.numRuns}`);
    const site = new Site();
    const counts = counting(site.worker.server.memory);
    fc.assert(
      fc.property(traffic, ({ pool, steps }) => {
        for (let at = 0; at < CLIENTS; at++) site.connect(at);
        for (const { client, exchange, times, anew, reconnect, size } of steps) {
          if (reconnect) site.connect(client);
          if (size !== undefined) site.clients[client]?.encoder.limitTableSize(size);
          site.run(client, pool[exchange % pool.length] as Exchange, times, anew);
        }
      }),
      RUN,
    );
    assert.ok(counts.hits > RUN.numRuns * 10 && counts.inserting > RUN.numRuns, JSON.stringify(counts));
  });
});
