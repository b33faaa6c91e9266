/** Access logs of whole routers: what a line says, when there is one, how files are rolled, and that nobody waits for them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask, get } from './support/exchange.ts';
import { eventually } from './support/http1-site.ts';
import { RawClient } from './support/raw-client.ts';
import { answerWith, ScriptedUpstream } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const TIME = String.raw`\[\d\d/\d\d/\d{4}:\d\d:\d\d:\d\d (?:UTC|\+0000)\]`;

/** None while there is no file: a roll takes the old one away before the new one is there. */
function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'latin1').split('\n').slice(0, -1);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
    return [];
  }
}

/** Lines without their times, once there are so many. */
async function untilLines(path: string, count: number): Promise<string[]> {
  await eventually(`${count} lines in ${path}`, () => linesOf(path).length >= count);
  const lines = linesOf(path);
  for (const line of lines) assert.match(line, new RegExp(` - - ${TIME} "`));
  return lines.map((line) => line.replace(new RegExp(TIME), '[]'));
}

describe('access logs', () => {
  let weft: Weft;
  let upstream: ScriptedUpstream;
  let two: http2.Http2Server;
  let directory = '';
  const ports = { h2: 0, up: 0, size: 0, silent: 0 };
  const log = (name: string) => join(directory, `${name}.log`);

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'weft-access-'));
    writeFileSync(log('http'), 'of a former run - - [01/01/2020:00:00:00 UTC] ""\n');
    upstream = await ScriptedUpstream.start(answerWith('HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok'));
    two = http2.createServer((_request, response) => response.end('two'));
    two.listen(0, IP);
    await once(two, 'listening');
    const twoDtab = `/svc => /$/inet/127.1/${(two.address() as AddressInfo).port}`;
    for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
    const server = (port: number) => `servers: [{ip: ${IP}, port: ${port}}]`;
    weft = await Weft.start({
      disco: { web: [upstream.disco], down: [`${IP} 1`] },
      router: `  httpAccessLog: ${log('http')}
  httpAccessLogRollPolicy: sighup`,
      more: `- {protocol: h2, label: h2, dtab: "${twoDtab}", h2AccessLog: ${log('h2')}, ${server(ports.h2)}}
- {protocol: http, label: up, dtab: "${twoDtab}", client: {protocol: h2}, httpAccessLog: ${log('up')}, ${server(ports.up)}}
- {protocol: http, label: size, dtab: /svc => /#/io.l5d.fs, httpAccessLog: ${log('size')}, httpAccessLogRollPolicy: 200.bytes,
   httpAccessLogRotateCount: 2, ${server(ports.size)}}
- {protocol: http, label: silent, dtab: /svc => /#/io.l5d.fs, ${server(ports.silent)}}`,
    });
  });

  after(async () => {
    await weft.stop();
    await upstream.stop();
    two.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('a line for each request that an endpoint answered, behind those of a former run', async () => {
    const agent = 'User-Agent: a "b" \\ \xe9';
    for (let i = 0; i < 3; i++)
      assert.equal((await ask(weft.port, get('web', agent, 'Referer: http://r/'))).status, 201);
    // No endpoint answers these: one is not there, the other has no name.
    assert.equal((await ask(weft.port, get('down'))).status, 502);
    assert.equal((await ask(weft.port, 'GET / HTTP/1.0\r\n\r\n')).status, 400);
    await ask(weft.port, 'HEAD http://web/a?b HTTP/1.1\r\nHost: x\r\n\r\n');
    const line = `web ${IP} - - [] "GET / HTTP/1.1" 201 2 "http://r/" "a \\x22b\\x22 \\x5C \\xE9"`;
    const last = `web ${IP} - - [] "HEAD /a?b HTTP/1.1" 201 2 "-" "-"`;
    assert.deepEqual((await untilLines(log('http'), 5)).slice(1), [line, line, line, last]);
  });

  test('pipelined requests get a line each', async () => {
    const before = linesOf(log('http')).length;
    const client = await RawClient.open(weft.port);
    client.send(Array.from({ length: 20 }, (_, i) => `GET /${i} HTTP/1.1\r\nHost: web\r\n\r\n`).join(''));
    await client.until('20 answers', (received) => received.split('201 Created').length > 20);
    client.close();
    const lines = (await untilLines(log('http'), before + 20)).slice(before);
    assert.deepEqual(
      lines,
      lines.map((_, i) => `web ${IP} - - [] "GET /${i} HTTP/1.1" 201 2 "-" "-"`),
    );
  });

  test('SIGHUP: the file is opened again', async () => {
    renameSync(log('http'), `${log('http')}.1`);
    weft.child.kill('SIGHUP');
    await eventually('a file', () => readdirSync(directory).includes('http.log'));
    await ask(weft.port, get('web'));
    assert.equal((await untilLines(log('http'), 1)).length, 1);
  });

  test('of an h2 router: no length', async () => {
    const session = http2.connect(`http://${IP}:${ports.h2}`);
    for (let i = 0; i < 3; i++) {
      const stream = session.request({ ':path': '/p?q', ':authority': 'web', 'user-agent': 'h2', referer: 'r' });
      stream.resume();
      await once(stream, 'end');
    }
    session.close();
    const line = `web ${IP} - - [] "GET /p?q HTTP/2" 200 - "r" "h2"`;
    assert.deepEqual(await untilLines(log('h2'), 3), [line, line, line]);
  });

  test('of an http router whose endpoints speak h2', async () => {
    await ask(ports.up, get('web', 'Connection: close'));
    assert.deepEqual(await untilLines(log('up'), 1), [`web ${IP} - - [] "GET / HTTP/1.1" 200 - "-" "-"`]);
  });

  test('rolled by size, the newest two kept', async () => {
    for (let i = 0; i < 12; i++) await ask(ports.size, get('web', `User-Agent: ${'x'.repeat(90)}${i}`));
    await eventually('the last line', () => linesOf(log('size')).some((line) => line.includes('x11"')));
    const names = readdirSync(directory).filter((name) => name.startsWith('size-'));
    assert.equal(names.length, 2, names.join());
    for (const name of names) assert.equal(linesOf(join(directory, name)).length, 1);
  });

  test('a router without a log logs nothing', async () => {
    await ask(ports.silent, get('web'));
    assert.ok(!readdirSync(directory).some((name) => name.startsWith('silent')));
  });
});

