/** What workers are told of a name: nothing while its namer is silent, then every change, and the last good tree for ever. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigsByPrefix } from '../../core/config/configs-by-prefix.ts';
import type { ClientConfig, RouterConfig, RouterProtocol, ServiceConfig } from '../../core/config/types.ts';
import { failed, ok, PENDING, type State } from '../../core/names/activity.ts';
import type { Addr, Bound } from '../../core/names/bound.ts';
import type { DelegateTree } from '../../core/names/delegate.ts';
import { Dtab } from '../../core/names/dtab.ts';
import { Cell } from '../../core/names/live.ts';
import { FAIL, leaf, type NameTree, NEG } from '../../core/names/name-tree.ts';
import { Path } from '../../core/names/path.ts';
import { EndpointPublisher } from '../../core/shared/endpoint-publisher.ts';
import { createEndpointBuffer, EndpointRegion } from '../../core/shared/endpoint-region.ts';
import { RetryBudgets } from '../../core/shared/retry-budgets.ts';
import { slabBytes } from '../../core/shared/stats.ts';
import { StatsReader } from '../../core/shared/stats-reader.ts';
import type { ToWorker } from '../../workers/messages.ts';
import { loadConfig } from '../config/load.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { Bindings } from './bindings.ts';
import { BoundClients } from './bound-clients.ts';
import { Room } from './room.ts';
import { ScopeKeeper } from './scope-keeper.ts';

const ROUTER = loadConfig('routers: [{protocol: http, servers: [{}]}]', 'test').routers[0] as RouterConfig;
const WORKER = 0;
const ROUTE = 1;
const EVICTED = { cache: 'path', event: 'evicts' } as const;
const ADDRESS = { ip: '127.0.0.1', port: 8080, weight: 1 };

/** Bindings of one router whose only name is what the cell says. */
function setUp(protocol: RouterProtocol = 'http') {
  const name = new Cell<State<NameTree<Bound>>>(PENDING);
  const sent: string[] = [];
  /** Delegations that the interpreter was asked for, and what ends them. */
  const asked: string[] = [];
  const explanations: { resolve: (tree: DelegateTree) => void; reject: (error: Error) => void }[] = [];
  const metrics = new Metrics(new StatsReader([new SharedArrayBuffer(slabBytes({ scopesMax: 64 }))]));
  const budgets = new RetryBudgets(RetryBudgets.allocate(1, 64), 1);
  const scopes = new ScopeKeeper(metrics.scopes, { alive: () => [WORKER], release: () => {} }, budgets);
  const clients = new BoundClients({
    router: 'out',
    protocol,
    configs: new ConfigsByPrefix<ClientConfig>(ROUTER.client),
    publisher: new EndpointPublisher(new EndpointRegion(createEndpointBuffer({ workers: 1, clients: 4, rows: 8 }))),
    scopes,
    published: () => {},
    onProblem: assert.fail,
  });
  const describe = (message: ToWorker): string => {
    if (message.type === 'explained') return `${message.token}: ${message.steps.join(', ')}`;
    if (message.type !== 'bound') return message.type;
    if (message.state === 'ok') return message.branches.map(({ id, weight }) => `${weight} ${id}`).join(' & ');
    return message.state === 'failed' ? `${message.reason}: ${message.message}` : message.state;
  };
  const bindings = new Bindings({
    router: 0,
    label: 'out',
    protocol,
    baseDtab: Dtab.read('/svc=>/#'),
    interpreter: {
      bind: () => name.live,
      delegate: (dtab, path) => {
        asked.push(`${path.show()} in ${dtab.show()}`);
        return new Promise((resolve, reject) => explanations.push({ resolve, reject }));
      },
      boundNames: () => [],
    },
    services: new ConfigsByPrefix<ServiceConfig>(ROUTER.service),
    clients,
    scopes,
    room: new Room(2),
    send: (_worker, message) => void sent.push(describe(message)),
    limitMet: () => void sent.push('limit'),
  });
  return { asked, bindings, clients, explanations, metrics, name, sent };
}

function boundTo(id: string, addr: Cell<Addr>): State<NameTree<Bound>> {
  return ok(leaf({ id: Path.read(id), residual: Path.empty, addr: addr.live }));
}

test('a namer that is silent: nothing is told, and the answer is, however late it comes', () => {
  const { bindings, name, sent } = setUp();
  bindings.bind(WORKER, ROUTE, '/svc/web', '');
  name.value = PENDING;
  assert.deepEqual(sent, []);
  const addr = new Cell<Addr>({ state: 'pending' });
  name.value = boundTo('/#/web', addr);
  assert.deepEqual(sent, [], 'the name is known, its addresses are not');
  addr.value = { state: 'bound', addresses: [ADDRESS] };
  assert.deepEqual(sent, ['1 /#/web']);
});

test('a failure is told; what comes after it is told; the last good tree outlives failures', () => {
  const { bindings, name, sent } = setUp();
  bindings.bind(WORKER, ROUTE, '/svc/web', '');
  name.value = failed('no connection to the namer');
  name.value = boundTo('/#/web', new Cell<Addr>({ state: 'bound', addresses: [ADDRESS] }));
  name.value = failed('no connection to the namer');
  name.value = PENDING;
  assert.deepEqual(sent, ['binding_failed: no connection to the namer', '1 /#/web']);
  bindings.bind(WORKER, ROUTE + 1, '/svc/web', '');
  assert.deepEqual(sent.slice(2), ['1 /#/web'], 'who asks later is told what serves');
  name.value = ok(NEG);
  assert.deepEqual(sent.slice(3), ['neg', 'neg']);
});

