/**
 * The seam between what the admin server answers and what carries it. Two transports stand behind it: uWebSockets.js,
 * whose native binary does not load everywhere (it wants glibc 2.38), and Node's own http server, which does.
 */

import type { CountedLimitName, LimitValues } from '../../core/limits.ts';

/** A request, its body read whole and bounded. */
export interface AdminRequest {
  /** As sent, upper case. HEAD is answered by the transport from the answer to GET, and arrives here as GET. */
  readonly method: string;
  /** The path as sent, not decoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Media type in lower case without parameters; '' when there is none. */
  readonly contentType: string;
  readonly body: string;
}

/** An answer. */
export interface AdminResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Methods allowed, for a 405. */
  readonly allow?: string;
}

/** Answers one request; never throws. */
export type AdminHandler = (request: AdminRequest) => Promise<AdminResponse>;

/** What a transport needs to listen. */
export interface ListenOptions {
  readonly ip: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly limits: Pick<LimitValues, 'adminBodyBytesMax' | 'adminConnectionsMax' | 'adminRequestTimeoutMs'>;
  readonly handler: AdminHandler;
  readonly limitMet: (name: CountedLimitName) => void;
}

/** A listening server. */
export interface Listening {
  readonly port: number;
  /** Stops accepting, lets answers under way finish for at most {@link CLOSE_GRACE_MS}, then cuts what is left. */
  close(): Promise<void>;
}

/** Carries requests to a handler. */
export interface AdminTransport {
  readonly name: string;
  /** @throws AdminListenError when the address cannot be bound */
  listen(options: ListenOptions): Promise<Listening>;
}

/** Time for answers under way when the server closes. */
export const CLOSE_GRACE_MS = 1000;

/** The admin address could not be bound; `code` is the system's (`EADDRINUSE`, ...). */
export class AdminListenError extends Error {
  readonly code: string;

  constructor(ip: string, port: number, code: string) {
    const reason = code === 'EADDRINUSE' ? 'the port is in use' : 'the address cannot be bound';
    super(`admin: cannot listen on ${ip}:${port}: ${reason} (${code})`);
    this.code = code;
  }
}

/** The path and query of a request target in origin or absolute form (RFC 9112 section 3.2). */
export function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const origin = target.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = origin.indexOf('?');
  const path = mark < 0 ? origin : origin.slice(0, mark);
  return { path: path === '' ? '/' : path, query: new URLSearchParams(mark < 0 ? '' : origin.slice(mark + 1)) };
}

/** A Content-Type without its parameters, in lower case. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

/** Header fields of an answer, its length excepted. */
export function headersOf(response: AdminResponse): readonly (readonly [name: string, value: string])[] {
  const headers: [string, string][] = [['X-Content-Type-Options', 'nosniff']];
  if (response.contentType !== '') headers.unshift(['Content-Type', response.contentType]);
  if (response.allow !== undefined) headers.push(['Allow', response.allow]);
  return headers;
}
