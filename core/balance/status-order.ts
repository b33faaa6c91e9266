/**
 * The endpoints of each weight class with those in front that were open when this was last looked at, busy ones behind them,
 * closed ones last; within a status they stay in the table's order. For `aperture` and `roundRobin`.
 *
 *     table    a  b  c  d | e  f          b busy, e closed
 *     here     a  c  d  b | f  e
 *     open           ^3     ^1            the next look at what is behind: has it become open?
 */
import type { EndpointCells } from '../shared/endpoint-cells.ts';
import { STATUS_CLOSED, STATUS_OPEN } from '../shared/endpoint-region.ts';
import type { EndpointTable } from '../shared/endpoint-table.ts';

/** Such an order. One a balancer. */
export class StatusOrder {
  /** Rows, class after class as in the table. */
  rows: Int32Array = new Int32Array(0);
  private open: Int32Array = new Int32Array(0);
  private statuses: Uint8Array = new Uint8Array(0);
  private looks = 0;

  /** Orders anew. O(endpoints). @param allOpen takes every endpoint for open */
  rebuild(table: EndpointTable, cells: EndpointCells, nowTicks: number, allOpen: boolean): void {
    if (this.rows.length !== table.rows.length) {
      this.rows = new Int32Array(table.rows.length);
      this.statuses = new Uint8Array(table.rows.length);
    }
    if (this.open.length !== table.classCount) this.open = new Int32Array(table.classCount);
    // Each is read once: it may change between two looks, and a row must not come twice.
    table.rows.forEach((row, at) => {
      this.statuses[at] = allOpen ? STATUS_OPEN : cells.status(row, nowTicks);
    });
    for (let index = 0; index < table.classCount; index += 1) this.rebuildClass(table, index);
  }

  /** How many of a class were open. */
  openCount(index: number): number {
    return this.open[index] as number;
  }

  /** Whether an endpoint of a class that was not open has become so. O(1): each call looks at another. */
  hasRevived(table: EndpointTable, index: number, cells: EndpointCells, nowTicks: number): boolean {
    const from = (table.classStart[index] as number) + (this.open[index] as number);
    const down = (table.classStart[index + 1] as number) - from;
    if (down === 0) return false;
    this.looks = (this.looks + 1) & 0x3fffffff;
    return cells.status(this.rows[from + (this.looks % down)] as number, nowTicks) === STATUS_OPEN;
  }

  private rebuildClass(table: EndpointTable, index: number): void {
    const start = table.classStart[index] as number;
    const end = table.classStart[index + 1] as number;
    let to = start;
    for (let status = STATUS_OPEN; status <= STATUS_CLOSED; status += 1) {
      for (let at = start; at < end; at += 1) {
        if (this.statuses[at] !== status) continue;
        this.rows[to] = table.rows[at] as number;
        to += 1;
      }
      if (status === STATUS_OPEN) this.open[index] = to - start;
    }
  }
}
