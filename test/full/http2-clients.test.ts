/** curl, nghttp and h2load through Weft: what other implementations send is forwarded whole, and they understand what comes back. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type * as http2 from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { assertNoFault } from '../support/http1-site.ts';
import { IP, type Weft } from '../support/weft.ts';
import { Http2Upstream } from './support/http2-upstream.ts';
import { startHttp2Weft } from './support/http2-weft.ts';
import { succeed } from './support/programs.ts';

const UPLOAD = Buffer.alloc(10_000_000, 'a line of a large upload\n');
const H2LOAD_REQUESTS = 10_000;

const directory = mkdtempSync(join(tmpdir(), 'weft-clients-'));
const upload = join(directory, 'upload');
writeFileSync(upload, UPLOAD);

/** What the endpoint was sent. */
interface Seen {
  readonly method: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly trailers: Readonly<Record<string, unknown>>;
}

let upstream: Http2Upstream;
let weft: Weft;
let origin = '';
before(async () => {
  upstream = await Http2Upstream.start(answer);
  weft = await startHttp2Weft([upstream.disco]);
  origin = `http://${IP}:${weft.port}`;
});
afterEach(() => assertNoFault(weft));
after(async () => {
  await weft?.stop();
  await upstream?.kill();
  rmSync(directory, { recursive: true });
});

/** `/echo` gives the body back; everything else is answered with what was seen, and a trailer section. */
function answer(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
  if (headers[':path'] === '/echo') {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
    return;
  }
  const hash = createHash('sha256');
  let bytes = 0;
  let trailers = {};
  stream.on('trailers', (fields: http2.IncomingHttpHeaders) => {
    trailers = { ...fields };
  });
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    hash.update(chunk);
  });
  stream.on('end', () => {
    const { ':method': method = '', ':path': path = '' } = headers;
    const body = JSON.stringify({ method, path, bytes, sha256: hash.digest('hex'), trailers } satisfies Seen);
    stream.respond({ ':status': 200, 'content-type': 'application/json' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-seen': String(bytes) }));
    stream.end(method === 'HEAD' ? '' : body);
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function curl(...args: readonly string[]): Promise<string> {
  return succeed('curl', ['--silent', '--show-error', '--fail', '--http2-prior-knowledge', ...args]);
}

/** A request as nghttp sends it, padded, over HTTP/2 alone. @returns its log of frames */
function nghttp(...args: readonly string[]): Promise<string> {
  return succeed('nghttp', ['--verbose', '--no-dep', ...args]);
}

test('curl: GET', async () => {
  const seen = JSON.parse(await curl(`${origin}/a/b?c=d`)) as Seen;
  assert.deepEqual(seen, { method: 'GET', path: '/a/b?c=d', bytes: 0, sha256: sha256(Buffer.alloc(0)), trailers: {} });
});

test('curl: HEAD has a head and no body', async () => {
  const output = await curl('--head', `${origin}/`);
  assert.match(output, /^HTTP\/2 200 \r\n/);
  assert.match(output, /\r\ncontent-type: application\/json\r\n/);
  assert.ok(output.endsWith('\r\n\r\n'), output);
});

test('curl: POST of 10 MB arrives whole, and comes back whole', async () => {
  const seen = JSON.parse(await curl('--data-binary', `@${upload}`, `${origin}/upload`)) as Seen;
  assert.equal(seen.method, 'POST');
  assert.equal(seen.bytes, UPLOAD.length);
  assert.equal(seen.sha256, sha256(UPLOAD));
  const download = join(directory, 'download');
  await curl('--data-binary', `@${upload}`, '--output', download, `${origin}/echo`);
  assert.equal(sha256(readFileSync(download)), sha256(UPLOAD));
});

test('curl: several requests at once, on a connection each', async () => {
  const urls = Array.from({ length: 8 }, (_, i) => `${origin}/${i}`);
  // Debian 12's curl 7.88 cannot use an HTTP/2 connection twice without TLS: several on one are nghttp's part.
  const format = '\\n%{http_version} %{response_code} %{num_connects}\\n';
  const output = await curl('--parallel', '--parallel-immediate', '--write-out', format, ...urls);
  assert.equal(output.split('\n').filter((line) => line === '2 200 1').length, urls.length, output);
  for (let i = 0; i < urls.length; i++) assert.ok(output.includes(`"path":"/${i}"`), output);
});

test('nghttp: a padded upload with a trailer section arrives, and the trailers of its answer come back', async () => {
  const log = await nghttp('--padding=100', '--trailer=x-sum: 42', `--data=${upload}`, `${origin}/upload`);
  const seen = JSON.parse(/\{"method".*\}/.exec(log)?.[0] ?? '{}') as Seen;
  assert.deepEqual(seen, {
    method: 'POST',
    path: '/upload',
    bytes: UPLOAD.length,
    sha256: sha256(UPLOAD),
    trailers: { 'x-sum': '42' },
  });
  assert.match(log, /recv \(stream_id=\d+\) :status: 200/);
  assert.match(log, new RegExp(`recv \\(stream_id=\\d+\\) x-seen: ${UPLOAD.length}`));
  assert.doesNotMatch(log, /RST_STREAM|error_code=(?!NO_ERROR)/);
});

test('nghttp: several requests on one connection, with small windows and an empty header table', async () => {
  const settings = ['--window-bits=14', '--connection-window-bits=14', '--header-table-size=0'];
  const log = await nghttp(...settings, ...Array.from({ length: 5 }, (_, i) => `${origin}/${i}`));
  assert.equal(log.split('Connected').length - 1, 1, 'one connection');
  const answered = [...log.matchAll(/"path":"\/(\d)"/g)].map((match) => match[1]);
  assert.deepEqual(answered.sort(), ['0', '1', '2', '3', '4']);
  assert.doesNotMatch(log, /RST_STREAM|error_code=(?!NO_ERROR)/);
});

test(`h2load: ${H2LOAD_REQUESTS} requests, 8 clients, 32 streams each: all succeed`, async () => {
  const output = await succeed('h2load', [`-n${H2LOAD_REQUESTS}`, '-c8', '-m32', '-t1', `${origin}/`]);
  const n = H2LOAD_REQUESTS;
  const requests = `requests: ${n} total, ${n} started, ${n} done, ${n} succeeded, 0 failed, 0 errored, 0 timeout`;
  assert.ok(output.includes(requests), output);
  assert.ok(output.includes(`status codes: ${n} 2xx, 0 3xx, 0 4xx, 0 5xx`), output);
});

test('h2load: bodies of 100 KB both ways through windows of 16 KB: all succeed', async () => {
  const body = join(directory, 'body');
  writeFileSync(body, UPLOAD.subarray(0, 100_000));
  const windows = ['-w14', '-W14'];
  const output = await succeed('h2load', ['-n500', '-c4', '-m8', '-t1', ...windows, `-d${body}`, `${origin}/echo`]);
  assert.match(output, /500 succeeded, 0 failed, 0 errored, 0 timeout/, output);
  assert.ok(output.includes('(50000000) data'), output);
});

test('h2load: to an endpoint whose header table is empty: all succeed', async () => {
  const bare = await Http2Upstream.start(answer, 0, { headerTableSize: 0 });
  try {
    weft.disco(`bare:${weft.port}`, [bare.disco]);
    const target = [`--connect-to=${IP}:${weft.port}`, `http://bare:${weft.port}/`];
    const output = await succeed('h2load', ['-n500', '-c4', '-m8', '-t1', ...target]);
    assert.match(output, /500 succeeded, 0 failed, 0 errored, 0 timeout/, output);
  } finally {
    await bare.kill();
  }
});
