/**
 * The supervisor's side of the endpoint memory: gives rows to endpoints, publishes address sets to all workers at
 * once, and takes back what no worker can still hold. The states a row passes through are drawn in endpoint-region.ts.
 *
 * One per region: it alone allocates, so free rows, free clients and free list blocks are kept in its own heap.
 */
import { Random } from '../balance/random.ts';
import { ADDRESS_WORDS, FAMILY_NONE, parseIp } from './endpoint-address.ts';
import {
  blockWords,
  type ClassCensus,
  type ListedEndpoint,
  readClasses,
  weightClassesOf,
  writeBlock,
} from './endpoint-block.ts';
import { elapsedTicks } from './endpoint-cells.ts';
import { ListSpace } from './endpoint-lists.ts';
import {
  BREAKER_DOWN_SINCE_TICKS,
  BREAKER_DOWN_TRIES,
  type EndpointAddress,
  type EndpointRegion,
  LIST_CLOSED,
  LIST_NEG,
  LIST_PENDING,
  ROW_ADDRESS,
  ROW_CLIENT,
  ROW_FAMILY,
  ROW_GENERATION,
  ROW_PENDING,
  ROW_PORT,
  ROW_SHIFT,
  ROW_STATUS,
  ROW_WEIGHT,
  STATUS_OPEN,
  TABLE_GENERATION,
  TABLE_LIST,
  TABLE_SHIFT,
} from './endpoint-region.ts';
import { hasFailedFast, STATUS_MASK } from './status-word.ts';

/** What became of a published set. */
export interface PublishResult {
  /** Whether the set is in force. Not when no list block was free: then the one before stays. */
  readonly published: boolean;
  /** Left out: not an IP address, a port from 1 to 65535 and a finite weight that is not negative. */
  readonly invalid: readonly EndpointAddress[];
  /** Left out because no row or list block was free; worth publishing again after {@link EndpointPublisher.reclaim}. */
  readonly full: readonly EndpointAddress[];
}

interface List {
  readonly offset: number;
  readonly words: number;
}

/** What the endpoints of a client look like at one moment, and how their set has changed (spec 06 section 1.2). */
export interface EndpointCensus {
  /** Endpoints by status, `STATUS_OPEN` first; their sum is the size of the set. */
  readonly byStatus: readonly [open: number, busy: number, closed: number];
  /** Sessions out, from all workers. */
  readonly load: number;
  /** Of the endpoint that fail-fast has marked for longest: how long, and re-connects that have failed; 0 when there is none. */
  readonly unreachable: { readonly forTicks: number; readonly tries: number };
  readonly weightClasses: readonly ClassCensus[];
  /** Mean weight of an endpoint, 0 when there is none. */
  readonly meanWeight: number;
  readonly adds: number;
  readonly removes: number;
  /** Sets that took the place of another one. */
  readonly updates: number;
}

interface Client {
  adds: number;
  removes: number;
  updates: number;
  endpoints: ReadonlyMap<string, ListedEndpoint>;
  /** Undefined while pending or neg. */
  list: List | undefined;
  neg: boolean;
}

/** What one change took out of use, waiting for the workers to pass its epoch and for its rows to fall idle. */
interface Retired {
  readonly epoch: number;
  rows: number[];
  list: List | undefined;
  clientId: number | undefined;
}

/** Shared by the many clients that have none yet. */
const NO_ENDPOINTS: ReadonlyMap<string, ListedEndpoint> = new Map();

/** Publishes endpoint sets. Supervisor only. */
export class EndpointPublisher {
  private readonly region: EndpointRegion;
  private readonly lists: ListSpace;
  private readonly spareRows: number[];
  private readonly spareClients: number[];
  private readonly clients: Map<number, Client>;
  private readonly liveWorkers: Set<number>;
  private readonly parsed: Int32Array;
  private readonly random: Random;
  private retired: Retired[];

  /** @param seed of the order in which this node's balancers have endpoints */
  constructor(region: EndpointRegion, seed = 0) {
    const descending = (count: number) => Array.from({ length: count }, (_, index) => count - 1 - index);
    this.region = region;
    this.lists = new ListSpace(region.listWords);
    this.spareRows = descending(region.capacity.rows);
    this.spareClients = descending(region.capacity.clients);
    this.clients = new Map();
    this.liveWorkers = new Set();
    this.parsed = new Int32Array(ADDRESS_WORDS);
    this.random = new Random(seed);
    this.retired = [];
  }

  /** Rows ready to be given to endpoints. */
  get freeRows(): number {
    return this.spareRows.length;
  }

  /** Client ids ready to be opened. */
  get freeClients(): number {
    return this.spareClients.length;
  }

  /** Words of list memory not in use. */
  get freeListWords(): number {
    return this.lists.freeWords;
  }

  /** From now on nothing is reclaimed before this worker has seen it retired. To be called before the worker starts. */
  admitWorker(worker: number): void {
    this.region.acknowledge(worker, this.region.epoch());
    this.liveWorkers.add(worker);
  }

