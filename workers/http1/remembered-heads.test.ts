/**
 * Heads that recur. A head that is taken for another would send a request to somebody else's service, so: the same bytes
 * are found, and nothing that differs from them in one byte is.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_BUDGET } from '../../core/config/budget.ts';
import type { ServiceConfig } from '../../core/config/types.ts';
import { HeadParser } from '../../core/http1/head.ts';
import { TEST_LIMITS } from '../../core/http1/message-reader.ts';
import { METHOD_GET } from '../../core/http1/methods.ts';
import { Route } from '../router/routes.ts';
import { ServiceStack } from '../router/service-stack.ts';
import { Piece } from './field-lines.ts';
import {
  HeadBytes,
  hashHead,
  isMemorable,
  type RememberedRequest,
  type RememberedResponse,
  RequestMemory,
  ResponseMemory,
} from './remembered-heads.ts';

const responseClassifier = { kind: 'io.l5d.http.nonRetryable5XX', experimental: false } as const;
const retries = { budget: DEFAULT_BUDGET, backoff: { kind: 'constant', ms: 0, experimental: false } } as const;
const service = new ServiceStack({ responseClassifier, retries } as ServiceConfig);

const SHORTEST = 16;
const LONGEST = 1024;
const SLOTS = 1024;
const LENGTHS = [16, 17, 18, 19, 20, 21, 63, 64, 65, 66, 67, 255, 256, 257, 1021, 1022, 1023, 1024];
const ENDING = '\r\n\r\n';

/** A head where a recv puts it: at any offset, with other bytes around it. */
interface Placed {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
}

function place(head: string, offset = 3, behind = ''): Placed {
  const bytes = Uint8Array.from(Buffer.from(`${'#'.repeat(offset)}${head}${behind}########`, 'latin1'));
  return { bytes, at: offset, end: offset + head.length };
}

/** A head of a length; heads of different seeds differ. */
function headOf(byteLength: number, seed = 0): string {
  const target = `GET /${seed}`;
  const filling = Array.from({ length: byteLength }, (_, i) => String.fromCharCode(33 + ((i * 7) % 90))).join('');
  return (target + filling).slice(0, Math.max(0, byteLength - ENDING.length)) + ENDING;
}

function changed(head: string, index: number, by: number): string {
  const code = (head.charCodeAt(index) + by) & 255;
  return head.slice(0, index) + String.fromCharCode(code) + head.slice(index + 1);
}

function find(memory: RequestMemory, head: string, offset = 3): RememberedRequest | null {
  const { bytes, at, end } = place(head, offset);
  return memory.find(bytes, at, end);
}

/** Remembers a head as the server does: with the hash that a look-up has just left. */
function remember(memory: RequestMemory, head: string): RememberedRequest {
  assert.equal(find(memory, head), null);
  const { bytes, at, end } = place(head);
  const request: RememberedRequest = {
    hash: memory.hash,
    head: new HeadBytes(bytes, at, end),
    method: METHOD_GET,
    persistent: true,
    route: new Route({ id: 1, key: new Uint8Array(0), hash: 0, path: '/svc/web', dtab: '', service }),
    coding: 0,
    branches: [],
    composed: new Piece(new Uint8Array(0)),
  };
  memory.remember(request);
  return request;
}

const LENGTH = fc.integer({ min: SHORTEST, max: LONGEST });
const CHANGE = fc.record({
  byteLength: LENGTH,
  place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  by: fc.integer({ min: 1, max: 255 }),
  offset: fc.nat(9),
});

describe('the bytes of a head', () => {
  for (const byteLength of LENGTHS) {
    test(`${byteLength} bytes: the same match, at any offset; not with any one byte changed, nor with the last missing`, () => {
      const head = headOf(byteLength);
      const { bytes, at, end } = place(head, 5);
      const kept = new HeadBytes(bytes, at, end);
      assert.equal(kept.byteLength, byteLength);
      for (let offset = 0; offset < 4; offset++) {
        const other = place(head, offset, 'a body');
        assert.ok(kept.matches(other.bytes, other.at, other.end), `offset ${offset}`);
        assert.ok(kept.matches(other.bytes, other.at, other.end + 6), 'more may follow');
        assert.ok(!kept.matches(other.bytes, other.at, other.end - 1), 'the last byte was not received');
      }
      for (let i = 0; i < byteLength; i++) {
        const other = place(changed(head, i, 1 + (i % 255)), 2);
        assert.ok(!kept.matches(other.bytes, other.at, other.end), `byte ${i}`);
      }
    });
  }

  test('they are a copy: the read buffer they came from goes on to hold other things', () => {
    const head = headOf(77);
    const { bytes, at, end } = place(head);
    const kept = new HeadBytes(bytes, at, end);
    bytes.fill(0);
    const again = place(head, 8);
    assert.ok(kept.matches(again.bytes, again.at, again.end));
  });
});

