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
import type { ConfigsByPrefix } from '../../core/config/configs-by-prefix.ts';
import type { RouterProtocol, ServiceConfig } from '../../core/config/types.ts';
import type { CountedLimitName } from '../../core/limits.ts';
import type { State } from '../../core/names/activity.ts';
import type { Bound } from '../../core/names/bound.ts';
import type { DelegateTree } from '../../core/names/delegate.ts';
import { Dtab } from '../../core/names/dtab.ts';
import type { Stop } from '../../core/names/live.ts';
import type { NameTree } from '../../core/names/name-tree.ts';
import { Path } from '../../core/names/path.ts';
import { resolutionSteps } from '../../core/names/resolution.ts';
import type { BindReply, BranchMessage, CacheEvent, ToWorker } from '../../workers/messages.ts';
import type { Interpreter } from '../interpreters/interpreter.ts';
import { budgetMetrics } from '../telemetry/budget-metrics.ts';
import type { BoundClient, BoundClients } from './bound-clients.ts';
import { CacheCounts, CacheEntries, type CachesCounts } from './cache-entries.ts';
import type { Room } from './room.ts';
import type { ScopeKeeper } from './scope-keeper.ts';

/** A bound leaf and its share of the traffic. */
interface WeightedBound {
  readonly weight: number;
  readonly bound: Bound;
}

/** A reply without the address of who asked. */
type Answer =
  | { readonly state: 'ok'; readonly tree: number; readonly branches: readonly BranchMessage[] }
  | { readonly state: 'neg' }
  | { readonly state: 'failed'; readonly reason: 'binding_failed' | 'binding_overload'; readonly message: string };

interface Branch {
  readonly client: BoundClient;
  readonly clientServiceScope: number;
  /** Of the entry for bound id and residual. */
  readonly boundKey: string;
  readonly bound: number;
}

/** What a name is bound to, with what is held for it; `key` is that of the tree's entry. */
interface Tree {
  readonly key: string;
  readonly branches: readonly Branch[];
}

interface Binding {
  readonly key: string;
  readonly path: string;
  /** The whole dtab that the path is bound with. */
  readonly dtab: Dtab;
  readonly serviceScope: number;
  /** The workers' routes that follow it, as {@link holderOf} numbers them. */
  readonly holders: Set<number>;
  answer: Answer | undefined;
  tree: Tree | undefined;
  /** Rises with each tree, so that a tree that is not known yet cannot overtake a later one. */
  version: number;
  stop: Stop;
  /** A delegation that is under way: whoever asks meanwhile gets the same. */
  explanation: Promise<DelegateTree> | undefined;
}

/** WEFT_WORKERS is below. */
const WORKERS = 1024;

/** A worker's route as one number. */
function holderOf(worker: number, route: number): number {
  return route * WORKERS + worker;
}

/** What the bindings of a router need. */
export interface BindingsEnvironment {
  readonly router: number;
  readonly label: string;
  readonly protocol: RouterProtocol;
  readonly baseDtab: Dtab;
  readonly interpreter: Interpreter;
  readonly services: ConfigsByPrefix<ServiceConfig>;
  readonly clients: BoundClients;
  readonly scopes: ScopeKeeper;
  /** For bindings, of all routers: LIMITS.bindingsMax. */
  readonly room: Room;
  send(worker: number, message: ToWorker): void;
  limitMet(name: CountedLimitName): void;
}

/** The bindings of one router. */
export class Bindings {
  readonly #environment: BindingsEnvironment;
  readonly #bindings = new Map<string, Binding>();
  readonly #byHolder = new Map<number, Binding>();
  readonly #trees = new CacheEntries();
  readonly #bounds = new CacheEntries();
  readonly #paths = new CacheCounts();

  constructor(environment: BindingsEnvironment) {
    this.#environment = environment;
  }

  get size(): number {
    return this.#bindings.size;
  }