  /** A worker is dead: takes its pending requests off the shared counts, and waits for it no longer. */
  forgetWorker(worker: number): void {
    const { words, ownPendingAt, ownPendingStride, rowsAt, capacity } = this.region;
    this.liveWorkers.delete(worker);
    const ownAt = ownPendingAt + worker * ownPendingStride;
    for (let row = 0; row < capacity.rows; row += 1) {
      const own = words[ownAt + row] as number;
      if (own === 0) continue;
      Atomics.sub(words, rowsAt + (row << ROW_SHIFT) + ROW_PENDING, own);
      words[ownAt + row] = 0;
    }
  }

  /**
   * Opens a table, its addresses pending.
   *
   * @returns its id, or undefined when all of `clientsMax` are taken
   */
  openClient(): number | undefined {
    this.reclaim();
    const clientId = this.spareClients.pop();
    if (clientId === undefined) return undefined;
    this.clients.set(clientId, {
      endpoints: NO_ENDPOINTS,
      list: undefined,
      neg: false,
      adds: 0,
      removes: 0,
      updates: 0,
    });
    this.flip(clientId, LIST_PENDING);
    return clientId;
  }

  /**
   * Puts an address set in force. Endpoints already in the client's set keep their row, and so their load and status;
   * a changed weight alone keeps them too. Of one address given twice, the last weight counts. A set equal to the one
   * in force changes nothing.
   *
   * @param addresses the whole set, or 'neg' when the name is bound to nothing
   */
  publish(clientId: number, addresses: readonly EndpointAddress[] | 'neg'): PublishResult {
    const client = this.clientOf(clientId);
    this.reclaim();
    if (addresses === 'neg') {
      if (!client.neg) this.replace(clientId, client, LIST_NEG, undefined, NO_ENDPOINTS);
      client.neg = true;
      return { published: true, invalid: [], full: [] };
    }
    const { endpoints, added, invalid, full } = this.assign(clientId, client, addresses);
    if (client.list !== undefined && sameEndpoints(client.endpoints, endpoints)) {
      return { published: true, invalid, full };
    }
    const list = this.writeList(endpoints, client.list);
    if (list === undefined) {
      for (const row of added) this.spareRows.push(row);
      const refused = new Set(invalid);
      return { published: false, invalid, full: addresses.filter((address) => !refused.has(address)) };
    }
    for (const { row, weight } of endpoints.values()) {
      this.region.floats[this.region.rowsAt + (row << ROW_SHIFT) + ROW_WEIGHT] = weight;
    }
    this.replace(clientId, client, this.region.listsAt + list.offset, list, endpoints);
    client.neg = false;
    return { published: true, invalid, full };
  }

  /** The published endpoints of a client that are open. O(endpoints). */
  openEndpoints(clientId: number): EndpointAddress[] {
    const { words, rowsAt } = this.region;
    const rows = [...this.clientOf(clientId).endpoints.values()].map(({ row }) => row);
    return rows
      .filter((row) => ((words[rowsAt + (row << ROW_SHIFT) + ROW_STATUS] as number) & STATUS_MASK) === STATUS_OPEN)
      .map((row) => this.region.describe(row));
  }

  /** Counts the endpoints of an open client. O(endpoints). */
  census(clientId: number, nowTicks: number): EndpointCensus {
    const { endpoints, list, adds, removes, updates } = this.clientOf(clientId);
    const { words, rowsAt, breakersAt } = this.region;
    let unreachable = { forTicks: 0, tries: 0 };
    const byStatus: [number, number, number] = [0, 0, 0];
    let load = 0;
    let weightSum = 0;
    for (const { row, weight } of endpoints.values()) {
      const at = rowsAt + (row << ROW_SHIFT);
      const word = words[at + ROW_STATUS] as number;
      byStatus[(word & STATUS_MASK) as 0 | 1 | 2] += 1;
      if (hasFailedFast(word)) {
        const lineAt = breakersAt + (row << ROW_SHIFT);
        const forTicks = elapsedTicks(nowTicks, words[lineAt + BREAKER_DOWN_SINCE_TICKS] as number);
        const tries = words[lineAt + BREAKER_DOWN_TRIES] as number;
        if (forTicks >= unreachable.forTicks) unreachable = { forTicks, tries };
      }
      load += words[at + ROW_PENDING] as number;
      weightSum += weight;
    }
    const meanWeight = endpoints.size === 0 ? 0 : weightSum / endpoints.size;
    const weightClasses = list === undefined ? [] : readClasses(this.region, this.region.listsAt + list.offset);
    return { byStatus, load, unreachable, weightClasses, meanWeight, adds, removes, updates };
  }

  /** Closes a table: workers see it `closed`, and its id is given out again once all have. */
  closeClient(clientId: number): void {
    const client = this.clientOf(clientId);
    const retired = this.replace(clientId, client, LIST_CLOSED, undefined, NO_ENDPOINTS);
    retired.clientId = clientId;
    this.clients.delete(clientId);
  }

  /**
   * Frees what is retired, seen by all living workers and idle. Opening and publishing do it first; to be called by
   * itself after addresses were left out. A worker that sleeps must be woken to acknowledge.
   *
   * @returns how many rows became free
   */
  reclaim(): number {
    const before = this.spareRows.length;
    this.retired = this.retired.filter((retired) => !this.isReclaimed(retired));
    return this.spareRows.length - before;
  }