describe('the hash of a head', () => {
  test('depends on the bytes and not on where they lie', () => {
    fc.assert(
      fc.property(LENGTH, fc.nat(9), fc.nat(9), fc.nat(99), (byteLength, offset, other, seed) => {
        const head = headOf(byteLength, seed);
        const [one, two] = [place(head, offset), place(head, other, 'x')];
        assert.equal(hashHead(one.bytes, one.at, one.end), hashHead(two.bytes, two.at, two.end));
      }),
    );
  });

  test('a changed byte of a whole word changes it', () => {
    fc.assert(
      fc.property(CHANGE, ({ byteLength, place: share, by, offset }) => {
        const head = headOf(byteLength);
        const other = changed(head, Math.floor(share * (byteLength - ENDING.length)), by);
        const [one, two] = [place(head, offset), place(other, offset)];
        assert.notEqual(hashHead(one.bytes, one.at, one.end), hashHead(two.bytes, two.at, two.end));
      }),
      { numRuns: 1000 },
    );
  });

  test('heads that differ in a number fill most slots', () => {
    const slots = new Set<number>();
    for (let i = 0; i < 4 * SLOTS; i++) {
      const { bytes, at, end } = place(`GET /item/${i} HTTP/1.1\r\nHost: web\r\n\r\n`);
      slots.add(hashHead(bytes, at, end) & (SLOTS - 1));
    }
    assert.ok(slots.size > 0.9 * SLOTS, `${slots.size} slots`);
  });
});

describe('requests', () => {
  test('the first sight leaves the hash alone, from the second on a head is worth being remembered', () => {
    for (const byteLength of LENGTHS) {
      const memory = new RequestMemory();
      const head = headOf(byteLength);
      assert.equal(find(memory, head), null);
      assert.deepEqual([memory.recurring, memory.hash !== 0], [false, true]);
      assert.equal(find(memory, head, 7), null);
      assert.equal(memory.recurring, true);
      assert.equal(find(memory, changed(head, 3, 1)), null);
      assert.equal(memory.recurring, false, 'another head is new');
    }
  });

  test('what was remembered is found by the same bytes, wherever they lie', () => {
    fc.assert(
      fc.property(LENGTH, fc.nat(9), fc.nat(99), (byteLength, offset, seed) => {
        const memory = new RequestMemory();
        const head = headOf(byteLength, seed);
        const request = remember(memory, head);
        assert.equal(find(memory, head, offset), request);
        assert.deepEqual([memory.hash, memory.recurring], [0, false], 'there is nothing to be remembered anew');
      }),
    );
  });

  test('with any one byte changed it is not found, not even under the same hash', () => {
    fc.assert(
      fc.property(CHANGE, ({ byteLength, place: share, by, offset }) => {
        const memory = new RequestMemory();
        const head = headOf(byteLength);
        const request = remember(memory, head);
        const other = changed(head, Math.floor(share * byteLength), by);
        assert.equal(find(memory, other, offset), null);
        if (!other.endsWith(ENDING)) return;
        memory.remember({ ...request, hash: memory.hash });
        assert.equal(find(memory, other, offset), null);
      }),
      { numRuns: 1000 },
    );
  });

  test('it must be all that was received: neither a piece of it is found, nor it with more behind', () => {
    const memory = new RequestMemory();
    const head = headOf(50);
    remember(memory, head);
    for (let cut = 1; cut < 50; cut++) assert.equal(find(memory, head.slice(0, cut)), null, `${cut} bytes`);
    assert.equal(find(memory, head + head), null);
    assert.equal(find(memory, `${head}\r\n\r\n`), null);
  });

  const UNFIT = [headOf(SHORTEST - 1), headOf(LONGEST + 1), `${headOf(60)}x`, headOf(60).slice(0, -1), ENDING, ''];
  for (const head of UNFIT) {
    test(`${head.length} bytes, ending in ${JSON.stringify(head.slice(-4))}, are never worth being remembered`, () => {
      const memory = new RequestMemory();
      for (let i = 0; i < 3; i++) {
        assert.equal(find(memory, head), null);
        assert.deepEqual([memory.hash, memory.recurring], [0, false]);
      }
    });
  }

  test('a head that cannot be remembered wipes what the one before it has left', () => {
    const memory = new RequestMemory();
    find(memory, headOf(40));
    find(memory, headOf(40));
    assert.equal(memory.recurring, true);
    find(memory, headOf(LONGEST + 1));
    assert.deepEqual([memory.hash, memory.recurring], [0, false]);
  });

  test('a slot holds one request: the next takes its place, when it comes eight times in a row', () => {
    const memory = new RequestMemory();
    const slotOf = (head: string) => {
      const { bytes, at, end } = place(head);
      return hashHead(bytes, at, end) & (SLOTS - 1);
    };
    const first = headOf(40, 1);
    const others = Array.from({ length: 100 * SLOTS }, (_, i) => headOf(40, 2 + i));
    const second = others.find((head) => slotOf(head) === slotOf(first)) ?? assert.fail('no two heads share a slot');
    const apart = headOf(41, 1);
    assert.notEqual(slotOf(apart), slotOf(first));
    const owner = remember(memory, first);
    const other = remember(memory, apart);
    for (let turn = 0; turn < 20; turn++) {
      for (let i = 0; i < 7; i++) {
        assert.equal(find(memory, second), null);
        assert.equal(memory.recurring, false);
      }
      assert.equal(find(memory, first), owner, 'who is met in between keeps the place');
    }
    for (let i = 0; i < 8; i++) {
      assert.equal(memory.recurring, false);
      assert.equal(find(memory, second), null);
    }
    assert.equal(memory.recurring, true);
    const winner = remember(memory, second);
    assert.equal(find(memory, first), null);
    assert.equal(find(memory, second), winner);
    assert.equal(find(memory, apart), other);
  });

  test('what was forgotten is not found, and may be remembered again', () => {
    const memory = new RequestMemory();
    const head = headOf(40);
    const request = remember(memory, head);
    assert.equal(find(memory, head), request);
    memory.forget(request);
    assert.equal(find(memory, head), null);
    assert.equal(memory.recurring, true);
    memory.remember(request);
    assert.equal(find(memory, head), request);
  });
});

