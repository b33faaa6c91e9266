/**
 * How wide an aperture is: so wide that each endpoint in it has between `lowLoad` and `highLoad` requests out, on a moving
 * average (spec 05 section 3.2). Width and average are the node's, not a worker's: they lie in the endpoint block, and
 * whichever worker comes first takes the next sample.
 *
 *     a request begins or ends --> is a sample due?  stamp --CAS--> now
 *         won:  load = requests out, by class, averaged over smoothWindowMs
 *               load / width >= highLoad: one wider      <= lowLoad: one narrower
 *
 * A sample adds up the sessions of all endpoints, which no worker knows otherwise. So one is due after a millisecond, and
 * after a microsecond an endpoint: however many there are, sampling takes less than a hundredth of a core.
 */
import { CLASS_LOAD, CLASS_WIDTH, LIST_STAMP } from '../shared/endpoint-block.ts';
import { type EndpointCells, elapsedTicks } from '../shared/endpoint-cells.ts';
import { type EndpointRegion, TICK_MICROS } from '../shared/endpoint-region.ts';
import type { EndpointTable } from '../shared/endpoint-table.ts';
import { type BalancerEvents, sizeOf } from './balancer.ts';

const SAMPLE_MICROS_MIN = 1000;
const SAMPLE_MICROS_PER_ENDPOINT = 1;

/** What the configuration says of an aperture, by its own names. */
export interface LoadBandOptions {
  readonly smoothWindowMs: number;
  readonly lowLoad: number;
  readonly highLoad: number;
  readonly minAperture: number;
}

/** The widths of one client's apertures, a weight class each. */
export class LoadBand {
  private readonly region: EndpointRegion;
  private readonly options: LoadBandOptions;
  private readonly decayPerTick: number;
  private readonly events: BalancerEvents;

  constructor(region: EndpointRegion, options: LoadBandOptions, events: BalancerEvents) {
    this.region = region;
    this.options = options;
    this.decayPerTick = -TICK_MICROS / (options.smoothWindowMs * 1000);
    this.events = events;
  }

  /** Endpoints of a class that are in use. */
  width(table: EndpointTable, index: number): number {
    const width = this.region.words[(table.classAt[index] as number) + CLASS_WIDTH] as number;
    const size = sizeOf(table, index);
    return Math.min(Math.max(width, this.options.minAperture), size);
  }

  /** Looks at the load, if that is due, and widens or narrows by one. */
  sample(table: EndpointTable, cells: EndpointCells, nowTicks: number): void {
    const { rows, listAt } = table;
    if (rows.length === 0) return;
    const { words } = this.region;
    const stamp = words[listAt + LIST_STAMP] as number;
    const elapsed = stamp === 0 ? Number.POSITIVE_INFINITY : elapsedTicks(nowTicks, stamp);
    const dueMicros = Math.max(SAMPLE_MICROS_MIN, rows.length * SAMPLE_MICROS_PER_ENDPOINT);
    if (elapsed * TICK_MICROS < dueMicros) return;
    // 0 is for no sample yet; a tick more or less is none.
    if (Atomics.compareExchange(words, listAt + LIST_STAMP, stamp, nowTicks | 1) !== stamp) return;
    const decay = Math.exp(elapsed * this.decayPerTick);
    for (let index = 0; index < table.classCount; index += 1) this.sampleClass(table, index, cells, decay);
  }

  private sampleClass(table: EndpointTable, index: number, cells: EndpointCells, decay: number): void {
    const { words, floats } = this.region;
    const { lowLoad, highLoad, minAperture } = this.options;
    const at = table.classAt[index] as number;
    const total = pendingOf(table, index, cells);
    const before = floats[at + CLASS_LOAD] as number;
    const load = Number.isNaN(before) ? total : total * (1 - decay) + before * decay;
    floats[at + CLASS_LOAD] = load;
    const size = sizeOf(table, index);
    const width = this.width(table, index);
    if (load / width >= highLoad && width < size) {
      words[at + CLASS_WIDTH] = width + 1;
      this.events.onWiden();
    } else if (load / width <= lowLoad && width > Math.min(minAperture, size)) {
      words[at + CLASS_WIDTH] = width - 1;
      this.events.onNarrow();
    }
  }
}

function pendingOf(table: EndpointTable, index: number, cells: EndpointCells): number {
  const end = table.classStart[index + 1] as number;
  let total = 0;
  for (let at = table.classStart[index] as number; at < end; at += 1) total += cells.pending(table.rows[at] as number);
  return total;
}
