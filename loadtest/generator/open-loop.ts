/**
 * One thread of the open-loop generator: requests go out when they are due, whether or not earlier ones were answered,
 * as those of many independent users do.
 *
 *     planned   |  .  .  .  .  .  .        request i is due at start + i / rate
 *     sent      |  .  .     ....  .        late when every connection is in use: its time runs all the same
 *
 * Measuring from the planned moment is what corrects for coordinated omission: a server that stops for a second fails
 * every request of that second, and not only the one that happened to be under way.
 */
import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { ClientConnection } from './client-connection.ts';
import type { ThreadPlan, ThreadResult } from './plan.ts';

const TICK_MS = 1;
const SWEEP_MS = 50;
const LATENCY_MICROS_MAX = 120_000_000;
const SECOND_MS = 1000;

function createHistogram() {
  return build({ highestTrackableValue: LATENCY_MICROS_MAX, numberOfSignificantValueDigits: 3 });
}

class OpenLoop {
  readonly #plan: ThreadPlan;
  readonly #request: string;
  readonly #corrected = createHistogram();
  readonly #fromSending = createHistogram();
  readonly #bySecond: Histogram[] = [];
  readonly #connections = new Set<ClientConnection>();
  readonly #idle: ClientConnection[] = [];
  /** Planned moments of the requests that wait for a connection. */
  readonly #waiting: number[] = [];
  #nextSweepMs = 0;
  #startMs = 0;
  #planned = 0;
  #succeeded = 0;
  #succeededWithinSecond = 0;
  #ended = 0;

  constructor(plan: ThreadPlan) {
    this.#plan = plan;
    this.#request = `GET / HTTP/1.1\r\nHost: ${plan.host}\r\n\r\n`;
  }

  run(): Promise<ThreadResult> {
    const { ratePerSecond, durationMs, phase } = this.#plan;
    const intervalMs = SECOND_MS / ratePerSecond;
    const total = Math.round(durationMs / intervalMs);
    const startMs = performance.now() + phase * intervalMs;
    this.#startMs = startMs;
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        const nowMs = performance.now();
        for (; this.#planned < total && startMs + this.#planned * intervalMs <= nowMs; this.#planned++) {
          this.#start(startMs + this.#planned * intervalMs);
        }
        if (nowMs >= this.#nextSweepMs) this.#sweep(nowMs);
        if (this.#ended < total) return;
        clearInterval(timer);
        for (const connection of this.#connections) connection.close();
        resolve(this.#result());
      }, TICK_MS);
    });
  }

  #start(plannedMs: number): void {
    let connection = this.#idle.pop();
    while (connection?.closed) connection = this.#idle.pop();
    connection ??= this.#open();
    if (connection === undefined) this.#waiting.push(plannedMs);
    else connection.send(this.#request, plannedMs);
  }

  #open(): ClientConnection | undefined {
    if (this.#connections.size >= this.#plan.connectionsMax) return undefined;
    const onEnd = (ended: ClientConnection, status: number) => this.#onEnd(ended, status);
    const connection = new ClientConnection(this.#plan.port, { onEnd });
    this.#connections.add(connection);
    return connection;
  }

  #onEnd(connection: ClientConnection, status: number): void {
    const nowMs = performance.now();
    this.#fromSending.recordValue(micros(nowMs - connection.sentMs));
    this.#count(connection.plannedMs, nowMs, status === 200);
    if (connection.closed) this.#connections.delete(connection);
    const next = this.#waiting.shift();
    if (next !== undefined) {
      const free = connection.closed ? this.#open() : connection;
      free?.send(this.#request, next);
    } else if (!connection.closed) {
      this.#idle.push(connection);
    }
  }

  #count(plannedMs: number, nowMs: number, success: boolean): void {
    const latencyMs = nowMs - plannedMs;
    // To whole milliseconds: what is due at a second's beginning must not fall before it by a rounding.
    const second = Math.floor(Math.round(plannedMs - this.#startMs) / SECOND_MS);
    this.#ended++;
    this.#corrected.recordValue(micros(latencyMs));
    while (this.#bySecond.length <= second) this.#bySecond.push(createHistogram());
    this.#bySecond[second]?.recordValue(micros(latencyMs));
    if (!success) return;
    this.#succeeded++;
    if (latencyMs <= SECOND_MS) this.#succeededWithinSecond++;
  }

  /** Ends what has taken too long, and forgets connections that the server closed while they were idle. */
  #sweep(nowMs: number): void {
    this.#nextSweepMs = nowMs + SWEEP_MS;
    const before = nowMs - this.#plan.timeoutMs;
    for (const connection of this.#connections) {
      if (connection.closed) this.#forget(connection);
      else if (connection.busy && connection.plannedMs < before) connection.close();
    }
    while (this.#waiting[0] !== undefined && this.#waiting[0] < before) {
      this.#count(this.#waiting.shift() as number, nowMs, false);
    }
  }

  #forget(connection: ClientConnection): void {
    this.#connections.delete(connection);
    const place = this.#idle.indexOf(connection);
    if (place >= 0) this.#idle.splice(place, 1);
  }

  #result(): ThreadResult {
    return {
      planned: this.#planned,
      succeeded: this.#succeeded,
      succeededWithinSecond: this.#succeededWithinSecond,
      corrected: encodeIntoCompressedBase64(this.#corrected),
      fromSending: encodeIntoCompressedBase64(this.#fromSending),
      bySecond: this.#bySecond.map((histogram) => encodeIntoCompressedBase64(histogram)),
    };
  }
}

function micros(timeMs: number): number {
  return Math.min(LATENCY_MICROS_MAX, Math.max(1, Math.round(timeMs * 1000)));
}

/** The pool's task. */
export default function generate(plan: ThreadPlan): Promise<ThreadResult> {
  return new OpenLoop(plan).run();
}
