/**
 * The names of one router that workers have asked for, and what they are bound to at the moment.
 *
 *     worker: bind(path, dtab) --> Binding, observed --> tree of bound names --> branches, each with a client
 *                                      |                                              |
 *                                      +-- changes --------> every worker that asked <-+
 *
 * A binding lives while some worker holds a route for it. After a first good tree, pending and failed states are
 * ignored: the last good tree serves on (spec 01 section 4.4).
 */
import type { RouterProtocol } from '../../core/config/types.ts';
import type { CountedLimitName } from '../../core/limits.ts';
import type { State } from '../../core/names/activity.ts';
import type { Bound } from '../../core/names/bound.ts';
import { Dtab } from '../../core/names/dtab.ts';
import type { Stop } from '../../core/names/live.ts';
import type { NameTree } from '../../core/names/name-tree.ts';
import { Path } from '../../core/names/path.ts';
import type { BindReply, BranchMessage, ToWorker } from '../../workers/messages.ts';
import type { Interpreter } from '../interpreters/interpreter.ts';
import type { BoundClient, BoundClients } from './bound-clients.ts';
import type { ScopeKeeper } from './scope-keeper.ts';

/** A bound leaf and its share of the traffic. */
interface WeightedBound {
  readonly weight: number;
  readonly bound: Bound;
}

/** A reply without the address of who asked. */
type Answer =
  | { readonly state: 'ok'; readonly branches: readonly BranchMessage[] }
  | { readonly state: 'neg' }
  | { readonly state: 'failed'; readonly reason: 'binding_failed' | 'binding_overload'; readonly message: string };

interface Branch {
  readonly client: BoundClient;
  readonly clientServiceScope: number;
}

interface Binding {
  readonly key: string;
  readonly path: string;
  readonly serviceScope: number;
  /** Routes by worker. */
  readonly routes: Map<number, Set<number>>;
  answer: Answer | undefined;
  branches: readonly Branch[];
  /** Rises with each tree, so that a tree that is not known yet cannot overtake a later one. */
  version: number;
  stop: Stop;
}

/** What the bindings of a router need. */
export interface BindingsEnvironment {
  readonly router: number;
  readonly label: string;
  readonly protocol: RouterProtocol;
  readonly baseDtab: Dtab;
  readonly interpreter: Interpreter;
  readonly clients: BoundClients;
  readonly scopes: ScopeKeeper;
  readonly bindingsMax: number;
  send(worker: number, message: ToWorker): void;
  limitMet(name: CountedLimitName): void;
}

/** The bindings of one router. */
export class Bindings {
  readonly #environment: BindingsEnvironment;
  readonly #bindings = new Map<string, Binding>();
  /** Names asked for that were not bound already (`bindcache/path/misses`). */
  pathMisses = 0;
  /** Trees, and leaves of trees, that were new. */
  treeMisses = 0;
  boundMisses = 0;

  constructor(environment: BindingsEnvironment) {
    this.#environment = environment;
  }

  get size(): number {
    return this.#bindings.size;
  }

  /** A worker asks for a name; it is told now or later, and of every change until {@link unbind}. */
  bind(worker: number, route: number, path: string, dtab: string): void {
    const key = `${path}\n${dtab}`;
    const binding = this.#bindings.get(key) ?? this.#open(key, path, dtab);
    if (binding === undefined) {
      const message = 'too many names are bound at one time';
      this.#send(worker, route, 0, { state: 'failed', reason: 'binding_overload', message });
      return;
    }
    let routes = binding.routes.get(worker);
    if (routes === undefined) {
      routes = new Set();
      binding.routes.set(worker, routes);
    }
    routes.add(route);
    if (binding.answer !== undefined) this.#send(worker, route, binding.serviceScope, binding.answer);
  }

  /** A worker has dropped its route. */
  unbind(worker: number, route: number): void {
    for (const binding of this.#bindings.values()) {
      const routes = binding.routes.get(worker);
      if (routes?.delete(route) !== true) continue;
      if (routes.size === 0) binding.routes.delete(worker);
      if (binding.routes.size === 0) this.#close(binding);
      return;
    }
  }

