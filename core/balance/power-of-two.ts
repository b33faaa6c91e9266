/**
 * The balancers `p2c` and `ewma`: the better of two endpoints taken at random (power of two choices), by sessions
 * outstanding or by peak EWMA of the response time. One class for both, as they differ in one read.
 *
 *     pick:  draw a weight class ──> up to maxEffort pairs, first open winner ──> row
 *                                        │ none open
 *                                        ├─ the class has no open endpoint: next open class by weight, same again
 *                                        └─ one more pair, its winner whatever its status (spec 05 section 3)
 *
 * So a set whose endpoints are all busy still gets its traffic.
 */
import type { EndpointCells } from '../shared/endpoint-cells.ts';
import { STATUS_OPEN } from '../shared/endpoint-region.ts';
import type { EndpointTable } from '../shared/endpoint-table.ts';
import type { Random } from './random.ts';

/** Which load decides, by the configuration's names. */
export type PowerOfTwoKind = 'p2c' | 'ewma';

/** Pairs tried before an endpoint that is not open is taken: `maxEffort`, Linkerd's default. */
export const DEFAULT_MAX_EFFORT = 5;

/** Who is told of picks that had to make do. Nothing is told on the usual way. */
export interface BalancerEvents {
  /** No open endpoint was found in maxEffort tries (metric `max_effort_exhausted`). */
  onMaxEffortExhausted(): void;
  /** A weight class was drawn that has no open endpoint (metric `busy_weight_classes`). */
  onBusyWeightClass(): void;
}

const SILENT: BalancerEvents = { onMaxEffortExhausted() {}, onBusyWeightClass() {} };

/** A balancer of one client, in one worker. */
export class PowerOfTwo {
  private readonly events: BalancerEvents;
  private readonly ewma: boolean;
  private readonly maxEffort: number;

  /** @param maxEffort at least 1 */
  constructor(kind: PowerOfTwoKind, maxEffort: number, events: BalancerEvents = SILENT) {
    if (!(maxEffort >= 1)) throw new RangeError(`maxEffort: ${maxEffort}`);
    this.events = events;
    this.ewma = kind === 'ewma';
    this.maxEffort = maxEffort;
  }

  /**
   * Picks the endpoint for a request. O(1); O(endpoints) only when a weight class seems to have none open.
   *
   * @param table refreshed; the caller checks {@link EndpointTable.changed}, since it must close what left
   * @returns a row, or -1 when there is no endpoint (no brokers)
   */
  pick(table: EndpointTable, cells: EndpointCells, nowTicks: number, random: Random): number {
    if (table.rows.length === 0) return -1;
    let index = table.classDraw === undefined ? 0 : table.classDraw.draw(random);
    let row = this.pickOpen(table, index, cells, nowTicks, random);
    if (row >= 0) return row;
    if (table.classDraw !== undefined && !hasOpen(table, index, cells, nowTicks)) {
      this.events.onBusyWeightClass();
      index = nextOpenClass(table, index, cells, nowTicks);
      row = this.pickOpen(table, index, cells, nowTicks, random);
      if (row >= 0) return row;
    }
    this.events.onMaxEffortExhausted();
    return this.choose(table, index, cells, nowTicks, random);
  }

  private pickOpen(
    table: EndpointTable,
    index: number,
    cells: EndpointCells,
    nowTicks: number,
    random: Random,
  ): number {
    for (let effort = 0; effort < this.maxEffort; effort += 1) {
      const row = this.choose(table, index, cells, nowTicks, random);
      if (cells.status(row, nowTicks) === STATUS_OPEN) return row;
    }
    return -1;
  }

  /** The better of two different endpoints of a class. */
  private choose(table: EndpointTable, index: number, cells: EndpointCells, nowTicks: number, random: Random): number {
    const start = table.classStart[index] as number;
    const size = (table.classStart[index + 1] as number) - start;
    if (size === 1) return table.rows[start] as number;
    const first = random.below(size);
    const other = random.below(size - 1);
    const a = table.rows[start + first] as number;
    // Steps over `first` without a branch, which would be mispredicted every other time.
    const b = table.rows[start + other + 1 + ((other - first) >> 31)] as number;
    const better = cells.status(a, nowTicks) - cells.status(b, nowTicks);
    if (better !== 0) return better < 0 ? a : b;
    if (this.ewma) return cells.lighterByEwma(a, b, nowTicks);
    return cells.pending(a) <= cells.pending(b) ? a : b;
  }
}

/** Whether any endpoint can be used without reserve: the client's status (spec 05 section 7). O(endpoints). */
export function isOpen(table: EndpointTable, cells: EndpointCells, nowTicks: number): boolean {
  for (let index = 0; index < table.classCount; index += 1) {
    if (hasOpen(table, index, cells, nowTicks)) return true;
  }
  return false;
}

function hasOpen(table: EndpointTable, index: number, cells: EndpointCells, nowTicks: number): boolean {
  const end = table.classStart[index + 1] as number;
  for (let at = table.classStart[index] as number; at < end; at += 1) {
    if (cells.status(table.rows[at] as number, nowTicks) === STATUS_OPEN) return true;
  }
  return false;
}

/** The first open class after one, cyclic by ascending weight; the class itself when none is open. */
function nextOpenClass(table: EndpointTable, index: number, cells: EndpointCells, nowTicks: number): number {
  for (let step = 1; step < table.classCount; step += 1) {
    const next = (index + step) % table.classCount;
    if (hasOpen(table, next, cells, nowTicks)) return next;
  }
  return index;
}
