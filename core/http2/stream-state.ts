/**
 * The life of a stream (RFC 9113 section 5.1) as a table: state and event in, next state or error out.
 *
 *                         R: received   S: sent   ES: with END_STREAM   H: HEADERS
 *
 *      IDLE_PEER (ours to wait for)              IDLE_OWN (ours to open; not the peer's)
 *            |  R H                                    |  S H
 *            +--------------------> OPEN <-------------+
 *            |                     |    |              |
 *            |  R H ES       R ES  |    |  S ES        |  S H ES
 *            v                     v    v              v
 *         HALF_CLOSED_REMOTE <-----+    +------> HALF_CLOSED_LOCAL
 *            |        |                            |        |
 *            |  S ES  |  S RST              R ES   |        |  S RST (from OPEN too)
 *            v        v                            v        v
 *          CLOSED <---+----------------------------+   RESET_BY_US --- R ES ---> CLOSED
 *                                                           |
 *          R RST, from every state but IDLE ------> RESET_BY_PEER
 *
 *      FORGOTTEN_PEER, FORGOTTEN_OWN: not above the highest id, and not remembered any more (`stream-ids.ts`)
 *
 * No state is reserved: pushes are refused before they get here. PRIORITY may come at any time and changes nothing.
 *
 * A stream that we have reset while the peer could still send (RESET_BY_US) may yet see every frame that was under way.
 * Those are IGNORED: dropped, but HEADERS go through the HPACK decoder, and DATA count against the window of the
 * connection and are credited to it at once. The peer of a stream that ended otherwise has no such excuse, except for
 * WINDOW_UPDATE and RST_STREAM, which may have crossed our END_STREAM.
 */
import {
  ERR_CLOSED,
  ERR_HALF_CLOSED,
  ERR_IDLE_DATA,
  ERR_IDLE_RST,
  ERR_IDLE_WINDOW_UPDATE,
  ERR_SEND,
  ERR_STREAM_ID,
} from './protocol-errors.ts';

export const IDLE_PEER = 0;
export const IDLE_OWN = 1;
export const OPEN = 2;
/** We have ended our half. */
export const HALF_CLOSED_LOCAL = 3;
/** The peer has ended its half. */
export const HALF_CLOSED_REMOTE = 4;
/** The peer has ended its half, and we ended or reset ours. */
export const CLOSED = 5;
/** We have reset it before the peer ended its half. */
export const RESET_BY_US = 6;
export const RESET_BY_PEER = 7;
/** An old id that the peer may have opened, or passed over: HEADERS cannot open it any more (section 5.1.1). */
export const FORGOTTEN_PEER = 8;
/** An old id of ours: anything may still be under way from the peer. */
export const FORGOTTEN_OWN = 9;
/** Number of states. */
export const STATES = 10;

export const RECV_HEADERS = 0;
export const RECV_HEADERS_END = 1;
export const RECV_DATA = 2;
export const RECV_DATA_END = 3;
export const RECV_RST = 4;
export const RECV_WINDOW_UPDATE = 5;
export const RECV_PRIORITY = 6;
export const SEND_HEADERS = 7;
export const SEND_HEADERS_END = 8;
export const SEND_DATA = 9;
export const SEND_DATA_END = 10;
export const SEND_RST = 11;
export const SEND_WINDOW_UPDATE = 12;
/** Number of events. CONTINUATION is part of its HEADERS. */
export const EVENTS = 13;

/** Set in a result: the frame is to be dropped, see above. */
export const IGNORED = 0x10;
const STATE_MASK = 0x0f;

/** The state after a result that is no error. */
export function stateOf(result: number): number {
  return result & STATE_MASK;
}

/** Whether the frame is to be dropped, after a result that is no error. */
export function isIgnored(result: number): boolean {
  return (result & IGNORED) !== 0;
}

/**
 * What an event does to a stream.
 *
 * @returns the next state, perhaps with {@link IGNORED}; or an error of `protocol-errors.ts`, and the state stays until
 *   the RST_STREAM that a stream error asks for is sent (SEND_RST)
 */