test('a request that goes out again gets a line for each answer (spec 03 section 5.1)', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-access-'));
  let asked = 0;
  const upstream = await ScriptedUpstream.start(async (connection) => {
    while ((await connection.head()) !== null) {
      // Not processed, says the endpoint: the same request may come again.
      const start = asked++ < 2 ? '503 Busy\r\nRetry-After: 0' : '200 OK';
      connection.send(`HTTP/1.1 ${start}\r\nContent-Length: ${asked}\r\n\r\n${'x'.repeat(asked)}`);
    }
  });
  const weft = await Weft.start({ disco: { web: [upstream.disco] }, router: `  httpAccessLog: ${directory}/a.log` });
  assert.equal((await ask(weft.port, get('web'))).status, 200);
  const lines = await untilLines(join(directory, 'a.log'), 3);
  assert.deepEqual(
    lines.map((line) => line.split(' ').slice(8, 10).join(' ')),
    ['503 1', '503 2', '200 3'],
  );
  assert.equal(await weft.stop(), 0);
  await upstream.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('what is left is written at the end', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-access-'));
  const upstream = await ScriptedUpstream.start(answerWith('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  const weft = await Weft.start({ disco: { web: [upstream.disco] }, router: `  httpAccessLog: ${directory}/a/b.log` });
  for (let i = 0; i < 5; i++) await ask(weft.port, get('web'));
  assert.equal(await weft.stop(), 0);
  assert.equal(linesOf(join(directory, 'a/b.log')).length, 5);
  await upstream.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('a pipe that nobody reads holds no request up: records are dropped and counted', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-access-'));
  const pipe = join(directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const upstream = await ScriptedUpstream.start(answerWith('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  const env = { WEFT_ACCESS_LOG_RING_BYTES: '16384' };
  const weft = await Weft.start({ disco: { web: [upstream.disco] }, router: `  httpAccessLog: ${pipe}`, env });
  const client = await RawClient.open(weft.port);
  const request = get('web', `User-Agent: ${'x'.repeat(1000)}`);
  // More than the pipe's 64 KiB and the ring take together.
  for (let answers = 20; answers <= 160; answers += 20) {
    client.send(request.repeat(20));
    await client.until('answers', (received) => received.split('200 OK').length > answers);
  }
  client.close();
  await eventually('drops', async () => (await weft.metric('limits/access_log_ring')) > 0);
  assert.equal(await weft.stop(), 0);
  closeSync(reader);
  await upstream.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('a log that cannot be written stops the start', async () => {
  await assert.rejects(
    Weft.start({ router: '  httpAccessLog: /dev/null/access.log' }),
    /cannot write the access log \/dev\/null\/access\.log: (?:ENOTDIR|EEXIST)/,
  );
});