test('a tree whose addresses come late does not take the place of a newer one', () => {
  const { bindings, clients, name, sent } = setUp();
  bindings.bind(WORKER, ROUTE, '/svc/web', '');
  const late = new Cell<Addr>({ state: 'pending' });
  name.value = boundTo('/#/old', late);
  name.value = boundTo('/#/new', new Cell<Addr>({ state: 'bound', addresses: [ADDRESS] }));
  late.value = { state: 'bound', addresses: [ADDRESS] };
  assert.deepEqual(sent, ['1 /#/new']);
  assert.deepEqual([...clients.states().keys()], ['/#/new']);
});

test('names beyond the bound are refused, until one is given back', () => {
  const { bindings, sent } = setUp();
  for (const [index, path] of ['/svc/a', '/svc/b', '/svc/c'].entries()) bindings.bind(WORKER, index, path, '');
  assert.deepEqual(sent, ['limit', 'binding_overload: too many names are bound at one time']);
  bindings.unbind(WORKER, 0, EVICTED);
  bindings.bind(WORKER, 3, '/svc/c', '');
  assert.equal(bindings.size, 2);
  bindings.forgetWorker(WORKER);
  assert.equal(bindings.size, 0);
});

test('the scopes of a name are of the kind that its router is', () => {
  for (const protocol of ['http', 'h2'] as const) {
    const { bindings, metrics, name } = setUp(protocol);
    bindings.bind(WORKER, ROUTE, '/svc/web', '');
    name.value = boundTo('/#/web', new Cell<Addr>({ state: 'bound', addresses: [ADDRESS] }));
    for (const scope of [
      ['service', 'svc/web'],
      ['client', '#/web'],
      ['client', '#/web', 'service', 'svc/web'],
    ]) {
      const found = (metric: string) =>
        metrics.tree().find(['rt', 'out', ...scope, ...metric.split('/')]) !== undefined;
      assert.ok(found('requests'), scope.join('/'));
      assert.equal(found('stream/stream_success'), protocol === 'h2', scope.join('/'));
    }
  }
});

test('many routes of several workers follow one name, and the last to leave closes it', () => {
  const { bindings, name, sent } = setUp();
  for (const worker of [0, 1, 255]) for (const route of [1, 2, 70_000]) bindings.bind(worker, route, '/svc/web', '');
  name.value = ok(NEG);
  assert.deepEqual(sent, new Array(9).fill('neg'));
  bindings.forgetWorker(1);
  for (const worker of [0, 255]) for (const route of [1, 2, 70_000]) bindings.unbind(worker, route, EVICTED);
  assert.equal(bindings.size, 0);
  bindings.unbind(0, 1, EVICTED);
  name.value = ok(FAIL);
  assert.equal(sent.length, 9, 'nobody is told any more');
});

test('what becomes of entries is counted for the node, when the last route of any worker has left', () => {
  const { bindings, clients, name } = setUp();
  const addr = new Cell<Addr>({ state: 'bound', addresses: [ADDRESS] });
  name.value = boundTo('/#/web', addr);
  for (const [index, path] of ['/svc/a', '/svc/b'].entries()) {
    bindings.bind(0, index, path, '');
    bindings.bind(1, index, path, '');
  }
  const counts = () =>
    Object.values(bindings.counts).map(({ misses, evicts, expires, oneshots }) => [misses, evicts, expires, oneshots]);
  const one = [1, 0, 0, 0];
  assert.deepEqual(counts(), [[2, 0, 0, 0], one, one, one], 'both names lead to one tree');
  bindings.unbind(0, 0, EVICTED);
  assert.deepEqual(counts()[0], [2, 0, 0, 0], 'another worker has it');
  bindings.unbind(1, 0, { cache: 'client', event: 'evicts' });
  assert.deepEqual(counts(), [[2, 0, 0, 0], one, one, [1, 1, 0, 0]]);
  bindings.unbind(0, 1, { cache: 'tree', event: 'oneshots' });
  bindings.unbind(1, 1, { cache: 'path', event: 'expires' });
  assert.deepEqual(counts(), [
    [2, 0, 1, 0],
    [1, 0, 1, 1],
    [1, 0, 1, 0],
    [1, 1, 1, 0],
  ]);
  assert.deepEqual([bindings.size, clients.states().size], [0, 0]);
});

test('a worker is told how its name came to what it is bound to; who asks meanwhile shares the answer', async () => {
  const { asked, bindings, explanations, sent } = setUp();
  bindings.bind(WORKER, ROUTE, '/svc/web', '/x=>/y');
  bindings.explain(WORKER, ROUTE, 7, '/#/web');
  bindings.explain(WORKER, ROUTE, 8, '/#/other');
  assert.deepEqual(asked, ['/svc/web in /svc=>/#;/x=>/y']);
  const bound = { id: Path.read('/#/web'), residual: Path.empty, addr: { state: 'neg' } } as const;
  const dentry = Dtab.read('/svc=>/#').dentries[0];
  const tree = { path: Path.read('/#/web'), dentry, type: 'leaf', bound } as const;
  explanations[0]?.resolve({ path: Path.read('/svc/web'), dentry: undefined, type: 'delegate', tree });
  await settled();
  assert.deepEqual(sent, ['7: /svc/web, /#/web (/svc=>/#)', '8: ']);
  bindings.explain(WORKER, ROUTE, 9, '/#/web');
  explanations[1]?.reject(new Error('the namer is away'));
  bindings.explain(WORKER, ROUTE + 1, 10, '/#/web');
  await settled();
  assert.deepEqual(sent.slice(2), ['10: ', '9: '], 'no steps where the interpreter cannot say, or nothing is bound');
});

/** Promises that are settled have told so. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