export function transition(state: number, event: number): number {
  return TABLE[state * EVENTS + event]!;
}

/** The event of a received DATA or HEADERS. */
export function receiveEvent(isHeaders: boolean, endStream: boolean): number {
  return (isHeaders ? RECV_HEADERS : RECV_DATA) + (endStream ? 1 : 0);
}

/** The event of a DATA or HEADERS to send. */
export function sendEvent(isHeaders: boolean, endStream: boolean): number {
  return (isHeaders ? SEND_HEADERS : SEND_DATA) + (endStream ? 1 : 0);
}

/** Whether the stream is at its end: nothing but IGNORED frames can come of it. */
export function isEnded(state: number): boolean {
  return state >= CLOSED;
}

/** Whether we may still send DATA or HEADERS. */
export function canSend(state: number): boolean {
  return state === OPEN || state === HALF_CLOSED_REMOTE;
}

/** Whether DATA or HEADERS may still come that are not IGNORED. */
export function canReceive(state: number): boolean {
  return state === OPEN || state === HALF_CLOSED_LOCAL;
}

const TABLE = buildTable();

/** A row says what the first seven events do; the last six are all ERR_SEND unless given. */
function buildTable(): Int32Array {
  const table = new Int32Array(STATES * EVENTS).fill(ERR_SEND);
  const receive = (state: number, ...results: readonly number[]): void => {
    results.forEach((result, event) => {
      table[state * EVENTS + event] = result;
    });
  };
  const send = (state: number, ...results: readonly number[]): void => {
    results.forEach((result, i) => {
      table[state * EVENTS + SEND_HEADERS + i] = result;
    });
  };
  const drop = (state: number) => state | IGNORED;
  const idle = [ERR_IDLE_DATA, ERR_IDLE_DATA, ERR_IDLE_RST, ERR_IDLE_WINDOW_UPDATE] as const;
  const local = HALF_CLOSED_LOCAL;
  const remote = HALF_CLOSED_REMOTE;
  const closed = CLOSED;

  //  state | HEADERS | + END | DATA | + END | RST | WINDOW_UPDATE | PRIORITY
  receive(IDLE_PEER, OPEN, remote, ...idle, drop(IDLE_PEER));
  receive(IDLE_OWN, ERR_STREAM_ID, ERR_STREAM_ID, ...idle, drop(IDLE_OWN));
  receive(OPEN, OPEN, remote, OPEN, remote, RESET_BY_PEER, OPEN, drop(OPEN));
  receive(local, local, closed, local, closed, RESET_BY_PEER, local, drop(local));
  receive(remote, ...repeat(ERR_HALF_CLOSED, 4), RESET_BY_PEER, remote, drop(remote));
  receive(closed, ...repeat(ERR_CLOSED, 4), ...repeat(drop(closed), 3));
  receive(RESET_BY_PEER, ...repeat(ERR_CLOSED, 4), ...repeat(drop(RESET_BY_PEER), 3));
  const [reset, ended] = [drop(RESET_BY_US), drop(closed)];
  receive(RESET_BY_US, reset, ended, reset, ended, drop(RESET_BY_PEER), reset, reset);
  receive(FORGOTTEN_PEER, ERR_STREAM_ID, ERR_STREAM_ID, ...repeat(drop(FORGOTTEN_PEER), 5));
  receive(FORGOTTEN_OWN, ...repeat(drop(FORGOTTEN_OWN), 7));

  //  state | HEADERS | + END | DATA | + END | RST | WINDOW_UPDATE
  send(IDLE_OWN, OPEN, local);
  send(OPEN, OPEN, local, OPEN, local, RESET_BY_US, OPEN);
  send(local, ERR_SEND, ERR_SEND, ERR_SEND, ERR_SEND, RESET_BY_US, local);
  send(remote, remote, closed, remote, closed, closed, remote);
  return table;
}

function repeat(result: number, times: number): number[] {
  return new Array<number>(times).fill(result);
}
