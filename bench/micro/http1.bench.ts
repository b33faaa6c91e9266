/** Nanoseconds a head and a chunk. A proxied request spends one request head and one response head here. */
import { ChunkedDecoder, KIND } from '../../core/http1/chunked.ts';
import { METHOD_GET } from '../../core/http1/methods.ts';
import { readLimits } from '../../core/limits.ts';
import { bench, keep } from './harness.ts';
import { BROWSER_REQUEST, NGINX_RESPONSE, WRK_REQUEST } from './messages.ts';
import { createParser } from './world.ts';

const parser = createParser();
const chunks = new ChunkedDecoder(readLimits({}).chunkLineBytesMax);

const CHUNKED_BODY = `${'400\r\n'}${'x'.repeat(1024)}\r\n`.repeat(8).concat('0\r\n\r\n');

/** Message bytes in the middle of a larger buffer, as in a worker. */
function inReadBuffer(text: string): Uint8Array {
  const bytes = new Uint8Array(131072);
  bytes.set(Buffer.from(text, 'latin1'), 4096);
  return bytes;
}

function benchRequest(name: string, text: string): void {
  const bytes = inReadBuffer(text);
  bench(`${name} (${text.length} bytes)`, (iterations) => {
    for (let i = 0; i < iterations; i++) keep(parser.parseRequest(bytes, 4096, 4096 + text.length) + parser.seen);
  });
}

function benchResponse(name: string, text: string): void {
  const bytes = inReadBuffer(text);
  bench(`${name} (${text.length} bytes)`, (iterations) => {
    for (let i = 0; i < iterations; i++) keep(parser.parseResponse(bytes, 4096, 4096 + text.length, METHOD_GET));
  });
}

function decodeChunks(bytes: Uint8Array, start: number, end: number): number {
  chunks.reset();
  let pos = start;
  do pos = chunks.advance(bytes, pos, end);
  while (chunks.kind < KIND.trailers);
  return pos;
}

function benchChunks(name: string, text: string): void {
  const bytes = inReadBuffer(text);
  bench(`${name} (${text.length} bytes)`, (iterations) => {
    for (let i = 0; i < iterations; i++) keep(decodeChunks(bytes, 4096, 4096 + text.length));
  });
}

benchRequest('http1: request of wrk', WRK_REQUEST);
benchRequest('http1: request of a browser', BROWSER_REQUEST);
benchResponse('http1: response of nginx', NGINX_RESPONSE);
benchChunks('http1: chunked body, 8 chunks of 1 KiB', CHUNKED_BODY);
