/**
 * Which streams were ever opened on a connection, in bounded memory (RFC 9113 section 5.1.1): the highest id of each side
 * says which are idle, the few that ended last are remembered with how they ended, all others are forgotten.
 *
 *     client's ids  1  3  5  7  9  11 | 13 15 ...                  server's ids  2  4  6 ... are for pushes: never opened
 *                   forgotten   ended | idle
 *                            ^  ^     ^ highest
 *                            remembered: the last that we reset, and the last that ended otherwise
 *
 * Streams that we reset are remembered apart: while frames for one of them are under way, any number of others may end.
 * The live streams themselves are kept by the connection, which asks here only when it does not find an id.
 */
import { UINT31_MAX } from './frame.ts';
import { ERR_GOAWAY_RAISED, ERR_STREAM_ID } from './protocol-errors.ts';
import {
  CLOSED,
  FORGOTTEN_OWN,
  FORGOTTEN_PEER,
  IDLE_OWN,
  IDLE_PEER,
  RESET_BY_PEER,
  RESET_BY_US,
} from './stream-state.ts';

/** Ended streams that are remembered, of each of the two sorts. */
export const REMEMBERED_STREAMS = 32;

/** The last few ids put in, found again by looking at each. */
class IdRing {
  readonly #ids: Int32Array = new Int32Array(REMEMBERED_STREAMS);
  #next = 0;

  add(id: number): void {
    this.#ids[this.#next] = id;
    this.#next = (this.#next + 1) % REMEMBERED_STREAMS;
  }

  indexOf(id: number): number {
    return this.#ids.indexOf(id);
  }

  /** The place that the id added last was put to. */
  get last(): number {
    return (this.#next + REMEMBERED_STREAMS - 1) % REMEMBERED_STREAMS;
  }

  removeAt(index: number): void {
    this.#ids[index] = 0;
  }
}

/** The ids of one connection. */
export class StreamIds {
  /** The highest id that the peer has opened; what GOAWAY names. */
  highestPeer = 0;
  /** The highest id that we have opened. */
  highestOwn = 0;
  /** Streams of the peer above this one are refused: the last stream of the GOAWAY that we sent. */
  acceptedMax: number = UINT31_MAX;
  /** Streams of ours above this one were not acted upon: the last stream of the GOAWAY that came. */
  peerAcceptedMax: number = UINT31_MAX;
  /** A GOAWAY has come: no further stream of ours may be opened. */
  goaway = false;
  readonly #isServer: boolean;
  readonly #resetByUs = new IdRing();
  readonly #ended = new IdRing();
  readonly #howEnded: Uint8Array = new Uint8Array(REMEMBERED_STREAMS);

  constructor(isServer: boolean) {
    this.#isServer = isServer;
  }

  /**
   * The state of a stream that is not alive, for `transition`. After our GOAWAY a stream of the peer above its last one is
   * RESET_BY_US: what comes for it is dropped (section 6.8).
   *
   * @param id not 0
   */
  stateOf(id: number): number {
    const own = this.#isOwn(id);
    const highest = own ? this.highestOwn : this.highestPeer;
    if (id > highest) {
      if (own || !this.#isServer) return IDLE_OWN;
      return id > this.acceptedMax ? RESET_BY_US : IDLE_PEER;
    }
    if (this.#resetByUs.indexOf(id) >= 0) return RESET_BY_US;
    const ended = this.#ended.indexOf(id);
    if (ended >= 0) return this.#howEnded[ended]!;
    return own ? FORGOTTEN_OWN : FORGOTTEN_PEER;
  }

  /** The peer opens a stream, which closes all idle ones of its own below. @returns 0 or ERR_STREAM_ID */
  openPeer(id: number): number {
    if (!this.#isServer || this.#isOwn(id) || id <= this.highestPeer) return ERR_STREAM_ID;
    this.highestPeer = id;
    return 0;
  }

  /**
   * Takes the next id of ours; only a client opens streams.
   *
   * @returns the id, or -1 when they are used up or the peer takes none any more: another connection is needed
   */
  openOwn(): number {
    const id = this.highestOwn === 0 ? 1 : this.highestOwn + 2;
    if (this.#isServer || id > UINT31_MAX || this.goaway) return -1;
    this.highestOwn = id;
    return id;
  }

  /** Remembers a stream that has left the connection's hands. @param state CLOSED, RESET_BY_US or RESET_BY_PEER */
  ended(id: number, state: number): void {
    if (state === RESET_BY_US) {
      this.#resetByUs.add(id);
      return;
    }
    const reset = this.#resetByUs.indexOf(id);
    if (reset >= 0) this.#resetByUs.removeAt(reset);
    this.#ended.add(id);
    this.#howEnded[this.#ended.last] = state === RESET_BY_PEER ? RESET_BY_PEER : CLOSED;
  }

  /**
   * Takes over the last stream id of a received GOAWAY, which may be repeated with a lower one.
   *
   * @returns 0, or ERR_GOAWAY_RAISED (section 6.8)
   */
  goawayReceived(lastStreamId: number): number {
    if (lastStreamId > this.peerAcceptedMax) return ERR_GOAWAY_RAISED;
    this.peerAcceptedMax = lastStreamId;
    this.goaway = true;
    return 0;
  }

  #isOwn(id: number): boolean {
    return ((id & 1) === 0) === this.#isServer;
  }
}
