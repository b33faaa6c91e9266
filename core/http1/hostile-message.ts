/** The shape of an entry in the list of hostile HTTP/1 messages (`hostile.ts`). */
import type { Reason } from '../reasons.ts';
import type { Framing, Side } from './message-reader.ts';

/** The message is refused, the connection closed. */
export interface Refused {
  readonly verdict: 'refused';
  readonly status: number;
  readonly reason: Reason;
}

/** The message is read as far as it goes, and `rest` bytes behind it belong to something else. */
export interface Accepted {
  readonly verdict: 'accepted';
  readonly framing: Framing;
  readonly body: string;
  /** Bytes of the input behind the message: a pipelined request, tunnel bytes held back, or what an upstream may not send. */
  readonly rest: number;
  /** The connection may be used again; absent where the entry is not about it. */
  readonly persistent?: boolean;
  /** Names, in lower case, that must not be among the fields that are forwarded. */
  readonly withheld?: readonly string[];
  /** Names, in lower case, that must not be among the trailers that are forwarded. */
  readonly withheldTrailers?: readonly string[];
  /** Names, in lower case, that must be among the one or the other. */
  readonly forwarded?: readonly string[];
}

/** The message is not complete: a peer that ends or stalls here is what timeouts and truncation are about. */
export interface Incomplete {
  readonly verdict: 'incomplete';
}

/** One entry. */
export interface HostileMessage {
  /** Row of the hostile-inputs table. */
  readonly row: number;
  readonly name: string;
  readonly side: Side;
  /** For a response: the name of the method that it answers. */
  readonly requestMethod: string;
  /** Latin-1: one character is one byte. */
  readonly text: string;
  readonly expect: Refused | Accepted | Incomplete;
}
