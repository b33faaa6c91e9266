/**
 * Heads met before, with what was made of them: a client that sends the same head again, byte for byte, is routed without
 * a parse, and so is a response whose head its endpoint has just sent. What HPACK does for HTTP/2 on a connection, this
 * does for HTTP/1 across the connections of a server.
 *
 *     head --hash--> slot   seen once:    the hash alone          (traffic that never repeats leaves nothing behind)
 *                           seen twice:   bytes, verdict, and the head as it goes out, if the slot is free
 *                           again:        compared byte for byte, then the prepared head is copied
 *
 * Only plain messages are remembered: nothing whose meaning depends on more than its bytes and its route, no request with
 * a body. Everything else takes the full path, which costs a look-up more.
 */
import type { HeadParser } from '../../core/http1/head.ts';
import { BODY_LENGTH } from '../../core/http1/parsed-head.ts';
import { TOKEN_VIA } from '../../core/http1/tokens.ts';
import type { Route, RouteBranch } from '../router/routes.ts';
import type { ServiceStack } from '../router/service-stack.ts';
import { type Piece, viewOf } from './field-lines.ts';

const SLOTS = 1024;
/** Times that a head must come, its slot's owner not once between, to take that slot: two in turn would cost a copy each. */
const CONTESTS = 8;
/** Longer heads are not remembered: comparing and keeping them costs more than it is worth. */
const HEAD_BYTES_MAX = 1024;
const HEAD_BYTES_MIN = 16;
const CRLF_CRLF = 0x0a0d0a0d;

/** Mixes the words of a head. The last word overlaps the one before it. */
export function hashHead(bytes: Uint8Array, at: number, end: number): number {
  const view = viewOf(bytes);
  let hash = end - at;
  for (let i = at; i + 4 <= end; i += 4) {
    hash = Math.imul(hash ^ view.getInt32(i, true), 0x01000193);
    hash ^= hash >>> 15;
  }
  return Math.imul(hash ^ view.getInt32(end - 8, true), 0x01000193);
}

/** The bytes of a head, kept for comparison. */
export class HeadBytes {
  readonly byteLength: number;
  readonly #words: Int32Array;
  readonly #lastWord: number;

  /** @param end behind the head's last CRLF */
  constructor(bytes: Uint8Array, at: number, end: number) {
    const view = viewOf(bytes);
    this.byteLength = end - at;
    this.#words = Int32Array.from({ length: this.byteLength >> 2 }, (_, i) => view.getInt32(at + 4 * i, true));
    this.#lastWord = view.getInt32(end - 4, true);
  }

  /** Whether `bytes` from `at` on begins with this head. */
  matches(bytes: Uint8Array, at: number, end: number): boolean {
    if (end - at < this.byteLength) return false;
    const view = viewOf(bytes);
    const words = this.#words;
    if (view.getInt32(at + this.byteLength - 4, true) !== this.#lastWord) return false;
    for (let i = 0; i < words.length; i++) if (view.getInt32(at + 4 * i, true) !== words[i]) return false;
    return true;
  }
}

/** A request head and where it leads. */
export interface RememberedRequest {
  readonly hash: number;
  readonly head: HeadBytes;
  readonly method: number;
  readonly persistent: boolean;
  readonly route: Route;
  /** As `Exchange.coding`. */
  readonly coding: number;
  /** The branches that the head was composed for: a route that is bound anew has others. */
  readonly branches: readonly RouteBranch[];
  /** The head as it goes to an endpoint, up to the lines that are made for each request. */
  readonly composed: Piece;
}

/** The request heads that one server remembers. */
export class RequestMemory {
  /** The head that came last to each slot without being remembered, and how often in a row. */
  readonly #hashes = new Int32Array(SLOTS);
  readonly #rows = new Uint8Array(SLOTS);
  readonly #requests = new Array<RememberedRequest | null>(SLOTS).fill(null);
  /** Hash of the head last looked for; 0 for one that cannot be remembered. */
  hash = 0;
  /** The head last looked for has been here before: it is worth being remembered. */
  recurring = false;

  /** Looks for a head that is all of `bytes[at, end)`. */
  find(bytes: Uint8Array, at: number, end: number): RememberedRequest | null {
    const byteLength = end - at;
    this.hash = 0;
    this.recurring = false;
    if (byteLength > HEAD_BYTES_MAX || byteLength < HEAD_BYTES_MIN) return null;
    if (viewOf(bytes).getInt32(end - 4, true) !== CRLF_CRLF) return null;
    const hash = hashHead(bytes, at, end);
    const slot = hash & (SLOTS - 1);
    const request = this.#requests[slot] as RememberedRequest | null;
    if (request !== null && request.hash === hash && request.head.byteLength === byteLength) {
      if (request.head.matches(bytes, at, end)) {
        this.#rows[slot] = 0;
        return request;
      }
    }
    this.hash = hash;
    const inRow = this.#hashes[slot] === hash ? Math.min((this.#rows[slot] as number) + 1, CONTESTS) : 1;
    this.#hashes[slot] = hash;
    this.#rows[slot] = inRow;
    this.recurring = inRow >= (request === null ? 2 : CONTESTS);
    return null;
  }

  /** Remembers a request, in the place of another if need be. */
  remember(request: RememberedRequest): void {
    this.#requests[request.hash & (SLOTS - 1)] = request;
  }

  /** Forgets what no longer holds. */
  forget(request: RememberedRequest): void {
    const slot = request.hash & (SLOTS - 1);
    this.#requests[slot] = null;
    this.#hashes[slot] = request.hash;
    this.#rows[slot] = 1;
  }
}

/** A response head and what it says. */
export interface RememberedResponse {
  readonly head: HeadBytes;
  readonly status: number;
  readonly bodyKind: number;
  readonly contentLength: number;
  /** Whose classifier judged it: another service may take the same status for something else. */
  readonly service: ServiceStack;
  /** For a client that takes a coding the body would be compressed. */
  readonly codable: boolean;
  /** The head as it goes to an HTTP/1.1 client whose connection stays. */
  readonly rewritten: Piece;
}

/**
 * Whether a final response's meaning depends on no more than its bytes: framing, connection and via are plain, and it is no
 * failure, which is judged each time.
 */
export function isMemorable(parser: HeadParser): boolean {
  const { status, bodyKind, persistent, seen } = parser;
  if (status < 200 || status === 204 || status === 304 || status >= 500) return false;
  return persistent && bodyKind <= BODY_LENGTH && (seen & (1 << TOKEN_VIA)) === 0;
}

/** The last recurring response head of one endpoint. */
export class ResponseMemory {
  #response: RememberedResponse | null = null;
  #hash = 0;

  /** The remembered response that `bytes` from `at` on begins with. */
  find(bytes: Uint8Array, at: number, end: number): RememberedResponse | null {
    const response = this.#response;
    if (response === null || !response.head.matches(bytes, at, end)) return null;
    // Two heads that take turns must not drive each other out.
    this.#hash = 0;
    return response;
  }

  remember(response: RememberedResponse): void {
    this.#response = response;
  }

  /** Whether a head that is not remembered came before, and the remembered one not since. */
  recurs(bytes: Uint8Array, at: number, end: number): boolean {
    if (end - at > HEAD_BYTES_MAX) return false;
    const hash = hashHead(bytes, at, end);
    const recurring = hash === this.#hash;
    this.#hash = hash;
    return recurring;
  }
}
