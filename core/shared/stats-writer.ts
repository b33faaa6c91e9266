/**
 * A thread's pen on its own slab (see stats.ts for the layout). Every method is a few typed-array accesses: it allocates
 * nothing that the collector must find, takes no lock, and reads no clock.
 */

import { bucketOf, PART_BUCKETS } from './histogram.ts';
import {
  ACQUISITION_REASONS_CELL,
  CHUNK_BYTES,
  CHUNK_FLOATS_SHIFT,
  CHUNK_INTS_SHIFT,
  COUNTER,
  DIRECTORY_CELLS,
  DIRECTORY_START,
  FIRST_TOTAL,
  HEADER,
  HISTOGRAM,
  HISTOGRAM_CELL,
  histogramCell,
  REASONS_CELL,
  SCOPE_COUNTERS,
  STATUS_CELL,
  STATUS_CODES,
  SUM_CELL,
  scopesOfSlab,
} from './stats.ts';

/** Writes one slab. One writer a slab; scope ids are the supervisor's (control/telemetry/scopes.ts). */
export class StatsWriter {
  readonly #floats: Float64Array;
  readonly #ints: Int32Array;
  readonly #counts: Uint32Array;
  readonly #firstExtra: number;
  readonly #chunks: number;

  /** @param slab `slabBytes(limits)` bytes, zero or written by this class before */
  constructor(slab: SharedArrayBuffer) {
    this.#floats = new Float64Array(slab);
    this.#ints = new Int32Array(slab);
    this.#counts = new Uint32Array(slab);
    this.#firstExtra = scopesOfSlab(slab.byteLength) + 1;
    this.#chunks = slab.byteLength / CHUNK_BYTES;
  }

  /** Adds 1 to a counter ({@link COUNTER}; in LIMITS_SCOPE, LIMIT_COUNTER). */
  increment(scope: number, counter: number): void {
    this.#floats[(scope << CHUNK_FLOATS_SHIFT) + counter]! += 1;
  }

  /** Adds `amount`, which for a level may be negative. */
  add(scope: number, counter: number, amount: number): void {
    this.#floats[(scope << CHUNK_FLOATS_SHIFT) + counter]! += amount;
  }

  /** Counts a request that has ended, how long it took, and whether it succeeded (a failure's reason comes by {@link recordFailure}). */
  recordRequest(scope: number, success: boolean, micros: number): void {
    const at = scope << CHUNK_FLOATS_SHIFT;
    this.#floats[at + COUNTER.requests]! += 1;
    if (success) this.#floats[at + COUNTER.success]! += 1;
    this.recordLatency(scope, HISTOGRAM.requestLatency, micros);
  }

  /** Counts a response by its status code; a code outside 100..599 is counted as `statusError`. */
  recordStatus(scope: number, status: number): void {
    const statusClass = (status / STATUS_CODES) | 0;
    if (statusClass < 1 || statusClass > 5) {
      this.increment(scope, COUNTER.statusError);
      return;
    }
    this.#addToCell(scope, STATUS_CELL + statusClass - 1, status - statusClass * STATUS_CODES, 1);
  }

  /** Counts a failure: in `failures`, and under its reason (`reasonIndex` of core/reasons.ts). */
  recordFailure(scope: number, reasonIndex: number): void {
    this.increment(scope, COUNTER.failures);
    this.#addToCell(scope, REASONS_CELL, reasonIndex, 1);
  }

  /** Counts a session with an endpoint that did not come about: `service_creation/failures`, and under its reason. */
  recordFailedAcquisition(scope: number, reasonIndex: number): void {
    this.increment(scope, COUNTER.serviceCreationFailures);
    this.#addToCell(scope, ACQUISITION_REASONS_CELL, reasonIndex, 1);
  }

