/**
 * What V8 prints with --trace-gc, read line by line as it comes. The sizes are the heap's, in MB, before and after a
 * collection, so what was allocated in between is the next `before` less the last `after`:
 *
 *     [4711:0x7fc760000f00]  8123 ms: Scavenge 6.1 (8.2) -> 5.2 (8.2) MB, 0.3 / 0.0 ms ...
 *            ^ isolate: a thread        before              after
 */

const MB = 1024 * 1024;
const LINE = /\[\d+:(0x[0-9a-f]+)\]\s+\d+ ms: (\S+).*? ([\d.]+) \([\d.]+\) -> ([\d.]+) \([\d.]+\) MB/;

/** What one thread's heap did. */
export interface IsolateFigures {
  allocatedBytes: number;
  collections: number;
  /** Heap after the first collection that was seen, and after the last. */
  firstAfterBytes: number;
  lastAfterBytes: number;
}

/** Adds up the collections of each thread. */
export class GcTrace {
  /** Isolates in the order in which they first collected: the main thread's is the first, it loads the configuration. */
  readonly isolates: Map<string, IsolateFigures> = new Map();
  #rest = '';

  /** Takes a piece of the output. */
  take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#takeLine(line);
  }

  #takeLine(line: string): void {
    const [, isolate, , before, after] = LINE.exec(line) ?? [];
    if (isolate === undefined) return;
    const beforeBytes = Number(before) * MB;
    const afterBytes = Number(after) * MB;
    const figures = this.isolates.get(isolate);
    if (figures === undefined) {
      this.isolates.set(isolate, {
        allocatedBytes: 0,
        collections: 0,
        firstAfterBytes: afterBytes,
        lastAfterBytes: afterBytes,
      });
      return;
    }
    if (figures.collections === 0) figures.firstAfterBytes = afterBytes;
    figures.allocatedBytes += Math.max(0, beforeBytes - figures.lastAfterBytes);
    figures.lastAfterBytes = afterBytes;
    figures.collections++;
  }

  /** Begins to count anew; what each heap held last is remembered. */
  restart(): void {
    for (const figures of this.isolates.values()) {
      figures.allocatedBytes = 0;
      figures.collections = 0;
      figures.firstAfterBytes = figures.lastAfterBytes;
    }
  }
}
