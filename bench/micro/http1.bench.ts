/** Nanoseconds a head and a chunk. A proxied request spends one request head and one response head here. */
import { ChunkedDecoder, KIND } from '../../core/http1/chunked.ts';
import { HeadParser } from '../../core/http1/head.ts';
import { METHOD_GET } from '../../core/http1/methods.ts';
import { readLimits } from '../../core/limits.ts';
import { bench, keep } from './harness.ts';

const limits = readLimits({});
const parser = new HeadParser({
  headerCountMax: limits.headerCountMax,
  trailerBytesMax: limits.trailerBytesMax,
  leadingEmptyLinesMax: limits.leadingEmptyLinesMax,
  headBytesMax: 8192,
  initialLineBytesMax: 4096,
});
const chunks = new ChunkedDecoder(limits.chunkLineBytesMax);

const WRK_REQUEST = 'GET / HTTP/1.1\r\nHost: 127.0.0.1:4140\r\n\r\n';
const BROWSER_REQUEST = [
  'GET /catalogue/items?category=shoes&page=3 HTTP/1.1',
  'Host: shop.example.org',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Language: en-US,en;q=0.5',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Referer: https://shop.example.org/catalogue',
  'Cookie: session=4f0c6a9a2b7b4f5e9d3c; theme=dark; seen=1',
  'Connection: keep-alive',
  'Upgrade-Insecure-Requests: 1',
  'Sec-Fetch-Dest: document',
  'Sec-Fetch-Mode: navigate',
  'Priority: u=0, i',
  '',
  '',
].join('\r\n');
const NGINX_RESPONSE = [
  'HTTP/1.1 200 OK',
  'Server: nginx/1.22.1',
  'Date: Mon, 23 Nov 2026 15:20:00 GMT',
  'Content-Type: text/plain',
  'Content-Length: 12',
  'Last-Modified: Mon, 23 Nov 2026 15:00:00 GMT',
  'Connection: keep-alive',
  'ETag: "6743f0a0-c"',
  'Accept-Ranges: bytes',
  '',
  '',
].join('\r\n');
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