  /**
   * Records one value of a histogram.
   *
   * @param histogram one of HISTOGRAM
   * @param micros the duration in microseconds (for the histograms of plain numbers, the number); below 0 counts as 0
   */
  recordLatency(scope: number, histogram: number, micros: number): void {
    const bucket = bucketOf(micros);
    const chunk = this.#chunkOf(scope, histogramCell(histogram, bucket >>> CHUNK_INTS_SHIFT));
    if (chunk === 0) return;
    this.#counts[(chunk << CHUNK_INTS_SHIFT) + (bucket & (PART_BUCKETS - 1))]! += 1;
    if (micros > 0) this.#floats[(scope << CHUNK_FLOATS_SHIFT) + SUM_CELL + histogram]! += micros;
  }

  /**
   * Forgets a scope and frees its extra chunks. Called when the supervisor has closed the scope and nothing in this
   * thread holds it any more; the supervisor hands the id out again once every worker has said so.
   */
  releaseScope(scope: number): void {
    const directory = (scope << CHUNK_INTS_SHIFT) + DIRECTORY_START;
    for (let cell = directory; cell < directory + DIRECTORY_CELLS; cell++) {
      const chunk = this.#ints[cell]!;
      if (chunk !== 0) this.#free(chunk);
    }
    this.#clear(scope);
  }

  /** Adds everything another slab holds of a scope to this one, levels excepted (see stats-reader.ts). */
  fold(scope: number, other: SharedArrayBuffer): void {
    const start = scope << CHUNK_FLOATS_SHIFT;
    const floats = new Float64Array(other);
    for (let cell = FIRST_TOTAL; cell < SCOPE_COUNTERS; cell++) this.#floats[start + cell]! += floats[start + cell]!;
    const ints = new Uint32Array(other);
    const directory = (scope << CHUNK_INTS_SHIFT) + DIRECTORY_START;
    for (let cell = 0; cell < DIRECTORY_CELLS; cell++) {
      const from = ints[directory + cell]!;
      const to = from === 0 ? 0 : this.#chunkOf(scope, cell);
      if (to === 0) continue;
      const [source, target, shift] =
        cell < HISTOGRAM_CELL ? [floats, this.#floats, CHUNK_FLOATS_SHIFT] : [ints, this.#counts, CHUNK_INTS_SHIFT];
      for (let i = 0; i < 1 << shift; i++) target[(to << shift) + i]! += source[(from << shift) + i]!;
    }
  }

  #addToCell(scope: number, cell: number, index: number, amount: number): void {
    const chunk = this.#chunkOf(scope, cell);
    if (chunk !== 0) this.#floats[(chunk << CHUNK_FLOATS_SHIFT) + index]! += amount;
  }

  #chunkOf(scope: number, cell: number): number {
    const chunk = this.#ints[(scope << CHUNK_INTS_SHIFT) + DIRECTORY_START + cell]!;
    return chunk !== 0 ? chunk : this.#take(scope, cell);
  }

  /** Gives a directory cell its chunk: a freed one, or one never used. 0 when the slab is used up, which is counted. */
  #take(scope: number, cell: number): number {
    const ints = this.#ints;
    let chunk = ints[HEADER.freeHead]!;
    if (chunk !== 0) {
      ints[HEADER.freeHead] = ints[chunk << CHUNK_INTS_SHIFT]!;
      ints[chunk << CHUNK_INTS_SHIFT] = 0;
    } else {
      chunk = this.#firstExtra + ints[HEADER.taken]!;
      if (chunk >= this.#chunks) {
        ints[HEADER.refused]! += 1;
        return 0;
      }
      ints[HEADER.taken]! += 1;
    }
    // Ordered after the clearing above: a reader that sees the cell sees an empty chunk.
    Atomics.store(ints, (scope << CHUNK_INTS_SHIFT) + DIRECTORY_START + cell, chunk);
    return chunk;
  }

  #free(chunk: number): void {
    this.#clear(chunk);
    this.#ints[chunk << CHUNK_INTS_SHIFT] = this.#ints[HEADER.freeHead]!;
    this.#ints[HEADER.freeHead] = chunk;
  }

  #clear(chunk: number): void {
    this.#ints.fill(0, chunk << CHUNK_INTS_SHIFT, (chunk + 1) << CHUNK_INTS_SHIFT);
  }
}
