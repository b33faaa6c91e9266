/** An AdminContext with nothing behind it, for the tests of this folder: it answers the vectors of spec 06 section 12. */

import { slabBytes } from '../../core/shared/stats.ts';
import { StatsReader } from '../../core/shared/stats-reader.ts';
import { Metrics } from '../telemetry/metrics.ts';
import type { AdminContext, Delegation } from './context.ts';

/** What was asked of a fake context. */
export interface FakeContext extends AdminContext {
  /** One line for each call that changes something or is logged. */
  readonly calls: string[];
}

/** Builds one; `overrides` replaces what a test is about. */
export function fakeContext(overrides: Partial<AdminContext> = {}): FakeContext {
  const calls: string[] = [];
  const metrics = new Metrics(new StatsReader([new SharedArrayBuffer(slabBytes({ scopesMax: 8 }))]));
  metrics.counter(['rt', 'out', 'bindcache', 'path', 'misses'], () => 1);
  metrics.gauge(['rt', 'out', 'originator'], () => 1);
  const levels = new Map([
    ['root', 'INFO'],
    ['access', 'OFF'],
  ]);
  return {
    calls,
    build: { name: 'weft', version: '0.1.0', build: 'b', buildRevision: 'r' },
    startTimeMs: 0,
    now: () => 1500,
    metrics: () => metrics.tree(),
    prometheus: [],
    config: () => ({ routers: [{ protocol: 'http', dtab: '/svc=>/#/io.l5d.fs' }] }),
    delegate: (namespace, dtab, path) => Promise.resolve(delegation(namespace, dtab, path)),
    boundNames: () => ['/#/io.l5d.fs/web'],
    clientStates: () => new Map([['/#/io.l5d.fs/web', { state: 'bound', addresses: ['127.0.0.1:8080'] }]]),
    logLevels: () => levels,
    setLogLevel: (logger, level) => {
      if (levels.has(logger)) levels.set(logger, level);
    },
    shutdown: (graceMs) => calls.push(`shutdown ${graceMs}`),
    limitMet: (name) => calls.push(`limit ${name}`),
    log: (level, message) => calls.push(`${level} ${message}`),
    ...overrides,
  };
}

function delegation(namespace: string | undefined, dtab: string, path: string): Delegation {
  if (dtab === 'bad') return { kind: 'invalid_dtab', message: 'no arrow' };
  if (!path.startsWith('/')) return { kind: 'invalid_path', message: 'no slash' };
  if (namespace === 'mute') return { kind: 'unsupported' };
  if (namespace === 'slow') return { kind: 'timeout' };
  return { kind: 'tree', tree: { type: 'delegate', namespace, dtab, path } };
}
