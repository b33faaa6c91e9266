/**
 * A response that is not passed on yet, because how it ends decides whether the request is sent once more (spec 05 section
 * 11.1).
 *
 *     begin --> head, content, content ... --> its end says failure that is retryable: dropped
 *                                          \-> anything else, too much content, or time: passed on, byte for byte
 *
 * Trailers are never here: with them the verdict is there.
 */
import type { FieldSection } from '../../core/http2/field-section.ts';
import { readResponseHead } from '../../core/http2/message-head.ts';
import type { ByteQueue } from '../net/byte-queue.ts';
import type { Net } from '../net/net.ts';
import type { Downstream } from '../router/exchange.ts';
import { ParkedHead } from './parked-head.ts';
import type { RememberedResponse } from './response-memory.ts';

/** What a stream holds. */
export class HeldResponse {
  readonly #net: Net;
  /** The head: as it goes to the client, or as it came. */
  #known: RememberedResponse | null = null;
  #head: ParkedHead | null = null;
  #content: ByteQueue | null = null;
  /** Bytes of content that count: behind them there may be a part of what found no room. */
  byteLength = 0;

  constructor(net: Net) {
    this.#net = net;
  }

  /** Holds a head that was coded for the client before. */
  beginKnown(known: RememberedResponse): void {
    this.#known = known;
  }

  /** Holds a head that was decoded. */
  begin(head: FieldSection): void {
    this.#head = new ParkedHead(head);
  }

  /** Holds content. @returns false when there is no room for it */
  add(at: number, byteLength: number): boolean {
    this.#content ??= this.#net.takeKeptQueue();
    if (!this.#content.append(at, byteLength)) return false;
    this.byteLength += byteLength;
    return true;
  }

  /** The head is one that was decoded. */
  get isDecoded(): boolean {
    return this.#head !== null;
  }

  /**
   * Tells the client of the head.
   *
   * @param section for a decoded one, which it overwrites
   * @param method of the request
   */
  passOnHead(downstream: Downstream, section: FieldSection, method: number): void {
    const known = this.#known;
    const head = this.#head;
    this.#known = null;
    this.#head = null;
    this.byteLength = 0;
    if (known !== null) {
      downstream.respondCoded(known.rewritten, false);
    } else if (head !== null) {
      head.restore(section);
      // It was in order the first time: this finds its status again, and what there is of a body.
      readResponseHead(section, method, false);
      downstream.respond(section, false);
    }
  }

  /** The content, of which {@link byteLength} counts, and which is the caller's now to give back; null for none. */
  takeContent(): ByteQueue | null {
    const content = this.#content;
    this.#content = null;
    return content;
  }

  /** Drops everything. */
  clear(): void {
    this.#known = null;
    this.#head = null;
    this.byteLength = 0;
    if (this.#content !== null) this.#net.giveKeptQueue(this.#content);
    this.#content = null;
  }
}
