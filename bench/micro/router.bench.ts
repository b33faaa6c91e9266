/** Nanoseconds until a request's route is known: the key written, hashed, and found among others. */
import { DEFAULT_BUDGET } from '../../core/config/budget.ts';
import type { ServiceConfig } from '../../core/config/types.ts';
import type { Router } from '../../workers/router/router.ts';
import { Route, RouteTable } from '../../workers/router/routes.ts';
import { ServiceStack } from '../../workers/router/service-stack.ts';
import { bench, keep } from './harness.ts';
import { createParser, createRouter, keysAt, memory, messageAt, net, place } from './world.ts';

const responseClassifier = { kind: 'io.l5d.http.nonRetryable5XX', experimental: false } as const;
const retries = { budget: DEFAULT_BUDGET, backoff: { kind: 'constant', ms: 0, experimental: false } } as const;
const service = new ServiceStack({ responseClassifier, retries } as ServiceConfig);

/** Powers of two and more are asked for in turn, so that no prediction helps. */
const ROUTES = [1, 100, 10_000] as const;

function keyOf(index: number): Uint8Array {
  return Buffer.from(`service-${index}.default.svc`, 'latin1');
}

/** Any hash that spreads: the router's own is measured with `identify`. */
function hashOf(index: number): number {
  return Math.imul(index + 1, 0x9e3779b1);
}

for (const count of ROUTES) {
  const table = new RouteTable(count);
  const at = keysAt;
  for (let i = 0; i < count; i++) {
    const key = keyOf(i);
    table.add(new Route({ id: i, key, hash: hashOf(i), path: '', dtab: '', service }));
    memory.bytes.set(key, at + 64 * i);
  }
  const lengths = Int32Array.from({ length: count }, (_, i) => keyOf(i).length);
  bench(`route: find among ${count}`, (iterations) => {
    for (let n = 0, i = 0; n < iterations; n++) {
      const route = table.find(memory.bytes, at + 64 * i, lengths[i] as number, hashOf(i));
      keep(route === null ? 0 : route.id);
      i = i + 1 === count ? 0 : i + 1;
    }
  });
}

const parser = createParser();

function benchIdentify(name: string, router: Router, count: number): void {
  for (let i = count; i >= 0; i--) {
    const end = place(`GET /a/b/c?d=e HTTP/1.1\r\nHost: service-${i}.default.svc\r\nX-Service: /web\r\n\r\n`);
    parser.parseRequest(net.bytes, messageAt, end);
    router.identify(parser, false);
  }
  bench(name, (iterations) => {
    for (let n = 0; n < iterations; n++) keep(router.identify(parser, false) === null ? 0 : 1);
  });
}

benchIdentify('identify: header.token, 1 route', createRouter(''), 0);
benchIdentify('identify: header.token, 10,000 routes', createRouter(''), 10_000);
for (const kind of [
  '{kind: io.l5d.methodAndHost}',
  '{kind: io.l5d.path, segments: 2}',
  '{kind: io.l5d.header, header: x-service}',
  '{kind: io.l5d.static, path: /web}',
]) {
  benchIdentify(`identify: ${kind}`, createRouter(`  identifier: ${kind}`), 0);
}
