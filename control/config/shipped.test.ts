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
  const service = (name: string) => configOf<ServiceConfig>(outgoing.service, name).responseClassifier.kind;
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
  assert.deepEqual(['/svc/web', '/svc/web.health'].map(service), [
    'io.l5d.http.nonRetryable5XX',
    'io.l5d.http.allSuccessful',
  ]);
});
