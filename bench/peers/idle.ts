/** What an idle kept-alive client connection costs: resident bytes, after one request on each of many connections. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError } from '../support/bench-error.ts';
import { saturate } from '../support/load.ts';
import { residentBytes } from '../support/process-figures.ts';
import { type Cores, IP } from '../support/processes.ts';
import type { RunningProxy } from './peers.ts';

const CONNECTIONS = 4000;
/** Opened at one time: fewer than any listen backlog. */
const BATCH = 64;
/** V8 takes eight seconds of rest before it gives back what the warm-up has left. */
const REST_MS = 12_000;
const SETTLE_MS = 1000;
const WARM_UP_SECONDS = 2;

/** Measures one proxy. @returns bytes per connection */
export async function idleBytes(proxy: RunningProxy, cores: Cores): Promise<number> {
  const load = { cores: cores.load, port: proxy.port, seconds: WARM_UP_SECONDS, connections: 64 };
  if ((await saturate(load)).errors > 0) throw new BenchError(`Answers other than 2xx at ${proxy.name}.`);
  await sleep(REST_MS);
  const before = residentBytes(proxy.pid);
  const sockets: Socket[] = [];
  for (let opened = 0; opened < CONNECTIONS; opened += BATCH) {
    sockets.push(...(await Promise.all(Array.from({ length: BATCH }, () => openAfterOneRequest(proxy.port)))));
  }
  await sleep(SETTLE_MS);
  const bytes = (residentBytes(proxy.pid) - before) / sockets.length;
  for (const socket of sockets) socket.destroy();
  return bytes;
}

async function openAfterOneRequest(port: number): Promise<Socket> {
  const socket = connect({ port, host: IP, noDelay: true });
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (!answer.toString('latin1').startsWith('HTTP/1.1 200 '))
    throw new BenchError(`An answer that is not 200:\n${answer}`);
  return socket;
}
