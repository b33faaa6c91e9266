/**
 * The bound names of one router that are in use, each with a table of endpoints in shared memory that follows its
 * address set.
 *
 *     acquire(bound) --> table opened, address set observed --> published at every change --> release: closed
 */
import type { ConfigsByPrefix } from '../../core/config/configs-by-prefix.ts';
import type { ClientConfig, RouterProtocol } from '../../core/config/types.ts';
import type { Addr, Bound } from '../../core/names/bound.ts';
import type { Live, Stop } from '../../core/names/live.ts';
import type { EndpointPublisher } from '../../core/shared/endpoint-publisher.ts';
import { TICK_MICROS } from '../../core/shared/endpoint-region.ts';
import type { ClientState } from '../admin/context.ts';
import { putBalancerMetrics, putFailFastMetrics } from '../telemetry/balancer-metrics.ts';
import { budgetMetrics } from '../telemetry/budget-metrics.ts';
import { CacheCounts } from './cache-entries.ts';
import { Probation } from './probation.ts';
import type { ScopeKeeper } from './scope-keeper.ts';

/** A bound name in use. */
export interface BoundClient {
  readonly id: string;
  /** Index of its endpoint table. */
  readonly client: number;
  readonly scope: number;
  /** Status that the name answers by itself, 0 for none. */
  answerStatus: number;
  addr: Addr;
  /** What it keeps of endpoints that discovery has removed; undefined: nothing. */
  probation: Probation | undefined;
  references: number;
  source: Live<Addr>;
  stop: Stop;
  readonly waiting: (() => void)[];
}

/** What the clients of a router need. */
export interface ClientsEnvironment {
  readonly router: string;
  readonly protocol: RouterProtocol;
  readonly configs: ConfigsByPrefix<ClientConfig>;
  readonly publisher: EndpointPublisher;
  readonly scopes: ScopeKeeper;
  /** Endpoint tables have changed: the workers are to look. */
  published(): void;
  /** Addresses that could not be published. */
  onProblem(message: string): void;
}

/** The bound names of one router. */
export class BoundClients {
  readonly #environment: ClientsEnvironment;
  readonly #clients = new Map<string, BoundClient>();
  readonly counts = new CacheCounts();

  constructor(environment: ClientsEnvironment) {
    this.#environment = environment;
  }

  /** Takes a bound name into use. @returns undefined when all endpoint tables are taken */
  acquire(bound: Bound): BoundClient | undefined {
    const id = bound.id.show();
    const known = this.#clients.get(id);
    if (known !== undefined) {
      known.references++;
      if (known.source !== bound.addr) this.#observe(known, bound.addr);
      return known;
    }
    const { router, protocol, configs, publisher, scopes } = this.#environment;
    const table = publisher.openClient();
    if (table === undefined) return undefined;
    this.counts.misses++;
    const client: BoundClient = {
      id,
      client: table,
      scope: scopes.open({ kind: 'client', router, protocol, id }),
      answerStatus: 0,
      addr: { state: 'pending' },
      probation: undefined,
      references: 1,
      source: bound.addr,
      stop: () => {},
      waiting: [],
    };
    this.#clients.set(id, client);
    const { loadBalancer, failFast, requeueBudget } = configs.of(bound.id);
    if (loadBalancer.enableProbation) {
      client.probation = new Probation(publisher, table, () => this.#publish(client));
    }
    const counterOf = (cell: number) => scopes.counter(client.scope, cell);
    const budget = budgetMetrics(scopes.budgets, client.scope, requeueBudget);
    scopes.extend(client.scope, {
      fill: (into) => {
        const census = publisher.census(table, nowTicks());
        putBalancerMetrics(into, census, loadBalancer, counterOf);
        if (failFast) putFailFastMetrics(into, census);
        budget.fill(into);
      },
    });
    this.#observe(client, bound.addr);
    return client;
  }

  /** A namer may answer the same id with another source of addresses: the newest counts. */
  #observe(client: BoundClient, source: Live<Addr>): void {
    const { stop } = client;
    client.source = source;
    client.stop = source.observe((addr) => {
      if (client.source === source) this.#onAddr(client, addr);
    });
    stop();
  }

  /** Gives it back. @param expired no name that leads here was used in a long time */
  release(client: BoundClient, expired: boolean): void {
    client.references--;
    if (client.references > 0) return;
    if (expired) this.counts.expires++;
    client.stop();
    client.probation?.stop();
    this.#clients.delete(client.id);
    this.#environment.publisher.closeClient(client.client);
    this.#environment.scopes.close(client.scope);
    this.#environment.published();
  }

  /** Calls back when the name's addresses are known, at once if they are. */
  whenKnown(client: BoundClient, callback: () => void): void {
    if (client.addr.state === 'pending') client.waiting.push(callback);
    else callback();
  }

  /** Bound names with their addresses: `/client_state.json`. */
  states(): Map<string, ClientState> {
    const states = new Map<string, ClientState>();
    for (const [id, { addr }] of this.#clients) states.set(id, describe(addr));
    return states;
  }

  #onAddr(client: BoundClient, addr: Addr): void {
    const before = client.addr;
    // Linkerd keeps the last set through failures and while a namer reconsiders (spec 05 section 2).
    if (before.state === 'bound' && (addr.state === 'failed' || addr.state === 'pending')) return;
    client.addr = addr;
    if (addr.state === 'pending') return;
    if (addr.state === 'bound' && addr.local !== undefined) client.answerStatus = addr.local.code;
    this.#publish(client);
    for (const callback of client.waiting.splice(0)) callback();
  }

  #publish({ id, client, addr, probation }: BoundClient): void {
    const { publisher, onProblem, published } = this.#environment;
    const addresses = addr.state === 'bound' ? addr.addresses : 'neg';
    const result = publisher.publish(client, probation === undefined ? addresses : probation.extend(addresses));
    published();
    if (result.invalid.length > 0) {
      onProblem(
        `${id}: ${result.invalid.length} addresses are no IP address and port, the first is ${result.invalid[0]?.ip}`,
      );
    }
    if (result.full.length > 0) {
      onProblem(`${id}: no room for ${result.full.length} of its endpoints; raise WEFT_ENDPOINTS_MAX`);
    }
  }
}

function describe(addr: Addr): ClientState {
  switch (addr.state) {
    case 'bound':
      return { state: 'bound', addresses: addr.addresses.map(({ ip, port }) => `${ip}:${port}`) };
    case 'failed':
      return { state: 'failed', message: addr.cause };
    default:
      return { state: addr.state };
  }
}

/** The clock of the workers' stamps. */
function nowTicks(): number {
  return Number(process.hrtime.bigint() / BigInt(1000 * TICK_MICROS)) | 0;
}
