/**
 * The admin paths and what each answers (spec 06 section 8.1). A path is matched exactly as sent; what is not in the
 * table is not there.
 */

import { metricsJson } from '../telemetry/metrics-json.ts';
import { prometheusText } from '../telemetry/prometheus.ts';
import { empty, json, jsonText, methodNotAllowed, text } from './answers.ts';
import type { AdminContext, ClientState } from './context.ts';
import { delegator } from './delegator.ts';
import { logging } from './logging.ts';
import { shutdown } from './shutdown.ts';
import type { AdminHandler, AdminRequest, AdminResponse } from './transport.ts';

/** Where Prometheus text is served unless a telemeter says otherwise. */
export const PROMETHEUS_PATH = '/admin/metrics/prometheus';

interface Route {
  /** GET includes HEAD. */
  readonly methods: readonly string[];
  answer(request: AdminRequest): AdminResponse | Promise<AdminResponse>;
}

/**
 * Builds the handler of all admin requests.
 *
 * @param isServed the security filter; what it refuses is answered like what is not there, but empty
 */
export function adminHandler(context: AdminContext, isServed: (path: string) => boolean): AdminHandler {
  const routes = routeTable(context);
  return async (request) => {
    if (!isServed(request.path)) return empty(404);
    const route = routes.get(request.path);
    if (route === undefined) return text('not found; /admin lists the paths that there are\n', 404);
    if (!route.methods.includes(request.method)) return methodNotAllowed(route.methods.join(', '));
    try {
      return await route.answer(request);
    } catch (error) {
      context.log('error', `admin: ${request.method} ${request.path} failed: ${(error as Error).stack ?? error}`);
      return text('internal error\n', 500);
    }
  };
}

function routeTable(context: AdminContext): ReadonlyMap<string, Route> {
  const get = (answer: Route['answer']): Route => ({ methods: ['GET'], answer });
  const index = get(() => text(`${[...routes.keys()].toSorted().join('\n')}\n`));
  const routes = new Map<string, Route>([
    ['/admin', index],
    ['/admin/index.txt', index],
    ['/admin/ping', get(() => text('pong'))],
    ['/admin/server_info', get(() => serverInfo(context))],
    ['/admin/metrics.json', get((request) => metrics(context, request.query))],
    ['/admin/shutdown', { methods: ['POST'], answer: (request) => shutdown(context, request) }],
    ['/bound-names.json', get(() => boundNames(context))],
    ['/client_state.json', get(() => clientStates(context))],
    ['/config.json', get(() => json(context.config()))],
    ['/delegator.json', { methods: ['GET', 'POST'], answer: (request) => delegator(context, request) }],
    ['/logging.json', { methods: ['GET', 'POST'], answer: (request) => logging(context, request) }],
  ]);
  for (const { path, prefix } of [{ path: PROMETHEUS_PATH, prefix: '' }, ...context.prometheus]) {
    routes.set(
      path,
      get(({ query }) => text(prometheusText(context.metrics(), { prefix, histograms: isOn(query, 'histograms') }))),
    );
  }
  return routes;
}

function isOn(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value === 'true' || value === '1';
}

function metrics(context: AdminContext, query: URLSearchParams): AdminResponse {
  const subtree = query.get('q') ?? '';
  const root = context.metrics();
  const node = subtree === '' ? root : root.find(subtree.split('/'));
  if (node === undefined) return jsonText(`{"error": ${JSON.stringify(`No such subtree: ${subtree}`)}}`, 404);
  return jsonText(metricsJson(node, { pretty: isOn(query, 'pretty'), tree: isOn(query, 'tree') }));
}

function serverInfo(context: AdminContext): AdminResponse {
  const { name, version, build, buildRevision } = context.build;
  const uptime = context.now() - context.startTimeMs;
  const startTime = new Date(context.startTimeMs).toISOString();
  return json({ name, version, build, build_revision: buildRevision, start_time: startTime, uptime });
}

function boundNames(context: AdminContext): AdminResponse {
  const names = context.boundNames();
  return json(names.length === 0 ? [''] : names);
}

function clientStates(context: AdminContext): AdminResponse {
  const states = [...context.clientStates()].map(([id, state]) => [
    id,
    { state: stateText(state), addresses: state.state === 'bound' ? state.addresses : [] },
  ]);
  return json(Object.fromEntries(states));
}

function stateText(state: ClientState): string {
  switch (state.state) {
    case 'bound':
      return 'bound';
    case 'failed':
      return `Failed: ${state.message}`;
    case 'pending':
      return 'Pending';
    case 'neg':
      return 'Neg';
  }
}
