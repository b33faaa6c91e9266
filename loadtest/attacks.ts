/**
 * `npm run attacks`: what HTTP/2 attackers get done against a Weft with its default bounds, and what others feel of it
 * (RFC 9113 section 10.5, docs/hostile-inputs.md row 34). For each attack: how many frames it got in, what ended it, and, of
 * another client's requests every 2 ms meanwhile, the latencies; and what Weft's memory has grown by.
 *
 *     attacker --frames as fast as they are taken--> Weft <--GET every 2 ms-- victim
 */
import { readFileSync } from 'node:fs';
import * as http2 from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { markdownTable } from '../bench/support/figures.ts';
import * as code from '../core/http2/error-codes.ts';
import { FRAME_GOAWAY } from '../core/http2/frame-types.ts';
import { Http2Client, requestFields } from '../test/support/http2/client.ts';
import * as send from '../test/support/http2/frames.ts';
import { hold } from '../test/support/http2/site.ts';
import { Http2Upstream } from '../test/support/http2/upstream.ts';
import { IP, Weft } from '../test/support/weft.ts';

const ATTACK_MS = 5000;
const VICTIM_PAUSE_MS = 2;
/** Frames that are written at one go. */
const BATCH = 200;
const MIB = 1024 * 1024;

const stream = (n: number) => 2 * n + 1;
const get = (id: number) => send.headers(id, requestFields('silent'), { endStream: true });
const open = (id: number) => send.headers(id, requestFields('silent', { method: 'POST' }));
/** Kilobytes of a field that later blocks refer to. */
const BOMB = 'b'.repeat(3000);

interface Attack {
  readonly name: string;
  readonly before?: readonly send.Sendable[];
  readonly frames: (n: number) => readonly send.Sendable[];
  /** Its windows are never opened. */
  readonly stingy?: boolean;
}

const ATTACKS: readonly Attack[] = [
  { name: 'none', frames: () => [] },
  { name: 'Rapid Reset', frames: (n) => [get(stream(n)), send.rst(stream(n), code.CANCEL)] },
  {
    name: 'CONTINUATION flood',
    before: [send.headers(1, requestFields('silent'), { endStream: true, fragments: [1], unended: true })],
    frames: () => [send.continuation(1, Buffer.alloc(1000))],
  },
  {
    name: 'HPACK bomb',
    before: [send.headers(1, [...requestFields('silent'), ['bomb', BOMB]], { endStream: true, coding: 'dynamic' })],
    frames: (n) => [
      send.headers(
        stream(n + 1),
        [...requestFields('silent'), ...Array.from({ length: 500 }, () => ['bomb', BOMB] as const)],
        {
          endStream: true,
          coding: 'dynamic',
        },
      ),
    ],
  },
  { name: 'PING', frames: () => [send.ping()] },
  { name: 'SETTINGS', frames: (n) => [send.settings({ INITIAL_WINDOW_SIZE: 60_000 + (n % 1000) })] },
  { name: 'empty DATA', before: [open(1)], frames: () => [send.data(1, '')] },
  { name: 'PRIORITY', frames: (n) => [send.priority(stream(n % 1000))] },
  { name: 'tiny WINDOW_UPDATEs', before: [open(1)], frames: (n) => [send.windowUpdate(n % 2, 1)] },
  {
    name: 'zero-window reader',
    stingy: true,
    frames: (n) => (n < 900 ? [send.headers(stream(n), requestFields('large'), { endStream: true })] : []),
  },
];

/** Asks for something small every so often, and keeps how long it takes. */
class Victim {
  readonly latenciesMs: number[] = [];
  failures = 0;
  readonly #session: http2.ClientHttp2Session;
  readonly #running: Promise<void>;
  #stopped = false;

  constructor(port: number) {
    this.#session = http2.connect(`http://${IP}:${port}`);
    this.#session.on('error', () => {});
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const start = performance.now();
      const status = await this.#ask();
      if (status === 200) this.latenciesMs.push(performance.now() - start);
      else this.failures++;
      await sleep(VICTIM_PAUSE_MS);
    }
  }

  #ask(): Promise<number> {
    return new Promise((resolve) => {
      const request = this.#session.request({ ':path': '/', ':authority': 'good' });
      let status = 0;
      request.on('response', (headers) => {
        status = Number(headers[':status']);
      });
      request.on('error', () => resolve(0));
      request.on('close', () => resolve(status));
      request.resume();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    this.#session.destroy();
  }

  percentile(share: number): string {
    const sorted = this.latenciesMs.toSorted((a, b) => a - b);
    return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1);
  }
}

function residentBytes(weft: Weft): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${weft.child.pid}/status`, 'latin1'))?.[1]) * 1024;
}

/** Sends frames until the connection ends or time is up. @returns frames sent, and how it ended */
async function attack(port: number, { before = [], frames, stingy = false }: Attack) {
  const options = stingy ? { settings: { INITIAL_WINDOW_SIZE: 0 }, automatic: { windows: false } } : {};
  const client = await Http2Client.open(port, options);
  const start = performance.now();
  let sent = before.length;
  if (before.length > 0) client.send(...before);
  for (let n = 0; !client.ended && performance.now() - start < ATTACK_MS; ) {
    const batch = Array.from({ length: BATCH }, () => frames(n++)).flat();
    if (batch.length > 0) client.send(...batch);
    sent += batch.length;
    await sleep(batch.length > 0 ? 1 : 20);
  }
  const ended = client.ended;
  const afterMs = performance.now() - start;
  const leave = client.log.find(({ type }) => type === FRAME_GOAWAY);
  const reason = leave === undefined ? '' : code.errorName(Buffer.from(leave.payload).readUInt32BE(4));
  client.close();
  return { sent, ended: ended ? `after ${afterMs.toFixed(0)} ms` : 'not ended', reason };
}

async function run(): Promise<void> {
  const silent = await Http2Upstream.start(hold);
  const good = await Http2Upstream.start();
  const large = await Http2Upstream.start((s) => s.respond({ body: Buffer.alloc(1_000_000, 'x') }));
  const disco = { silent: [silent.disco], good: [good.disco], large: [large.disco] };
  const rows: string[][] = [];
  for (const each of ATTACKS) {
    const weft = await Weft.start({ protocol: 'h2', disco });
    const victim = new Victim(weft.port);
    await sleep(1000);
    victim.latenciesMs.length = 0;
    const residentBefore = residentBytes(weft);
    const { sent, ended, reason } = await attack(weft.port, each);
    await sleep(500);
    const grown = (residentBytes(weft) - residentBefore) / MIB;
    await victim.stop();
    rows.push([
      ...[each.name, String(sent), each.name === 'none' ? '' : ended, reason],
      ...[victim.percentile(0.5), victim.percentile(0.99), victim.percentile(1)],
      ...[String(victim.failures), grown.toFixed(1)],
    ]);
    await weft.stop();
  }
  const head = ['attack', 'frames', 'ended', 'GOAWAY', 'p50 ms', 'p99 ms', 'max ms', 'failed', 'MiB more'];
  process.stdout.write(`${markdownTable(head, rows)}\n`);
  for (const upstream of [silent, good, large]) await upstream.stop();
}

await run();