  /** What became of the entries of the binding caches. */
  get counts(): CachesCounts {
    const { clients } = this.#environment;
    return { path: this.#paths, tree: this.#trees.counts, bound: this.#bounds.counts, client: clients.counts };
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
    const holder = holderOf(worker, route);
    binding.holders.add(holder);
    this.#byHolder.set(holder, binding);
    if (binding.answer !== undefined) this.#send(worker, route, binding.serviceScope, binding.answer);
  }

  /** A worker has dropped its route. An entry is evicted, or has expired, when this was the last route that led to it. */
  unbind(worker: number, route: number, { cache, event }: CacheEvent): void {
    const binding = this.#letGo(holderOf(worker, route));
    if (event === 'oneshots') this.counts[cache].oneshots++;
    if (binding === undefined) return;
    if (event !== 'oneshots') this.counts[cache][event]++;
    this.#close(binding, event === 'expires');
  }

  /** A worker is dead: its routes are gone. */
  forgetWorker(worker: number): void {
    for (const holder of [...this.#byHolder.keys()]) {
      if (holder % WORKERS !== worker) continue;
      const binding = this.#letGo(holder);
      if (binding !== undefined) this.#close(binding, false);
    }
  }

  /** @returns the binding, when nobody follows it any more */
  #letGo(holder: number): Binding | undefined {
    const binding = this.#byHolder.get(holder);
    if (binding === undefined) return undefined;
    this.#byHolder.delete(holder);
    binding.holders.delete(holder);
    return binding.holders.size === 0 ? binding : undefined;
  }

  /**
   * Tells a worker the steps that lead from its route's name to a bound name, for the answer to a TRACE request; none when
   * the interpreter cannot say.
   *
   * @param token comes back with the steps
   */
  explain(worker: number, route: number, token: number, id: string): void {
    const { router, send } = this.#environment;
    const binding = this.#byHolder.get(holderOf(worker, route));
    const tell = (steps: readonly string[]) => send(worker, { type: 'explained', router, token, steps });
    if (binding === undefined) {
      tell([]);
      return;
    }
    binding.explanation ??= this.#delegate(binding);
    binding.explanation.then(
      (tree) => tell(resolutionSteps(tree, Path.read(id))),
      () => tell([]),
    );
  }

  #delegate(binding: Binding): Promise<DelegateTree> {
    const explanation = this.#environment.interpreter.delegate(binding.dtab, Path.read(binding.path));
    return explanation.finally(() => {
      binding.explanation = undefined;
    });
  }

  #open(key: string, path: string, dtab: string): Binding | undefined {
    const { interpreter, baseDtab, room, limitMet } = this.#environment;
    if (!room.take()) {
      limitMet('bindingsMax');
      return undefined;
    }
    this.#paths.misses++;
    const binding: Binding = {
      key,
      path,
      dtab: baseDtab.concat(Dtab.read(dtab)),
      serviceScope: this.#openService(path),
      holders: new Set(),
      answer: undefined,
      tree: undefined,
      version: 0,
      stop: () => {},
      explanation: undefined,
    };
    this.#bindings.set(key, binding);
    binding.stop = interpreter.bind(binding.dtab, Path.read(path)).observe((state) => this.#onState(binding, state));
    return binding;
  }

