/**
 * Metric scopes with a life of their own: opened by what is counted, closed with the last that is counted there, and
 * given back only when every worker has let go.
 *
 *     open --last close()--> (grace, for requests under way) --> workers asked to release --> all have --> id free
 */
import type { RetryBudgets } from '../../core/shared/retry-budgets.ts';
import { OVERFLOW_SCOPE } from '../../core/shared/stats.ts';
import type { MetricSource } from '../telemetry/metrics-tree.ts';
import type { ScopeNames, Scopes } from '../telemetry/scopes.ts';

/** Time for requests under way to be counted under the name they came for. */
const GRACE_MS = 30_000;

interface Release {
  readonly scopes: readonly number[];
  readonly awaited: Set<number>;
}

/** What the keeper needs of the workers. */
export interface ScopeWorkers {
  alive(): Iterable<number>;
  release(worker: number, scopes: readonly number[], token: number): void;
}

/** The scopes of services and clients. */
export class ScopeKeeper {
  readonly #scopes: Scopes;
  readonly #workers: ScopeWorkers;
  /** The budgets of the scopes: each begins anew with its scope. */
  readonly budgets: RetryBudgets;
  readonly #releases = new Map<number, Release>();
  readonly #ids = new Map<string, number>();
  readonly #users = new Map<number, { readonly key: string; count: number }>();
  #closed: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastToken = 0;

  constructor(scopes: Scopes, workers: ScopeWorkers, budgets: RetryBudgets) {
    this.#scopes = scopes;
    this.#workers = workers;
    this.budgets = budgets;
  }

  /** Opens a scope, or joins those who count there already. @returns its id */
  open(names: ScopeNames): number {
    const key = JSON.stringify(names);
    const id = this.#ids.get(key) ?? this.#scopes.open(names);
    const users = this.#users.get(id);
    if (id === OVERFLOW_SCOPE) return id;
    this.#ids.set(key, id);
    if (users !== undefined) {
      users.count++;
      return id;
    }
    this.#users.set(id, { key, count: 1 });
    this.budgets.clear(id);
    return id;
  }

  /** Adds what the supervisor knows to an open scope. */
  extend(scope: number, extra: MetricSource): void {
    this.#scopes.extend(scope, extra);
  }

  /** A counter of a scope, all threads together: one of COUNTER. */
  counter(scope: number, cell: number): number {
    return this.#scopes.counter(scope, cell);
  }

  /** Closes a scope for one of its users: with the last it leaves the metrics at once. */
  close(scope: number): void {
    const users = this.#users.get(scope);
    if (users === undefined || --users.count > 0) return;
    this.#users.delete(scope);
    this.#ids.delete(users.key);
    this.#scopes.close(scope);
    this.#closed.push(scope);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#askForRelease(), GRACE_MS);
    this.#timer.unref();
  }

  #askForRelease(): void {
    this.#timer = undefined;
    const scopes = this.#closed;
    this.#closed = [];
    const token = ++this.#lastToken;
    this.#releases.set(token, { scopes, awaited: new Set(this.#workers.alive()) });
    for (const worker of this.#workers.alive()) this.#workers.release(worker, scopes, token);
    this.#settle(token);
  }

  /** A worker has let go. */
  onReleased(worker: number, token: number): void {
    this.#releases.get(token)?.awaited.delete(worker);
    this.#settle(token);
  }

  /** A worker is dead: it holds nothing. */
  onDeath(worker: number): void {
    for (const token of [...this.#releases.keys()]) this.onReleased(worker, token);
  }

  #settle(token: number): void {
    const release = this.#releases.get(token);
    if (release === undefined || release.awaited.size > 0) return;
    this.#releases.delete(token);
    for (const scope of release.scopes) this.#scopes.confirmClosed(scope);
  }
}
