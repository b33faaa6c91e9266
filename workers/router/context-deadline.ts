/**
 * `l5d-ctx-deadline` as an endpoint gets it (spec 03 sections 4.1 and 4.2): the strictest of what the request brought and of
 * Weft's own time-outs, told anew with each attempt.
 *
 *     no time-out of Weft's   as the client wrote it; several values as their strictest combination
 *     total or attempt        written last in the head, over and over at the same place:
 *
 *         l5d-ctx-trace: ...  l5d-ctx-deadline: 1700000000123000000 1700000000173000000
 *                                               ^-- deadlineBack bytes in front of the head's end
 */
import type { ParsedHead } from '../../core/http1/parsed-head.ts';
import { DEADLINE_BYTES, Deadline } from '../../core/resilience/deadline.ts';
import { readDeadline } from '../http1/context-fields.ts';
import { copyPiece, piece } from '../http1/field-lines.ts';
import { fieldStart } from '../http2/prepared-fields.ts';
import { NEVER } from '../reactor/timer-wheel.ts';
import type { Exchange } from './exchange.ts';
import type { RouteBranch } from './routes.ts';

/** What the field takes in a head of either protocol. */
export const DEADLINE_FIELD_BYTES = DEADLINE_BYTES + 24;

const LINE_START = piece('l5d-ctx-deadline: ');
const LINE_END = piece('\r\n');
/** The empty line. */
const HEAD_END_BYTES = 2;
const FIELD_START = fieldStart('l5d-ctx-deadline', DEADLINE_BYTES);
/** As good as no bound, for an attempt that has none where the one before had. */
const UNBOUNDED_MS = 1e12;

/** What is told at the moment. */
const told = new Deadline();

/** Whether Weft's own time-outs bound an exchange, so that its deadline is Weft's to write. */
export function hasDeadline(exchange: Exchange, branch: RouteBranch): boolean {
  return exchange.totalTick !== NEVER || branch.client.attemptTimeoutMs > 0;
}

/**
 * Writes the field as the last of an HTTP/1 head, still without what it says.
 *
 * @param head whose deadlines are combined with Weft's; null for none
 * @returns the end of its line
 */
export function reserveDeadlineLine(
  exchange: Exchange,
  bytes: Uint8Array,
  at: number,
  head: ParsedHead | null,
): number {
  takeOver(exchange, bytes, head);
  exchange.deadlineBack = DEADLINE_BYTES + LINE_END.byteLength + HEAD_END_BYTES;
  return copyPiece(bytes, copyPiece(bytes, at, LINE_START) + DEADLINE_BYTES, LINE_END);
}

/** Writes the field as the last of a header block of HTTP/2. @returns its end */
export function reserveDeadlineField(
  exchange: Exchange,
  bytes: Uint8Array,
  at: number,
  head: ParsedHead | null,
): number {
  takeOver(exchange, bytes, head);
  exchange.deadlineBack = DEADLINE_BYTES;
  return copyPiece(bytes, at, FIELD_START) + DEADLINE_BYTES;
}

function takeOver(exchange: Exchange, bytes: Uint8Array, head: ParsedHead | null): void {
  exchange.deadline ??= new Deadline();
  if (head === null) exchange.deadline.clear();
  else readDeadline(bytes, head, exchange.deadline);
}

/** Tells the endpoint of an attempt that begins now. @param remainingMs that Weft gives it; Infinity without a bound */
export function tellDeadline(exchange: Exchange, bytes: Uint8Array, nowMs: number, remainingMs: number): void {
  told.set(exchange.deadline as Deadline);
  if (remainingMs !== Number.POSITIVE_INFINITY) told.combineTimeout(nowMs, remainingMs);
  else if (!told.isSet) told.combineTimeout(nowMs, UNBOUNDED_MS);
  told.write(bytes, exchange.headAt + exchange.headBytes - exchange.deadlineBack);
}
