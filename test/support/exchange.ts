/** One request and its response, read as far as a test has to know it; and the upstream that shows what it was sent. */
import { RawClient } from './raw-client.ts';
import type { UpstreamScript } from './scripted-upstream.ts';

/** A message head: its first line, and its fields with names in lower case, in order. */
export interface Head {
  readonly line: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** A response, or whatever came instead. */
export interface Answer extends Head {
  readonly status: number;
  readonly body: string;
  /** The connection was closed behind it. */
  readonly closed: boolean;
}

/** Reads a head. @param text up to and with its empty line */
export function readHead(text: string): Head {
  const [line = '', ...lines] = text.split('\r\n').filter((part) => part !== '');
  const fields = lines.map((field): [string, string] => {
    const colon = field.indexOf(':');
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
  });
  return { line, fields };
}

/** All values of a field, in order. */
export function valuesOf(head: Head, name: string): string[] {
  return head.fields.filter(([field]) => field === name).map(([, value]) => value);
}

/** The value of a field that is there at most once. @throws RangeError when it is there more often */
export function soleValueOf(head: Head, name: string): string | undefined {
  const values = valuesOf(head, name);
  if (values.length > 1) throw new RangeError(`${name} is there ${values.length} times`);
  return values[0];
}

/**
 * Sends a request on a connection of its own and reads the response by its Content-Length, or to the end of the stream.
 *
 * @param request as bytes, body included
 */
export async function ask(port: number, request: string): Promise<Answer> {
  const client = await RawClient.open(port);
  try {
    client.send(request);
    await client.until('a response', (received) => client.ended || isWhole(received, request));
    // A connection that ends with its response ends soon after it.
    if (/^connection: close\r$/im.test(client.received)) await client.untilEnd();
    return readAnswer(client.received, client.ended);
  } finally {
    client.close();
  }
}

/** A GET with a Host and further lines. @param lines each without its CRLF */
export function get(host: string, ...lines: readonly string[]): string {
  return `GET / HTTP/1.1\r\n${[`Host: ${host}`, ...lines].map((line) => `${line}\r\n`).join('')}\r\n`;
}

function isWhole(received: string, request: string): boolean {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return false;
  if (request.startsWith('HEAD ') || /^HTTP\/1\.1 (204|304) /.test(received)) return true;
  if (/^transfer-encoding: *chunked\r$/im.test(received.slice(0, end + 2))) return received.endsWith('0\r\n\r\n');
  const length = /^content-length: *(\d+)\r$/im.exec(received.slice(0, end + 2))?.[1];
  return length !== undefined && received.length >= end + 4 + Number(length);
}

function readAnswer(received: string, closed: boolean): Answer {
  const end = received.indexOf('\r\n\r\n');
  const head = readHead(received.slice(0, Math.max(end, 0)));
  const status = Number(head.line.split(' ')[1] ?? 0);
  return { ...head, status, body: end < 0 ? '' : received.slice(end + 4), closed };
}

/** Answers every request with its own head as body, so that a test sees what an endpoint sees. */
export const echoHead: UpstreamScript = async (connection) => {
  for (let head = await connection.head(); head !== null; head = await connection.head()) {
    await connection.bytes(Number(/^content-length: *(\d+)\r$/im.exec(head)?.[1] ?? 0));
    connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head}`);
  }
};
