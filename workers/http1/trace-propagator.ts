/**
 * How a request's trace goes on to the next hop (`tracePropagator`, spec 03 sections 4.1 and 4.2): which fields it is read
 * from, and which it is written into. One of a router's; the writers of all four ways between HTTP/1 and HTTP/2 ask it.
 */
import type { ParsedHead } from '../../core/http1/parsed-head.ts';

/** Reads and writes the trace of one request at a time. */
export interface TracePropagator {
  /** Tokens of the fields that it reads or writes, one bit each: they do not go on as they came. */
  readonly fields: number;
  /** Most bytes that {@link writeLines} writes, and {@link writeFields}. */
  readonly lineBytesMax: number;
  readonly fieldBytesMax: number;
  /** Begins the context of a request: that which its head goes on with, or a new one. @param clearContext believe no client */
  begin(bytes: Uint8Array, head: ParsedHead, clearContext: boolean): void;
  /** Begins the context of a request that brings none. */
  beginNew(): void;
  /** Writes the context begun last as HTTP/1 lines. @returns the end */
  writeLines(bytes: Uint8Array, at: number): number;
  /** Writes it as fields of an HTTP/2 header block. @returns the end */
  writeFields(bytes: Uint8Array, at: number): number;
}
