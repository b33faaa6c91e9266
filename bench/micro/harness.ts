/**
 * Measures small functions: nanoseconds and allocated bytes an operation. The figures are for comparing two versions on
 * one machine; they say nothing in absolute terms on a loaded one.
 */
import { memoryUsage } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const WARM_UP_MS = 200;
const RUN_MS = 100;
const RUNS = 7;
/** Small enough that what it allocates fits the young generation: a collection in between would hide it. */
const ALLOCATION_ITERATIONS = 2000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What one benchmark found. */
export interface BenchResult {
  readonly name: string;
  /** Median over the runs. */
  readonly nanosPerOp: number;
  /** Bytes allocated on the V8 heap, median over the runs without a collection. */
  readonly allocatedBytesPerOp: number;
}

/**
 * Warms `fn` up, measures it and prints a line.
 *
 * @param fn does the operation `iterations` times; a sum that depends on its results should leave it (see `keep`)
 */
export function bench(name: string, fn: (iterations: number) => void): void {
  const { nanosPerOp, allocatedBytesPerOp } = measure(name, fn);
  const nanos = nanosPerOp.toFixed(1).padStart(10);
  const allocated = allocatedBytesPerOp.toFixed(1).padStart(9);
  process.stdout.write(`${name.padEnd(68)} ${nanos} ns/op ${allocated} B/op\n`);
}

/** Measures without printing, for gates on allocation. */
export function measure(name: string, fn: (iterations: number) => void): BenchResult {
  const iterations = warmUp(fn);
  const nanos: number[] = [];
  for (let run = 0; run < RUNS; run++) nanos.push(timeNanos(fn, iterations) / iterations);
  return { name, nanosPerOp: median(nanos), allocatedBytesPerOp: measureAllocation(fn) };
}

let kept = 0;

/** Gives a benchmark's results a use that the optimizer cannot remove. */
export function keep(value: number): void {
  kept = (kept + value) | 0;
}

/** @returns the number of iterations that take about RUN_MS */
function warmUp(fn: (iterations: number) => void): number {
  let iterations = 1;
  let elapsedNanos = 0;
  let totalNanos = 0;
  while (totalNanos < WARM_UP_MS * 1e6 || elapsedNanos < RUN_MS * 1e6) {
    elapsedNanos = timeNanos(fn, iterations);
    totalNanos += elapsedNanos;
    if (elapsedNanos < RUN_MS * 1e6) iterations *= 2;
  }
  return iterations;
}

/** Processor time, not time of day: other processes on the machine do not count. */
function timeNanos(fn: (iterations: number) => void, iterations: number): number {
  const start = process.cpuUsage();
  fn(iterations);
  const { user, system } = process.cpuUsage(start);
  return (user + system) * 1000;
}

/** The first run is thrown away: it pays for what the engine sets up once. */
function measureAllocation(fn: (iterations: number) => void): number {
  allocatedBytes(fn, ALLOCATION_ITERATIONS);
  const perOp: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const baseline = allocatedBytes(fn, 0);
    const bytes = allocatedBytes(fn, ALLOCATION_ITERATIONS) - baseline;
    if (bytes >= 0) perOp.push(bytes / ALLOCATION_ITERATIONS);
  }
  return perOp.length === 0 ? Number.NaN : median(perOp);
}

function allocatedBytes(fn: (iterations: number) => void, iterations: number): number {
  collectGarbage();
  const before = memoryUsage().heapUsed;
  fn(iterations);
  return memoryUsage().heapUsed - before;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
