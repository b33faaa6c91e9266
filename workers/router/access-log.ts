/**
 * A router's access log, as far as its workers have to do with it: a record for each attempt that an endpoint answered, put
 * into a ring from which the supervisor takes it (core/shared/access-record.ts, spec 03 section 5.1).
 *
 *     request's head --begin--> record without an answer, in a block of the exchange's own
 *     response's head --answered--> status, length and time written into it, pushed        once for each attempt
 *     exchange over --end--> the block is free
 *
 * A ring that is full drops the record: the log never holds a request up.
 */
import type { RingBuffer } from 'ringbuf.js';
import { asciiBytes } from '../../core/http1/ascii.ts';
import { findField, NO_FIELD } from '../../core/http1/field-lookup.ts';
import { FIELD_VALUE_END, FIELD_VALUE_START, type ParsedHead, TARGET_AUTHORITY } from '../../core/http1/parsed-head.ts';
import {
  RECORD_ADDRESS,
  RECORD_FAMILY,
  RECORD_LENGTH,
  RECORD_MINOR,
  RECORD_ROUTER,
  RECORD_SECONDS,
  RECORD_STATUS,
  RECORD_TEXT_AT,
  RECORD_TEXTS,
  RECORD_WORDS,
} from '../../core/shared/access-record.ts';
import { copyBytes } from '../http1/field-lines.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import type { Net } from '../net/net.ts';
import type { Exchange } from './exchange.ts';

const REFERER = asciiBytes('referer');
const USER_AGENT = asciiBytes('user-agent');
const SLASH = 0x2f;
const STAR = 0x2a;
/** Of a text that the request has not. */
const NONE = -1;

/** Writes the records of one router in one worker. */
export class AccessLog {
  readonly #router: number;
  readonly #net: Net;
  readonly #ring: RingBuffer;
  readonly #wallClockMs: () => number;

  constructor(router: number, net: Net, ring: RingBuffer, wallClockMs: () => number) {
    this.#router = router;
    this.#net = net;
    this.#ring = ring;
    this.#wallClockMs = wallClockMs;
  }

  /**
   * Notes what a request is, for the answers to come. Without memory for that it is left out of the log.
   *
   * @param consumedBytes of the target's start that are not forwarded
   * @param fd the client's connection
   */
  begin(exchange: Exchange, head: ParsedHead, consumedBytes: number, fd: number): void {
    const { bytes, memory, sockets } = this.#net;
    const referer = findField(bytes, head, REFERER);
    const userAgent = findField(bytes, head, USER_AGENT);
    const isAuthority = head.targetForm === TARGET_AUTHORITY;
    const targetAt = isAuthority ? head.authorityStart : head.targetStart + consumedBytes;
    const targetEnd = isAuthority ? head.authorityEnd : head.targetEnd;
    const capacity =
      4 * RECORD_TEXT_AT +
      (head.methodEnd - head.methodStart) +
      (head.authorityEnd - head.authorityStart) +
      (targetEnd - targetAt + 1) +
      valueBytes(head, referer) +
      valueBytes(head, userAgent) +
      4;
    const at = this.#net.takeBlock(capacity);
    if (at === NO_BLOCK) {
      this.#net.limitMet('accessLogRingBytes');
      return;
    }
    const { words } = memory;
    const record = at >> 2;
    words[record + RECORD_ROUTER] = this.#router;
    words[record + RECORD_FAMILY] = sockets.peerAddress(fd, words, record + RECORD_ADDRESS);
    words[record + RECORD_MINOR] = head.versionMinor;
    let end = at + 4 * RECORD_TEXT_AT;
    end = this.#writeText(record, 0, end, copyBytes(bytes, end, head.methodStart, head.methodEnd));
    end = this.#writeText(record, 1, end, copyBytes(bytes, end, head.authorityStart, head.authorityEnd));
    end = this.#writeText(record, 2, end, copyTarget(bytes, end, targetAt, targetEnd, isAuthority));
    end = this.#writeField(record, 3, end, head, referer);
    end = this.#writeField(record, 4, end, head, userAgent);
    words[record + RECORD_WORDS] = (end + 3 - at) >> 2;
    exchange.recordAt = at;
    exchange.recordBytes = capacity;
  }

  #writeText(record: number, index: number, at: number, end: number): number {
    this.#net.memory.words[record + RECORD_TEXTS + index] = end - at;
    return end;
  }

  #writeField(record: number, index: number, at: number, head: ParsedHead, place: number): number {
    const { bytes, memory } = this.#net;
    if (place === NO_FIELD) {
      memory.words[record + RECORD_TEXTS + index] = NONE;
      return at;
    }
    const { fields } = head;
    const from = fields[place + FIELD_VALUE_START] as number;
    return this.#writeText(record, index, at, copyBytes(bytes, at, from, fields[place + FIELD_VALUE_END] as number));
  }

  /** An endpoint has answered, whatever becomes of the rest of its response. @param contentLength -1 without one */
  answered(exchange: Exchange, contentLength: number): void {
    const { words } = this.#net.memory;
    const record = exchange.recordAt >> 2;
    words[record + RECORD_STATUS] = exchange.status;
    words[record + RECORD_SECONDS] = this.#wallClockMs() / 1000;
    words[record + RECORD_LENGTH] = contentLength;
    words[record + RECORD_LENGTH + 1] = contentLength < 0 ? NONE : contentLength / 2 ** 32;
    const length = words[record + RECORD_WORDS] as number;
    if (this.#ring.availableWrite() < length) this.#net.limitMet('accessLogRingBytes');
    else this.#ring.push(words, length, record);
  }

  /** The exchange is over. */
  end(exchange: Exchange): void {
    this.#net.giveBlock(exchange.recordAt, exchange.recordBytes);
    exchange.recordAt = NO_BLOCK;
  }
}

function valueBytes({ fields }: ParsedHead, place: number): number {
  return place === NO_FIELD
    ? 0
    : (fields[place + FIELD_VALUE_END] as number) - (fields[place + FIELD_VALUE_START] as number);
}

/** The target as it is forwarded: a path begins with a slash, whatever a name has consumed of it. @returns the end */
function copyTarget(bytes: Uint8Array, at: number, from: number, to: number, isAuthority: boolean): number {
  let end = at;
  const first = from < to ? (bytes[from] as number) : 0;
  if (!isAuthority && first !== SLASH && first !== STAR) bytes[end++] = SLASH;
  return copyBytes(bytes, end, from, to);
}