  #openService(path: string): number {
    const { label, protocol, scopes, services } = this.#environment;
    const scope = scopes.open({ kind: 'service', router: label, protocol, path });
    scopes.extend(scope, budgetMetrics(scopes.budgets, scope, services.of(Path.read(path)).retries.budget));
    return scope;
  }

  #onState(binding: Binding, state: State<NameTree<Bound>>): void {
    if (state.state === 'pending') return;
    if (state.state === 'failed') {
      if (binding.answer?.state === 'ok' || binding.answer?.state === 'neg') return;
      const { message } = state;
      this.#answer(binding, { state: 'failed', reason: 'binding_failed', message }, undefined);
      return;
    }
    const leaves = leavesOf(state.value, 1);
    const key = leaves.length === 0 ? state.value.kind : leaves.map(keyOf).join(' & ');
    const number = this.#trees.hold(key);
    if (leaves.length === 0) this.#answer(binding, { state: 'neg' }, { key, branches: [] });
    else this.#openBranches(binding, leaves, key, number);
  }

  #openBranches(binding: Binding, leaves: readonly WeightedBound[], key: string, number: number): void {
    const branches: Branch[] = [];
    const tree = { key, branches };
    for (const leaf of leaves) {
      const branch = this.#openBranch(binding, leaf.bound);
      if (branch === undefined) {
        this.#environment.limitMet('clientsMax');
        this.#releaseTree(tree, false);
        const message = 'too many bound names are in use at one time';
        this.#answer(binding, { state: 'failed', reason: 'binding_overload', message }, undefined);
        return;
      }
      branches.push(branch);
    }
    const version = ++binding.version;
    let unknown = branches.length;
    for (const { client } of branches) {
      this.#environment.clients.whenKnown(client, () => {
        unknown--;
        if (unknown > 0) return;
        if (version === binding.version) this.#answerTree(binding, leaves, tree, number);
        else this.#releaseTree(tree, false);
      });
    }
  }

  /** @returns undefined when there are too many clients */
  #openBranch(binding: Binding, bound: Bound): Branch | undefined {
    const { clients, scopes, label, protocol } = this.#environment;
    const client = clients.acquire(bound);
    if (client === undefined) return undefined;
    const names = { kind: 'client_service', router: label, protocol, id: client.id, path: binding.path } as const;
    const boundKey = boundKeyOf(bound);
    return { client, clientServiceScope: scopes.open(names), boundKey, bound: this.#bounds.hold(boundKey) };
  }

  #answerTree(binding: Binding, leaves: readonly WeightedBound[], tree: Tree, number: number): void {
    const messages = tree.branches.map((branch, index): BranchMessage => {
      const { weight, bound } = leaves[index] as WeightedBound;
      const { client, clientServiceScope } = branch;
      return {
        weight,
        bound: branch.bound,
        client: client.client,
        id: client.id,
        residual: bound.residual.size === 0 ? '' : bound.residual.show(),
        clientScope: client.scope,
        clientServiceScope,
        answerStatus: client.answerStatus,
      };
    });
    this.#answer(binding, { state: 'ok', tree: number, branches: messages }, tree);
  }

  #answer(binding: Binding, answer: Answer, tree: Tree | undefined): void {
    const before = binding.tree;
    binding.version++;
    binding.answer = answer;
    binding.tree = tree;
    for (const holder of binding.holders) {
      this.#send(holder % WORKERS, Math.floor(holder / WORKERS), binding.serviceScope, answer);
    }
    // After the workers are told: they let go of the old clients before those close.
    if (before !== undefined) this.#releaseTree(before, false);
  }

  #send(worker: number, route: number, serviceScope: number, answer: Answer): void {
    const reply: BindReply = { type: 'bound', router: this.#environment.router, route, serviceScope, ...answer };
    this.#environment.send(worker, reply);
  }

  #close(binding: Binding, expired: boolean): void {
    this.#bindings.delete(binding.key);
    this.#environment.room.give();
    binding.version++;
    binding.stop();
    if (binding.tree !== undefined) this.#releaseTree(binding.tree, expired);
    this.#environment.scopes.close(binding.serviceScope);
  }

  #releaseTree({ key, branches }: Tree, expired: boolean): void {
    this.#trees.release(key, expired);
    for (const { client, clientServiceScope, boundKey } of branches) {
      this.#bounds.release(boundKey, expired);
      this.#environment.scopes.close(clientServiceScope);
      this.#environment.clients.release(client, expired);
    }
  }
}

function boundKeyOf({ id, residual }: Bound): string {
  return residual.size === 0 ? id.show() : `${id.show()} ${residual.show()}`;
}

function keyOf({ weight, bound }: WeightedBound): string {
  return `${weight}*${boundKeyOf(bound)}`;
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
