/**
 * How a router writes the heads of requests, by what the client speaks that they go to. Both ways leave the head in a block of the
 * exchange's own, where it stays until a response begins.
 */
import type { ParsedHead } from '../../core/http1/parsed-head.ts';
import type { Piece } from '../http1/field-lines.ts';
import type { ForwardedElement } from '../http1/forwarded-element.ts';
import type { TracePropagator } from '../http1/trace-propagator.ts';
import type { Exchange } from '../router/exchange.ts';
import type { RouteBranch } from '../router/routes.ts';

/** Writes the heads of requests that come over HTTP/2. */
export interface RequestHeads {
  /** Where, in the head last written, what is made for each request begins: what lies before can be used again. */
  readonly composedEnd: number;
  /** What carries the trace on. */
  readonly trace: TracePropagator;
  /** Heads that were written may be used again. */
  readonly remembers: boolean;
  /** The endpoints' protocol has tunnels on streams: CONNECT can go on. */
  readonly tunnels: boolean;
  /**
   * Writes a head for a branch, into `exchange`.
   *
   * @param consumedBytes of the target's start that are not forwarded
   * @param forwarded the connection's element of `Forwarded`, null for none
   * @returns false when no block is left
   */
  write(
    exchange: Exchange,
    branch: RouteBranch,
    head: ParsedHead,
    consumedBytes: number,
    clearContext: boolean,
    forwarded?: ForwardedElement | null,
  ): boolean;
  /** Writes a head that was composed before, into `exchange`. @returns false when no block is left */
  writeRemembered(exchange: Exchange, composed: Piece): boolean;
}
