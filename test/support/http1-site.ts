/** One Weft for a file of tests, and for each test an upstream of its own under a name of its own. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RawClient } from './raw-client.ts';
import { ScriptedUpstream, type UpstreamScript } from './scripted-upstream.ts';
import type { Weft } from './weft.ts';

const TIMEOUT_MS = 15_000;

/** An upstream behind Weft. */
export interface Site {
  /** What the Host field says to reach it. */
  readonly host: string;
  readonly upstream: ScriptedUpstream;
  readonly client: RawClient;
}

let sites = 0;

/** Starts an upstream, makes it known to Weft, and connects a client; the test's end takes both down. */
export async function openSite(t: TestContext, weft: Weft, script: UpstreamScript): Promise<Site> {
  const host = `site${sites++}`;
  const upstream = await ScriptedUpstream.start(script);
  t.after(() => upstream.stop());
  weft.disco(host, [upstream.disco]);
  return { host, upstream, client: await openClient(t, weft) };
}

/** Connects another client. */
export async function openClient(t: TestContext, weft: Weft): Promise<RawClient> {
  const client = await RawClient.open(weft.port);
  t.after(() => client.close());
  return client;
}

/** A request with an empty line behind its fields. */
export function request(line: string, host: string, ...fields: readonly string[]): string {
  return `${[`${line} HTTP/1.1`, `Host: ${host}`, ...fields].join('\r\n')}\r\n\r\n`;
}

/** Polls until something holds. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `not in time: ${what}`);
    await sleep(5);
  }
}

/** A counter of Weft's server. */
export function serverMetric(weft: Weft, name: string): Promise<number> {
  return weft.metric(`server/127.0.0.1/${weft.port}/${name}`);
}

/** No handler has thrown, nothing was logged as an error. */
export function assertNoFault(weft: Weft): void {
  const faults = weft.log.split('\n').filter((line) => /"level":(50|60)|\\n +at /.test(line));
  assert.deepEqual(faults, [], 'Weft has logged an error');
}