  private isReclaimed(retired: Retired): boolean {
    for (const worker of this.liveWorkers) {
      if (!this.region.hasSeen(worker, retired.epoch)) return false;
    }
    if (retired.list !== undefined) this.lists.release(retired.list.offset, retired.list.words);
    retired.list = undefined;
    if (retired.clientId !== undefined) this.spareClients.push(retired.clientId);
    retired.clientId = undefined;
    const { words, rowsAt } = this.region;
    retired.rows = retired.rows.filter((row) => {
      if (Atomics.load(words, rowsAt + (row << ROW_SHIFT) + ROW_PENDING) !== 0) return true;
      this.spareRows.push(row);
      return false;
    });
    return retired.rows.length === 0;
  }

  /** Finds or takes a row for each address. */
  private assign(clientId: number, client: Client, addresses: readonly EndpointAddress[]) {
    const endpoints = new Map<string, ListedEndpoint>();
    const added: number[] = [];
    const invalid: EndpointAddress[] = [];
    const full: EndpointAddress[] = [];
    for (const address of addresses) {
      const family = parseIp(address.ip, this.parsed);
      const weight = Math.fround(address.weight);
      if (family === FAMILY_NONE || !isPort(address.port) || !(weight >= 0 && Number.isFinite(weight))) {
        invalid.push(address);
        continue;
      }
      const [first, second, third, fourth] = this.parsed;
      const key = `${family},${first},${second},${third},${fourth},${address.port}`;
      const known = endpoints.get(key) ?? client.endpoints.get(key);
      const row = known === undefined ? this.spareRows.pop() : known.row;
      if (row === undefined) {
        full.push(address);
        continue;
      }
      if (known === undefined) {
        this.writeRow(row, clientId, family, address.port);
        added.push(row);
      }
      endpoints.set(key, { row, weight, token: known?.token ?? this.random.nextInt32() });
    }
    return { endpoints, added, invalid, full };
  }

  /** Writes the address in `parsed` into a free row; no load, open. */
  private writeRow(row: number, clientId: number, family: number, port: number): void {
    const { words, rowsAt, breakersAt } = this.region;
    const at = rowsAt + (row << ROW_SHIFT);
    const breakerAt = breakersAt + (row << ROW_SHIFT);
    const generation = ((words[at + ROW_GENERATION] as number) + 1) | 0;
    words.fill(0, at, at + (1 << ROW_SHIFT));
    words.fill(0, breakerAt, breakerAt + (1 << ROW_SHIFT));
    words[at + ROW_GENERATION] = generation;
    words[at + ROW_CLIENT] = clientId;
    words[at + ROW_FAMILY] = family;
    words[at + ROW_PORT] = port;
    words.set(this.parsed, at + ROW_ADDRESS);
  }

  private writeList(endpoints: ReadonlyMap<string, ListedEndpoint>, before: List | undefined): List | undefined {
    const classes = weightClassesOf(endpoints.values());
    const words = blockWords(classes);
    const offset = this.lists.allocate(words);
    if (offset < 0) return undefined;
    const { region } = this;
    writeBlock(region, region.listsAt + offset, classes, before === undefined ? -1 : region.listsAt + before.offset);
    return { offset, words };
  }

  /** Puts a list in force and retires what the one before it had alone. */
  private replace(
    clientId: number,
    client: Client,
    listWord: number,
    list: List | undefined,
    endpoints: ReadonlyMap<string, ListedEndpoint>,
  ): Retired {
    const rows: number[] = [];
    for (const [key, { row }] of client.endpoints) {
      if (!endpoints.has(key)) rows.push(row);
    }
    const retired: Retired = { epoch: this.flip(clientId, listWord), rows, list: client.list, clientId: undefined };
    this.retired.push(retired);
    client.adds += endpoints.size - (client.endpoints.size - rows.length);
    client.removes += rows.length;
    client.updates += 1;
    client.endpoints = endpoints;
    client.list = list;
    return retired;
  }

  /** List, generation, epoch: in this order, so that who has seen the later has seen the earlier. */
  private flip(clientId: number, listWord: number): number {
    const at = this.region.tablesAt + (clientId << TABLE_SHIFT);
    Atomics.store(this.region.words, at + TABLE_LIST, listWord);
    Atomics.add(this.region.words, at + TABLE_GENERATION, 1);
    return this.region.advanceEpoch();
  }

  private clientOf(clientId: number): Client {
    const client = this.clients.get(clientId);
    if (client === undefined) throw new RangeError(`client ${clientId} is not open`);
    return client;
  }
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}

function sameEndpoints(left: ReadonlyMap<string, ListedEndpoint>, right: ReadonlyMap<string, ListedEndpoint>): boolean {
  if (left.size !== right.size) return false;
  for (const [key, endpoint] of left) {
    const other = right.get(key);
    if (other?.row !== endpoint.row || other.weight !== endpoint.weight) return false;
  }
  return true;
}
