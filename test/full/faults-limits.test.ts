/** Weft runs out of what the kernel gives: descriptors, or the patience of a socket. It serves on what it has. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RawClient } from '../support/raw-client.ts';
import { IP, Weft, type WeftOptions } from '../support/weft.ts';
import { LoadGenerator } from './support/load-generator.ts';
import { Upstream } from './support/upstream.ts';

const DESCRIPTORS_MAX = 128;
const IDLERS = 300;
const DEAF = 12;
const DEAF_BYTES_MAX = 48 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const CLOCK_TICKS_PER_SECOND = 100;

const ends: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function startUpstream(): Promise<Upstream> {
  const upstream = await Upstream.start();
  ends.push(() => upstream.kill());
  return upstream;
}

async function startWeft(options: WeftOptions): Promise<Weft> {
  const weft = await Weft.start(options);
  ends.push(() => weft.stop());
  return weft;
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `in vain: ${what}`);
    await sleep(20);
  }
}

/** CPU seconds that a process has used. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;
}

function idlers(port: number): Socket[] {
  return Array.from({ length: IDLERS }, () => {
    const socket = connect({ port, host: IP });
    socket.on('error', () => {});
    ends.push(() => void socket.destroy());
    return socket;
  });
}

async function serves(weft: Weft): Promise<boolean> {
  const client = await RawClient.open(weft.port);
  client.send('GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n');
  const text = await client.untilEnd();
  client.close();
  return text.startsWith('HTTP/1.1 200 ');
}

test('without descriptors: connections that are there are served, nothing spins, new ones are served later', async () => {
  const [web, late] = [await startUpstream(), await startUpstream()];
  const weft = await startWeft({
    disco: { web: [web.disco], late: [late.disco] },
    descriptorsMax: DESCRIPTORS_MAX,
  });
  // For a name met first when descriptors are short, there are some left.
  let name = 'web';
  const request = (n: number) => `GET / HTTP/1.1\r\nHost: ${n % 10 === 0 ? name : 'web'}\r\n\r\n`;
  const generator = new LoadGenerator({ port: weft.port, connections: 8, pauseMs: 100, request });
  ends.push(() => generator.stop());
  await generator.more(50);
  const crowd = idlers(weft.port);
  await until('it is logged', () => weft.log.includes('descriptors are short'));
  name = 'late';
  const cpu = cpuSeconds(weft.child.pid as number);
  const from = Date.now();
  await generator.more(200);
  const share = (cpuSeconds(weft.child.pid as number) - cpu) / ((Date.now() - from) / 1000);
  assert.ok(share < 0.7, `${share} of a core for 80 requests a second`);
  for (const socket of crowd) socket.destroy();
  await until('new connections are served', () => serves(weft));
  for (let i = 0; i < 50; i++) assert.ok(await serves(weft));
  await generator.stop();
  assert.ok(late.answered > 0);
  assert.equal(generator.errorCount, 0, generator.report);
  assert.ok((await weft.metric('limits/accept_descriptors')) > 0);
  assert.ok(weft.log.split('descriptors are short').length < 10, 'it is not logged at every turn');
});

test('without descriptors: a request for whose endpoint no socket is left is answered, and counted by its reason', async () => {
  const web = createServer((socket) => {
    socket.on('error', () => {});
    // Ends each connection, so that there is none for the next request.
    socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'));
  }).listen(0, IP);
  await once(web, 'listening');
  ends.push(async () => void web.close());
  const weft = await startWeft({
    disco: { web: [`${IP} ${(web.address() as AddressInfo).port}`] },
    descriptorsMax: DESCRIPTORS_MAX,
    env: { WEFT_ACCEPT_DESCRIPTORS_PERCENT: '100' },
  });
  const client = await RawClient.open(weft.port);
  ends.push(async () => client.close());
  const ask = async () => {
    client.received = '';
    client.send('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
    return client.until('an answer', (received) => received.includes('\r\n\r\n'));
  };
  assert.match(await ask(), /^HTTP\/1\.1 200 /);
  await until('no connection to the endpoint is left', async () => {
    return (await weft.metric('client/#/io.l5d.fs/web/connections')) === 0;
  });
  const crowd = idlers(weft.port);
  await until('it is logged', () => weft.log.includes('descriptors are short'));
  assert.match(await ask(), /^HTTP\/1\.1 503 .*no socket is left/s);
  for (const socket of crowd) socket.destroy();
  await until('new connections are served', () => serves(weft));
  assert.match(await ask(), /^HTTP\/1\.1 200 /);
  for (const scope of [`server/${IP}/${weft.port}`, 'service/svc/web', 'client/#/io.l5d.fs/web/service_creation']) {
    assert.equal(await weft.metric(`${scope}/failures/local_resources`), 1, scope);
  }
});

test('without descriptors: a crowd in which everybody has a request is served in turn', async () => {
  const web = await startUpstream();
  const weft = await startWeft({ disco: { web: [web.disco] }, descriptorsMax: DESCRIPTORS_MAX });
  // Each leaves when it is answered: all get their turn, only because others end.
  const served = new Array<boolean>(IDLERS).fill(false);
  await Promise.all(
    served.map(async (_, index) => {
      served[index] = await serves(weft);
    }),
  );
  assert.equal(served.filter(Boolean).length, IDLERS);
});

test('clients that never read hold a bounded part of their responses, and are ended', async () => {
  const [web, other] = [await startUpstream(), await startUpstream()];
  web.bodyBytes = 20_000_000;
  const weft = await startWeft({
    disco: { web: [web.disco], other: [other.disco] },
    env: { WEFT_BODY_IDLE_TIMEOUT_MS: '1500', WEFT_PENDING_BYTES: '65536' },
  });
  const pid = weft.child.pid as number;
  const stalled = `server/${IP}/${weft.port}/failures/client_stalled`;
  const request = () => 'GET / HTTP/1.1\r\nHost: other\r\n\r\n';
  const generator = new LoadGenerator({ port: weft.port, connections: 8, request });
  ends.push(() => generator.stop());
  await generator.more(100);
  const before = residentBytes(pid);
  for (let i = 0; i < DEAF; i++) {
    const socket = connect({ port: weft.port, host: IP }).pause();
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
    ends.push(() => void socket.destroy());
  }
  let most = 0;
  await until('all of them are given up', async () => {
    most = Math.max(most, residentBytes(pid));
    return (await weft.metric(stalled)) === DEAF;
  });
  assert.ok(most - before < DEAF_BYTES_MAX, `${most - before} bytes more for ${DEAF} of ${web.bodyBytes}`);
  await until('their endpoint is left', () => web.connectionCount === 0);
  await generator.stop();
  assert.equal(generator.errorCount, 0, `others do not notice: ${generator.report}`);
  assert.equal(await weft.metric('client/#/io.l5d.fs/web/pending'), 0);
  web.bodyBytes = 5;
  assert.ok(await serves(weft));
});

test('answers that a client asks for in advance and never reads do not pile up', async () => {
  const web = await startUpstream();
  const weft = await startWeft({
    disco: { web: [web.disco] },
    env: { WEFT_BODY_IDLE_TIMEOUT_MS: '1500', WEFT_PENDING_BYTES: '65536' },
  });
  const pid = weft.child.pid as number;
  const before = residentBytes(pid);
  for (const name of ['nobody', 'web']) {
    const socket = connect({ port: weft.port, host: IP }).pause();
    socket.on('error', () => {});
    socket.write(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`.repeat(500_000));
    ends.push(() => void socket.destroy());
  }
  let most = 0;
  await until('both clients are given up', async () => {
    most = Math.max(most, residentBytes(pid));
    return (await weft.metric(`server/${IP}/${weft.port}/closes`)) === 2;
  });
  assert.ok(most - before < DEAF_BYTES_MAX, `${most - before} bytes more`);
  assert.ok(await serves(weft));
});

test('an endpoint that takes nothing of a request body is blamed for it, not the client', async () => {
  const deaf = createServer((socket) => {
    socket.pause().on('error', () => {});
  }).listen(0, IP);
  await once(deaf, 'listening');
  ends.push(async () => void deaf.close());
  const { port } = deaf.address() as AddressInfo;
  const weft = await startWeft({
    disco: { web: [`${IP} ${port}`] },
    env: { WEFT_BODY_IDLE_TIMEOUT_MS: '1000', WEFT_PENDING_BYTES: '65536' },
  });
  const client = await RawClient.open(weft.port);
  client.send(`POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 50000000\r\n\r\n${'x'.repeat(50_000_000)}`);
  await until('it is told', async () => (await weft.metric('client/#/io.l5d.fs/web/failures/upstream_stalled')) === 1);
  await client.until('an answer', (received) => received.startsWith('HTTP/1.1 502 ') || client.ended);
  client.close();
  assert.equal(await weft.metric(`server/${IP}/${weft.port}/failures/request_timeout`), 0);
});
