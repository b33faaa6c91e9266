/** The configurations in examples/ load as they are. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configOf } from '../../core/config/configs-by-prefix.ts';
import type { ClientConfig, ServiceConfig } from '../../core/config/types.ts';
import { ROOT } from '../../test/house/root.ts';
import { loadConfig } from './load.ts';

const load = (path: string) => loadConfig(readFileSync(join(ROOT, path), 'utf8'), path, { baseDir: ROOT });

test('every one of them', () => {
  const paths = readdirSync(join(ROOT, 'examples')).map((name) => `examples/${name}/linkerd.yaml`);
  assert.ok(paths.length >= 2, String(paths));
  for (const path of paths) assert.ok(load(path).routers.length > 0, path);
});

test('examples/routers means what its comments say', () => {
  const [outgoing] = load('examples/routers/linkerd.yaml').routers;
  assert.ok(outgoing !== undefined);
  const client = (id: string) => configOf<ClientConfig>(outgoing.client, id);
  const service = (name: string) => configOf<ServiceConfig>(outgoing.service, name);
  assert.deepEqual(
    ['web', 'reports', 'echo.grpc'].map((name) => {
      const { loadBalancer, failureAccrual, protocol } = client(`/#/io.l5d.fs/${name}`);
      return [loadBalancer.kind, failureAccrual.kind, protocol];
    }),
    [
      ['ewma', 'io.l5d.successRateWindowed', 'http'],
      ['roundRobin', 'io.l5d.successRateWindowed', 'http'],
      ['ewma', 'io.l5d.successRateWindowed', 'h2'],
    ],
  );
  const [web, reports, health] = ['/svc/web', '/svc/reports', '/svc/web.health'].map(service);
  assert.deepEqual([web?.totalTimeoutMs, reports?.totalTimeoutMs], [2000, 30_000]);
  assert.deepEqual(reports?.responseClassifier, web?.responseClassifier);
  assert.deepEqual(health, { ...web, responseClassifier: { kind: 'io.l5d.http.allSuccessful', experimental: false } });
  // The reports' own backoff leaves the budget as it is.
  assert.equal(reports?.retries.backoff.kind, 'constant');
  assert.deepEqual(reports?.retries.budget, web?.retries.budget);
  assert.equal(web?.retries.budget.ttlSecs, 15);
});
