/**
 * A worker's own copy of one client's endpoint set, so that a pick reads rows from an array of its own and one shared
 * word: the generation that says whether the copy still holds.
 *
 *     classStart   0        2     3          rows of weight class k: rows[classStart[k] .. classStart[k + 1])
 *     rows         [ 7   4 | 9 ]             classes ascend by weight; in each, rows are in the node's random order
 *     weight         0.5     1
 */
import { UnionDraw } from '../balance/union-draw.ts';
import { CLASS_HEAD_WORDS, CLASS_SIZE, CLASS_WEIGHT, classesAt } from './endpoint-block.ts';
import {
  type EndpointRegion,
  LIST_CLOSED,
  LIST_NEG,
  LIST_PENDING,
  TABLE_GENERATION,
  TABLE_LIST,
  TABLE_SHIFT,
} from './endpoint-region.ts';

/** What is known about a client's addresses; `closed`: the table is to be dropped. */
export type AddressState = 'pending' | 'neg' | 'bound' | 'closed';

/** One client's endpoints, in one worker. */
export class EndpointTable {
  readonly clientId: number;
  state: AddressState;
  /** Rows of all endpoints, class after class. */
  rows: Int32Array;
  /** Where each class begins in {@link rows}, and after the last where it ends. */
  classStart: Int32Array;
  /** The block in shared memory that this is a copy of, for what balancers keep there; -1 when there is none. */
  listAt: number;
  /** Where each class begins in that block. */
  classAt: Int32Array;
  /** Draws a class in proportion to weight x endpoints; undefined when there is nothing to draw. */
  classDraw: UnionDraw | undefined;
  private generation: number;
  private readonly region: EndpointRegion;
  private readonly headerAt: number;

  constructor(region: EndpointRegion, clientId: number) {
    this.clientId = clientId;
    this.state = 'pending';
    this.rows = new Int32Array(0);
    this.classStart = new Int32Array(1);
    this.listAt = -1;
    this.classAt = new Int32Array(0);
    this.classDraw = undefined;
    this.generation = 0;
    this.region = region;
    this.headerAt = region.tablesAt + (clientId << TABLE_SHIFT);
    this.refresh();
  }

  /** Weight classes; 0 when there is no endpoint. */
  get classCount(): number {
    return this.classStart.length - 1;
  }

  /** Whether the set has changed since the last {@link refresh}: one shared read, to be asked before each pick. */
  changed(): boolean {
    return Atomics.load(this.region.words, this.headerAt + TABLE_GENERATION) !== this.generation;
  }

  /**
   * Copies the set in force. O(endpoints).
   *
   * @returns the rows that left, whose connections are to be closed as they become idle
   */
  refresh(): number[] {
    const { words } = this.region;
    // The generation first: a set published in between is then copied now and once more at the next check.
    this.generation = Atomics.load(words, this.headerAt + TABLE_GENERATION);
    const list = Atomics.load(words, this.headerAt + TABLE_LIST);
    const before = this.rows;
    this.state = stateOf(list);
    this.copyClasses(list > 0 ? list : -1);
    return this.departed(before);
  }

  private copyClasses(blockAt: number): void {
    const { words, floats } = this.region;
    this.listAt = blockAt;
    this.classAt = Int32Array.from(blockAt < 0 ? [] : classesAt(this.region, blockAt));
    const classCount = this.classAt.length;
    const starts = new Int32Array(classCount + 1);
    const shares = new Float64Array(classCount);
    const parts: Int32Array[] = [];
    this.classAt.forEach((at, index) => {
      const size = words[at + CLASS_SIZE] as number;
      starts[index + 1] = (starts[index] as number) + size;
      shares[index] = (floats[at + CLASS_WEIGHT] as number) * size;
      parts.push(words.subarray(at + CLASS_HEAD_WORDS, at + CLASS_HEAD_WORDS + size));
    });
    this.classStart = starts;
    this.classDraw = classCount > 1 ? new UnionDraw(shares) : undefined;
    this.rows = new Int32Array(starts[classCount] as number);
    parts.forEach((part, index) => {
      this.rows.set(part, starts[index]);
    });
  }

  private departed(before: Int32Array): number[] {
    const { marks } = this.region;
    for (const row of this.rows) marks[row] = 1;
    const gone: number[] = [];
    for (const row of before) {
      if (marks[row] === 0) gone.push(row);
    }
    for (const row of this.rows) marks[row] = 0;
    return gone;
  }
}

function stateOf(list: number): AddressState {
  switch (list) {
    case LIST_PENDING:
      return 'pending';
    case LIST_NEG:
      return 'neg';
    case LIST_CLOSED:
      return 'closed';
    default:
      return 'bound';
  }
}