  /** A worker is dead: its routes are gone. */
  forgetWorker(worker: number): void {
    for (const binding of [...this.#bindings.values()]) {
      binding.routes.delete(worker);
      if (binding.routes.size === 0) this.#close(binding);
    }
  }

  #open(key: string, path: string, dtab: string): Binding | undefined {
    const { label, protocol, scopes, interpreter, baseDtab, bindingsMax, limitMet } = this.#environment;
    if (this.#bindings.size >= bindingsMax) {
      limitMet('bindingsMax');
      return undefined;
    }
    this.pathMisses++;
    const binding: Binding = {
      key,
      path,
      serviceScope: scopes.open({ kind: 'service', router: label, protocol, path }),
      routes: new Map(),
      answer: undefined,
      branches: [],
      version: 0,
      stop: () => {},
    };
    this.#bindings.set(key, binding);
    const effective = baseDtab.concat(Dtab.read(dtab));
    binding.stop = interpreter.bind(effective, Path.read(path)).observe((state) => this.#onState(binding, state));
    return binding;
  }

  #onState(binding: Binding, state: State<NameTree<Bound>>): void {
    if (state.state === 'pending') return;
    if (state.state === 'failed') {
      if (binding.answer?.state === 'ok' || binding.answer?.state === 'neg') return;
      this.#answer(binding, { state: 'failed', reason: 'binding_failed', message: state.message }, []);
      return;
    }
    this.treeMisses++;
    const leaves = leavesOf(state.value, 1);
    if (leaves.length === 0) {
      this.#answer(binding, { state: 'neg' }, []);
      return;
    }
    this.#openBranches(binding, leaves);
  }

  #openBranches(binding: Binding, leaves: readonly WeightedBound[]): void {
    const branches: Branch[] = [];
    for (const { bound } of leaves) {
      const client = this.#environment.clients.acquire(bound);
      if (client === undefined) {
        this.#environment.limitMet('clientsMax');
        for (const branch of branches) this.#releaseBranch(branch);
        const message = 'too many bound names are in use at one time';
        this.#answer(binding, { state: 'failed', reason: 'binding_overload', message }, []);
        return;
      }
      this.boundMisses++;
      const { scopes, label, protocol } = this.#environment;
      const names = { kind: 'client_service', router: label, protocol, id: client.id, path: binding.path } as const;
      branches.push({ client, clientServiceScope: scopes.open(names) });
    }
    const version = ++binding.version;
    let unknown = branches.length;
    for (const { client } of branches) {
      this.#environment.clients.whenKnown(client, () => {
        unknown--;
        if (unknown > 0) return;
        if (version === binding.version) this.#answerTree(binding, leaves, branches);
        else for (const branch of branches) this.#releaseBranch(branch);
      });
    }
  }

  #answerTree(binding: Binding, leaves: readonly WeightedBound[], branches: readonly Branch[]): void {
    const messages = branches.map(({ client, clientServiceScope }, index): BranchMessage => {
      const { weight, bound } = leaves[index] as WeightedBound;
      return {
        weight,
        client: client.client,
        id: client.id,
        residual: bound.residual.size === 0 ? '' : bound.residual.show(),
        clientScope: client.scope,
        clientServiceScope,
        answerStatus: client.answerStatus,
      };
    });
    this.#answer(binding, { state: 'ok', branches: messages }, branches);
  }

  #answer(binding: Binding, answer: Answer, branches: readonly Branch[]): void {
    const before = binding.branches;
    binding.version++;
    binding.answer = answer;
    binding.branches = branches;
    for (const [worker, routes] of binding.routes) {
      for (const route of routes) this.#send(worker, route, binding.serviceScope, answer);
    }
    // After the workers are told: they let go of the old clients before those close.
    for (const branch of before) this.#releaseBranch(branch);
  }

  #send(worker: number, route: number, serviceScope: number, answer: Answer): void {
    const reply: BindReply = { type: 'bound', router: this.#environment.router, route, serviceScope, ...answer };
    this.#environment.send(worker, reply);
  }

  #close(binding: Binding): void {
    this.#bindings.delete(binding.key);
    binding.version++;
    binding.stop();
    for (const branch of binding.branches) this.#releaseBranch(branch);
    this.#environment.scopes.close(binding.serviceScope);
  }

  #releaseBranch({ client, clientServiceScope }: Branch): void {
    this.#environment.scopes.close(clientServiceScope);
    this.#environment.clients.release(client);
  }
}

/** The leaves of a bound tree with their share of the traffic; none for neg, fail and empty. */
function leavesOf(tree: NameTree<Bound>, weight: number): WeightedBound[] {
  switch (tree.kind) {
    case 'leaf':
      return [{ weight, bound: tree.value }];
    case 'union': {
      const total = tree.branches.reduce((sum, branch) => sum + branch.weight, 0);
      // All weights zero: the branches share equally (spec 01 section 4.4).
      const share = (own: number) => (total === 0 ? 1 / tree.branches.length : own / total);
      return tree.branches.flatMap((branch) => leavesOf(branch.tree, weight * share(branch.weight)));
    }
    default:
      return [];
  }
}
