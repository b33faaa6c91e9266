/** A Weft of this process, because only its supervisor can end a worker: what it has counted, and how a worker is replaced. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../../control/config/load.ts';
import { createLog } from '../../../control/log.ts';
import { Supervisor } from '../../../control/supervisor.ts';
import { readLimits } from '../../../core/limits.ts';
import { IP } from '../../support/weft.ts';

const TIMEOUT_MS = 30_000;
/** Time for a dead worker's successor to serve: a second, and as much again for a busy machine. */
const REPLACED_MS = 2000;

/** Polls until something holds. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = TIMEOUT_MS,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `in vain: ${what}`);
    await sleep(5);
  }
}

/** Descriptors that this process has open. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** What a site is. */
export interface SiteOptions {
  readonly protocol: 'http' | 'h2';
  readonly workers: number;
  readonly port: number;
  /** Lines of the disco file `web`, to which everything leads. */
  readonly endpoints: readonly string[];
  /** An empty directory. */
  readonly directory: string;
}

/** The Weft under test, with a router called `test`. */
export class WorkerSite {
  readonly port: number;
  readonly supervisor: Supervisor;
  /** Workers whose successors serve, in order. */
  readonly replaced: number[] = [];
  /** Reasons of what was logged as an error, in order. */
  readonly reasons: string[] = [];
  readonly #workers: number;

  constructor({ protocol, workers, port, endpoints, directory }: SiteOptions) {
    this.port = port;
    this.#workers = workers;
    mkdirSync(join(directory, 'disco'));
    writeFileSync(join(directory, 'disco', 'web'), endpoints.map((line) => `${line}\n`).join(''));
    const config = `
namers: [{kind: io.l5d.fs, rootDir: ${directory}/disco}]
routers:
- protocol: ${protocol}
  label: test
  identifier: {kind: io.l5d.static, path: /web}
  dtab: /svc => /#/io.l5d.fs
  servers: [{ip: ${IP}, port: ${port}, maxConcurrentRequests: 10000}]
`;
    const log = createLog('OFF');
    log.error = (fields: unknown) => {
      this.reasons.push((fields as { reason: string }).reason);
    };
    log.info = (fields: unknown, text?: string) => {
      if (text?.endsWith('serves again')) this.replaced.push((fields as { worker: number }).worker);
    };
    const limits = readLimits({});
    this.supervisor = new Supervisor(loadConfig(config, 'test', { limits }), workers, limits, log);
  }

  metric(...path: string[]): number {
    const found = this.supervisor.metrics.tree().find(['rt', 'test', ...path])?.metric;
    return found !== undefined && found.kind !== 'stat' ? found.read() : 0;
  }

  /** Requests served so far. */
  get requests(): number {
    return this.metric('server', `${IP}/${this.port}`, 'requests');
  }

  /** Clients' connections open at the moment. */
  get connections(): number {
    let sum = 0;
    for (let worker = 0; worker < this.#workers; worker++) sum += this.supervisor.connectionsOf(worker);
    return sum;
  }

  /** Whether only what Weft itself needs is open. */
  settled(): boolean {
    return this.connections === 0 && this.metric('client', '#/io.l5d.fs/web', 'connections') === 0;
  }

  /**
   * Ends a worker, under load.
   *
   * @param connectionsMax as many connections as there can be: a dead worker seems to hold more
   * @returns connections that it held, and the time until its successor serves
   */
  async replace(worker: number, connectionsMax: number): Promise<{ held: number; ms: number }> {
    const { supervisor } = this;
    const before = this.replaced.length;
    const held = supervisor.connectionsOf(worker);
    const from = performance.now();
    assert.ok(supervisor.terminateWorker(worker));
    await until('its death is known', () => supervisor.connectionsOf(worker) > connectionsMax);
    const requests = this.requests;
    await until('another serves', () => this.requests > requests);
    assert.equal(this.replaced.length, before, 'that was not its successor');
    await until('its successor serves', () => this.replaced.length > before, REPLACED_MS);
    assert.deepEqual(this.replaced.slice(before), [worker]);
    return { held, ms: Math.round(performance.now() - from) };
  }

  /** @throws AssertionError when something is counted as under way */
  assertIdle(): void {
    assert.equal(this.supervisor.requestsUnderWay(0), 0);
    assert.equal(this.metric('server', `${IP}/${this.port}`, 'pending'), 0);
    assert.equal(this.metric('service', 'svc/web', 'pending'), 0);
    assert.equal(this.metric('client', '#/io.l5d.fs/web', 'pending'), 0);
  }
}
