/**
 * What all balancers have in common (Finagle's Balancer and TrafficDistributor, spec 05 sections 2.1 and 3): a weight class
 * is drawn, and one of its endpoints chosen, again and again until one is open.
 *
 *     pick:  draw a weight class ──> up to maxEffort choices, the first that is open ──> row
 *                                        │ none open
 *                                        ├─ the class has no open endpoint: next open class by weight, same again
 *                                        └─ rebuild, and one more choice, whatever its status
 *
 * So a set whose endpoints are all busy still gets its traffic. What a kind chooses by is in a file of its own:
 * power-of-two.ts, aperture.ts, heap.ts, round-robin.ts. Which state the workers of a node share, and why:
 * docs/decisions/balancers.md.
 */
import type { EndpointCells } from '../shared/endpoint-cells.ts';
import { STATUS_OPEN } from '../shared/endpoint-region.ts';
import type { EndpointTable } from '../shared/endpoint-table.ts';
import type { Random } from './random.ts';

/** What every kind is told. */
export interface BalancerOptions {
  /** Choices before an endpoint that is not open is taken: at least 1. */
  readonly maxEffort: number;
  /** With fewer open endpoints than this their status counts for nothing: 0 for never, as in Linkerd. */
  readonly minEndpoints: number;
}

/** Who is told of what a balancer does besides picking. */
export interface BalancerEvents {
  /** No open endpoint was found in maxEffort tries (metric `max_effort_exhausted`). */
  onMaxEffortExhausted(): void;
  /** A weight class was drawn that has no open endpoint (metric `busy_weight_classes`). */
  onBusyWeightClass(): void;
  /** The endpoints were put in order anew (metric `rebuilds`). */
  onRebuild(): void;
  /** An aperture grew or shrank by one endpoint (metrics `loadband/widen`, `loadband/narrow`). */
  onWiden(): void;
  onNarrow(): void;
}

const NO_ROWS = new Int32Array(0);

/** A balancer of one client, in one worker. */
export abstract class Balancer {
  protected readonly events: BalancerEvents;
  /** Status counts for nothing: too few endpoints are open. */
  protected panicking = false;
  /** A choice has met a status that the order of the endpoints was not made for. */
  protected stale = false;
  private readonly maxEffort: number;
  private readonly minEndpoints: number;
  /** The table's rows that the last rebuild was for. */
  private knownRows: Int32Array = NO_ROWS;
  private rebuiltTicks = -1;
  private countedTicks = -1;

  /** @throws RangeError when maxEffort is below 1 */
  constructor({ maxEffort, minEndpoints }: BalancerOptions, events: BalancerEvents) {
    if (!(maxEffort >= 1)) throw new RangeError(`maxEffort: ${maxEffort}`);
    this.events = events;
    this.maxEffort = maxEffort;
    this.minEndpoints = minEndpoints;
  }

  /**
   * Picks the endpoint for a request. O(1) but for `heap`; O(endpoints) when none of a class seems to be open, and once a
   * turn of the worker where `minEndpoints` is set.
   *
   * @param table refreshed; the caller checks {@link EndpointTable.changed}, since it must close what left
   * @returns a row, or -1 when there is no endpoint (no brokers)
   */
  pick(table: EndpointTable, cells: EndpointCells, nowTicks: number, random: Random): number {
    if (table.rows.length === 0) return -1;
    this.adopt(table, cells, nowTicks);
    if (this.minEndpoints > 0 && nowTicks !== this.countedTicks) this.countOpen(table, cells, nowTicks);
    let index = table.classDraw === undefined ? 0 : table.classDraw.draw(random);
    let row = this.chooseOpen(table, index, cells, nowTicks, random);
    if (row < 0 && table.classDraw !== undefined && !this.hasOpen(table, index, cells, nowTicks)) {
      this.events.onBusyWeightClass();
      index = this.nextOpenClass(table, index, cells, nowTicks);
      row = this.chooseOpen(table, index, cells, nowTicks, random);
    }
    if (row < 0) {
      this.events.onMaxEffortExhausted();
      this.reorderOnce(table, cells, nowTicks);
      return this.choose(table, index, cells, nowTicks, random);
    }
    if (this.stale) this.reorderOnce(table, cells, nowTicks);
    return row;
  }

