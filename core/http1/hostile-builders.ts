/** Shorthand in which the hostile messages are written down. */
import type { Reason } from '../reasons.ts';
import type { Accepted, HostileMessage } from './hostile-message.ts';
import type { Framing } from './message-reader.ts';

type Extra = Omit<Partial<Accepted>, 'verdict' | 'framing' | 'body'>;

/** A request that is refused, with 400 unless said otherwise. */
export function badRequest(row: number, name: string, text: string, status = 400): HostileMessage {
  const expect = { verdict: 'refused', status, reason: REQUEST_REASONS[status]! } as const;
  return { row, name, side: 'request', requestMethod: '', text, expect };
}

/** A request that is accepted. */
export function goodRequest(
  row: number,
  name: string,
  text: string,
  framing: Framing,
  body = '',
  extra: Extra = {},
): HostileMessage {
  const expect = { verdict: 'accepted', framing, body, rest: 0, ...extra } as const;
  return { row, name, side: 'request', requestMethod: '', text, expect };
}

/** A response that is refused with 502. */
export function badResponse(row: number, name: string, text: string): HostileMessage {
  const expect = { verdict: 'refused', status: 502, reason: 'upstream_malformed' } as const;
  return { row, name, side: 'response', requestMethod: 'GET', text, expect };
}

/** A response that is accepted. */
export function goodResponse(
  row: number,
  name: string,
  text: string,
  framing: Framing,
  body = '',
  extra: Extra & { readonly requestMethod?: string } = {},
): HostileMessage {
  const { requestMethod = 'GET', ...rest } = extra;
  const expect = { verdict: 'accepted', framing, body, rest: 0, ...rest } as const;
  return { row, name, side: 'response', requestMethod, text, expect };
}

/** The same message cut short. */
export function cutShort(message: HostileMessage, name: string, bytes: number): HostileMessage {
  return { ...message, name, text: message.text.slice(0, bytes), expect: { verdict: 'incomplete' } };
}

/** `GET / HTTP/1.1` with a Host and further field lines. */
export function get(...lines: readonly string[]): string {
  return requestText('GET / HTTP/1.1', lines, '');
}

/** `POST / HTTP/1.1` with a Host, further field lines and what follows the head. */
export function post(body: string, ...lines: readonly string[]): string {
  return requestText('POST / HTTP/1.1', lines, body);
}

/** A head with a Host that begins with the given line. */
export function requestText(line: string, lines: readonly string[], body: string): string {
  return `${[line, 'Host: a', ...lines].join('\r\n')}\r\n\r\n${body}`;
}

/** A chunked POST whose body is the given bytes. */
export function postChunks(chunks: string): string {
  return post(chunks, 'Transfer-Encoding: chunked');
}

/** `HTTP/1.1 200 OK` with field lines and what follows the head. */
export function ok(body: string, ...lines: readonly string[]): string {
  return responseText('HTTP/1.1 200 OK', lines, body);
}

/** A response head that begins with the given line. */
export function responseText(line: string, lines: readonly string[], body: string): string {
  return `${[line, ...lines].join('\r\n')}\r\n\r\n${body}`;
}

const REQUEST_REASONS: Readonly<Record<number, Reason>> = {
  400: 'bad_request',
  414: 'uri_too_long',
  417: 'expectation_failed',
  431: 'headers_too_large',
  501: 'unsupported_transfer_coding',
  505: 'unsupported_version',
};