function response(head: string): RememberedResponse {
  const { bytes, at, end } = place(head);
  const rewritten = new Piece(new Uint8Array(0));
  return {
    head: new HeadBytes(bytes, at, end),
    status: 200,
    bodyKind: 0,
    contentLength: 0,
    service,
    codable: false,
    rewritten,
  };
}

function recurs(memory: ResponseMemory, head: string): boolean {
  const { bytes, at, end } = place(head);
  return memory.recurs(bytes, at, end);
}

describe('responses', () => {
  test('a head recurs when the one before it was the same', () => {
    const memory = new ResponseMemory();
    const [one, other] = [headOf(40), headOf(40, 1)];
    assert.deepEqual(
      [one, one, one, other, one, other, other].map((head) => recurs(memory, head)),
      [false, true, true, false, false, false, true],
    );
    assert.equal(recurs(memory, headOf(LONGEST)), false);
    assert.equal(recurs(memory, headOf(LONGEST)), true);
  });

  test('a head that is too long never recurs', () => {
    const memory = new ResponseMemory();
    for (let i = 0; i < 3; i++) assert.equal(recurs(memory, headOf(LONGEST + 1)), false);
  });

  test('what was remembered is found in front of its body, whole, and until another takes its place', () => {
    const memory = new ResponseMemory();
    const find = (text: string) => {
      const { bytes, at, end } = place(text);
      return memory.find(bytes, at, end);
    };
    const first = response(headOf(41));
    assert.equal(find(headOf(41)), null);
    memory.remember(first);
    assert.equal(find(headOf(41)), first);
    assert.equal(find(`${headOf(41)}body`), first);
    for (let cut = 0; cut < 41; cut++) assert.equal(find(headOf(41).slice(0, cut)), null, `${cut} bytes`);
    for (let i = 0; i < 41; i++) assert.equal(find(`${changed(headOf(41), i, 1)}body`), null, `byte ${i}`);
    const second = response(headOf(42));
    memory.remember(second);
    assert.equal(find(headOf(41)), null);
    assert.equal(find(headOf(42)), second);
  });

  const HEADS: readonly (readonly [head: string, memorable: boolean])[] = [
    ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n', true],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n', true],
    ['HTTP/1.1 403 No\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\nConnection: x-a\r\nX-A: b\r\n', true],
    ['HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n', true],
    ['HTTP/1.0 200 OK\r\nContent-Length: 2\r\n', false],
    ['HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n', false],
    ['HTTP/1.1 200 OK\r\nVia: 1.1 a\r\nContent-Length: 2\r\n', false],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n', false],
    ['HTTP/1.1 200 OK\r\n', false],
    ['HTTP/1.1 204 No Content\r\n', false],
    ['HTTP/1.1 304 Not Modified\r\n', false],
    ['HTTP/1.1 103 Early Hints\r\n', false],
    ['HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: a\r\n', false],
  ];
  for (const [head, memorable] of HEADS) {
    test(`${JSON.stringify(head)} is ${memorable ? '' : 'not '}worth being remembered`, () => {
      const parser = new HeadParser(TEST_LIMITS);
      const { bytes, at, end } = place(`${head}\r\n`);
      assert.equal(parser.parseResponse(bytes, at, end, METHOD_GET), end);
      assert.equal(isMemorable(parser), memorable);
    });
  }
});
