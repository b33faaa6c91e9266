/** What the admin pages show of this process: the admin server's questions, answered by the supervisor. */
import { delegateJson } from '../core/names/delegate.ts';
import { Dtab } from '../core/names/dtab.ts';
import { Path } from '../core/names/path.ts';
import type { AdminContext, ClientState, Delegation } from './admin/context.ts';
import { DelegateError, type Interpreter } from './interpreters/interpreter.ts';
import { type Logger, levelOf, setLevel } from './log.ts';
import type { Supervisor } from './supervisor.ts';

/** Answers the admin server's questions. */
export function createAdminContext(parts: {
  readonly supervisor: Supervisor;
  readonly log: Logger;
  readonly version: string;
  shutdown(graceMs: number | undefined): void;
}): AdminContext {
  const { supervisor, log, version } = parts;
  const startTimeMs = Date.now() - process.uptime() * 1000;
  return {
    build: { name: 'weft', version, build: version, buildRevision: '' },
    startTimeMs,
    now: Date.now,
    metrics: () => supervisor.metrics.tree(),
    prometheus: supervisor.config.telemetry.map(({ path, prefix }) => ({ path, prefix })),
    config: () => supervisor.config.raw,
    delegate: (namespace, dtab, path) => delegate(supervisor, namespace, dtab, path),
    boundNames: () => supervisor.interpreter.boundNames(),
    clientStates: () => {
      const states = new Map<string, ClientState>();
      for (const { clients } of supervisor.routers) for (const [id, state] of clients.states()) states.set(id, state);
      return states;
    },
    logLevels: () => new Map([['root', levelOf(log)]]),
    setLogLevel: (logger, level) => {
      if (logger === 'root') setLevel(log, level);
    },
    shutdown: (graceMs) => parts.shutdown(graceMs),
    limitMet: (name) => supervisor.metrics.limitMet(name),
    log: (level, message) => log[level](message),
  };
}

async function delegate(
  supervisor: Supervisor,
  namespace: string | undefined,
  dtabText: string,
  pathText: string,
): Promise<Delegation> {
  let dtab: Dtab;
  let path: Path;
  try {
    dtab = Dtab.read(dtabText);
  } catch (error) {
    return { kind: 'invalid_dtab', message: messageOf(error) };
  }
  try {
    path = Path.read(pathText);
  } catch (error) {
    return { kind: 'invalid_path', message: messageOf(error) };
  }
  const router = supervisor.routers.find(({ config }) => config.label === namespace);
  const interpreter: Interpreter = router?.interpreter ?? supervisor.interpreter;
  try {
    return { kind: 'tree', tree: delegateJson(await interpreter.delegate(dtab, path)) };
  } catch (error) {
    if (error instanceof DelegateError && error.code !== 'failed') return { kind: error.code };
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
