/**
 * `bindingTimeoutMs`, with a whole Weft in this process and a namer that does not answer: the request that waits is
 * answered in time, and the name serves as soon as its namer speaks.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLimits } from '../../core/limits.ts';
import { ok, PENDING, type State } from '../../core/names/activity.ts';
import type { Addr, Bound } from '../../core/names/bound.ts';
import { Cell, Live } from '../../core/names/live.ts';
import { leaf, type NameTree } from '../../core/names/name-tree.ts';
import { Path } from '../../core/names/path.ts';
import { ask, get, soleValueOf } from '../../test/support/exchange.ts';
import { answerWith, ScriptedUpstream } from '../../test/support/scripted-upstream.ts';
import { freePort, IP } from '../../test/support/weft.ts';
import { loadConfig } from '../config/load.ts';
import { createLog } from '../log.ts';
import { Supervisor } from '../supervisor.ts';

const TIMEOUT_MS = 300;
/** The process under test shares this machine with others. */
const LATE_MS = 5000;

test('a name whose namer never answers fails in time, as binding_timeout, and serves when it does answer', async () => {
  const port = await freePort();
  const upstream = await ScriptedUpstream.start(answerWith('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  const limits = readLimits({});
  const config = `routers:
- {protocol: http, label: test, bindingTimeoutMs: ${TIMEOUT_MS}, servers: [{ip: ${IP}, port: ${port}}]}`;
  const supervisor = new Supervisor(loadConfig(config, 'test', { limits }), 1, limits, createLog('OFF'));
  const name = new Cell<State<NameTree<Bound>>>(PENDING);
  Object.assign(supervisor.interpreter, { bind: () => name.live });
  await supervisor.start();
  try {
    const startMs = performance.now();
    const late = await ask(port, get('web'));
    const elapsedMs = performance.now() - startMs;
    assert.equal(late.status, 502);
    assert.match(soleValueOf(late, 'l5d-err') ?? '', /Exceeded\+?(%20| )?300\.milliseconds/);
    assert.ok(elapsedMs >= TIMEOUT_MS - 20 && elapsedMs < LATE_MS, `${elapsedMs} ms`);
    const failures = supervisor.metrics.tree().find(['rt', 'test', 'server', `${IP}/${port}`, 'failures']);
    assert.deepEqual(
      [...(failures?.children ?? [])].map(([reason, { metric }]) => [
        reason,
        metric?.kind === 'counter' && metric.read(),
      ]),
      [['binding_timeout', 1]],
    );
    const addr: Addr = { state: 'bound', addresses: [{ ip: IP, port: upstream.port, weight: 1 }] };
    name.value = ok(leaf({ id: Path.read('/#/web'), residual: Path.empty, addr: Live.of(addr) }));
    assert.equal((await ask(port, get('web'))).status, 200);
  } finally {
    await supervisor.stop(0);
    await upstream.stop();
  }
});
