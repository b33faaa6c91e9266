/** Weft runs out of what the kernel gives: descriptors, or the patience of a socket. It serves on what it has. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RawClient } from '../support/raw-client.ts';
import { IP, Weft, type WeftOptions } from '../support/weft.ts';
import { LoadGenerator } from './support/load-generator.ts';
import { Upstream } from './support/upstream.ts';

const DESCRIPTORS_MAX = 128;
const IDLERS = 300;
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
  const generator = new LoadGenerator({ port: weft.port, connections: 8, pauseMs: 100 });
  ends.push(() => generator.stop());
  await generator.more(50);
  // The idle ones do not send a request: the header time-out (10 s) would end them, so they are looked at before.
  const crowd = idlers(weft.port);
  await until('it is logged', () => weft.log.includes('no descriptor'));
  const cpu = cpuSeconds(weft.child.pid as number);
  const from = Date.now();
  await generator.more(200);
  const share = (cpuSeconds(weft.child.pid as number) - cpu) / ((Date.now() - from) / 1000);
  assert.ok(share < 0.7, `${share} of a core for 80 requests a second`);
  // A name whose endpoint has no connection yet: there is one left for it.
  const [established] = [await RawClient.open(weft.port)];
  established.close();
  for (const socket of crowd) socket.destroy();
  await until('new connections are served', () => serves(weft));
  for (let i = 0; i < 50; i++) assert.ok(await serves(weft));
  await generator.stop();
  assert.equal(generator.errorCount, 0, generator.report);
  assert.ok(weft.log.split('no descriptor').length < 10, 'it is not logged at every turn');
});

test('without descriptors: a crowd in which everybody has a request is served in turn', async () => {
  const web = await startUpstream();
  const weft = await startWeft({ disco: { web: [web.disco] }, descriptorsMax: DESCRIPTORS_MAX });
  // Each leaves after a few requests: all get their turn only because others end.
  const served = new Array<boolean>(IDLERS).fill(false);
  await Promise.all(
    served.map(async (_, index) => {
      served[index] = await serves(weft);
    }),
  );
  assert.equal(served.filter(Boolean).length, IDLERS);
});

test('a client that never reads holds a bounded part of its response, and is ended', async () => {
  const web = await startUpstream();
  web.bodyBytes = 50_000_000;
  const weft = await startWeft({
    disco: { web: [web.disco] },
    env: { WEFT_BODY_IDLE_TIMEOUT_MS: '1000', WEFT_PENDING_BYTES: '65536' },
  });
  const clients: Socket[] = [];
  for (let i = 0; i < 20; i++) {
    const socket = connect({ port: weft.port, host: IP }).pause();
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
    ends.push(() => void socket.destroy());
    clients.push(socket);
  }
  await until('the responses are under way', async () => (await weft.metric('client/#/io.l5d.fs/web/pending')) === 20);
  await until('they are given up', async () => (await weft.metric('client/#/io.l5d.fs/web/pending')) === 0);
  await until('and their endpoint is left', () => web.connectionCount === 0);
  assert.equal(await weft.metric(`server/${IP}/${weft.port}/failures/client_stalled`), 20);
  web.bodyBytes = 5;
  assert.ok(await serves(weft));
});