  /** Takes over the table's endpoints, if they are not those of before. */
  adopt(table: EndpointTable, cells: EndpointCells, nowTicks: number): void {
    if (table.rows !== this.knownRows) this.reorder(table, cells, nowTicks);
  }

  /** A request began or ended: for those kinds that look at the load of all endpoints. */
  observe(_table: EndpointTable, _cells: EndpointCells, _nowTicks: number): void {}

  /** The endpoints in the kind's order, class after class as in the table, which was adopted. */
  ordered(table: EndpointTable): Int32Array {
    return table.rows;
  }

  /** How many of a class's endpoints, from the first in {@link ordered} on, requests go to. */
  window(table: EndpointTable, index: number): number {
    return sizeOf(table, index);
  }

  /** Ticks of rest after which an endpoint outside of its {@link window} is of no use any more. */
  get expiryTicks(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** Chooses an endpoint of a class that has some, open or not. */
  protected abstract choose(
    table: EndpointTable,
    index: number,
    cells: EndpointCells,
    nowTicks: number,
    random: Random,
  ): number;

  /** Puts the endpoints in order, by their status as it is now. */
  protected rebuild(_table: EndpointTable, _cells: EndpointCells, _nowTicks: number): void {}

  /** The status that counts. */
  protected statusOf(cells: EndpointCells, row: number, nowTicks: number): number {
    return this.panicking ? STATUS_OPEN : cells.status(row, nowTicks);
  }

  private chooseOpen(
    table: EndpointTable,
    index: number,
    cells: EndpointCells,
    nowTicks: number,
    random: Random,
  ): number {
    for (let effort = 0; effort < this.maxEffort; effort += 1) {
      const row = this.choose(table, index, cells, nowTicks, random);
      if (this.statusOf(cells, row, nowTicks) === STATUS_OPEN) return row;
    }
    return -1;
  }

  /** At most once a turn of the worker: with all endpoints down every pick asks for it. */
  private reorderOnce(table: EndpointTable, cells: EndpointCells, nowTicks: number): void {
    if (nowTicks !== this.rebuiltTicks) this.reorder(table, cells, nowTicks);
  }

  private reorder(table: EndpointTable, cells: EndpointCells, nowTicks: number): void {
    this.knownRows = table.rows;
    this.rebuiltTicks = nowTicks;
    this.stale = false;
    this.events.onRebuild();
    this.rebuild(table, cells, nowTicks);
  }

  private countOpen(table: EndpointTable, cells: EndpointCells, nowTicks: number): void {
    this.countedTicks = nowTicks;
    let missing = this.minEndpoints;
    for (let at = 0; missing > 0 && at < table.rows.length; at += 1) {
      if (cells.status(table.rows[at] as number, nowTicks) === STATUS_OPEN) missing -= 1;
    }
    if (missing > 0 === this.panicking) return;
    this.panicking = !this.panicking;
    this.reorder(table, cells, nowTicks);
  }

  private hasOpen(table: EndpointTable, index: number, cells: EndpointCells, nowTicks: number): boolean {
    return this.panicking || hasOpen(table, index, cells, nowTicks);
  }

  /** The first open class after one, cyclic by ascending weight; the class itself when none is open. */
  private nextOpenClass(table: EndpointTable, index: number, cells: EndpointCells, nowTicks: number): number {
    for (let step = 1; step < table.classCount; step += 1) {
      const next = (index + step) % table.classCount;
      if (this.hasOpen(table, next, cells, nowTicks)) return next;
    }
    return index;
  }
}

/** Whether any endpoint can be used without reserve: the client's status (spec 05 section 7). O(endpoints). */
export function isOpen(table: EndpointTable, cells: EndpointCells, nowTicks: number): boolean {
  for (let index = 0; index < table.classCount; index += 1) {
    if (hasOpen(table, index, cells, nowTicks)) return true;
  }
  return false;
}

/** Endpoints of a class. */
export function sizeOf(table: EndpointTable, index: number): number {
  return (table.classStart[index + 1] as number) - (table.classStart[index] as number);
}

function hasOpen(table: EndpointTable, index: number, cells: EndpointCells, nowTicks: number): boolean {
  const end = table.classStart[index + 1] as number;
  for (let at = table.classStart[index] as number; at < end; at += 1) {
    if (cells.status(table.rows[at] as number, nowTicks) === STATUS_OPEN) return true;
  }
  return false;
}
