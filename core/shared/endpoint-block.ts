/**
 * The block of a client's endpoints: which rows there are, by weight class, and what the balancers of all workers keep of
 * each class.
 *
 *      0 classes   1 stamp W (ticks)   then each class, by ascending weight:
 *
 *      0 weight (Float32 bits)   1 size   2 turn or width W   3 load W (Float32 bits)   4 row, row, ...
 *
 * The supervisor writes a block before a table points to it and never again; the words marked W belong to the workers.
 * They go on in the block that takes its place. What a worker writes while that is being made is lost: the balancers are
 * such that a lost turn or sample does not matter.
 */
import type { EndpointRegion } from './endpoint-region.ts';

/** Words of a block before its first weight class: {@link LIST_CLASSES}, {@link LIST_STAMP}. */
export const LIST_HEAD_WORDS = 2;
/** Weight classes that follow. */
export const LIST_CLASSES = 0;
/** When an aperture's load was last sampled, in ticks; 0 for never. */
export const LIST_STAMP = 1;

/** Words of a weight class before its rows. */
export const CLASS_HEAD_WORDS = 4;
/** Weight of each of its endpoints, as the bits of a Float32. */
export const CLASS_WEIGHT = 0;
/** Its endpoints. */
export const CLASS_SIZE = 1;
/** Round robin: picks so far, wrapping. */
export const CLASS_TURN = 2;
/** Aperture: the endpoints in use. The same word, as a client has one balancer. */
export const CLASS_WIDTH = 2;
/** Aperture: moving average of the requests out, as the bits of a Float32; NaN before the first sample. */
export const CLASS_LOAD = 3;

/** An endpoint as a block lists it. */
export interface ListedEndpoint {
  readonly row: number;
  readonly weight: number;
  /** Its place among the others of its weight, by chance: each node prefers others (spec 05 section 3.2). */
  readonly token: number;
}

/** Endpoints by weight. */
export type WeightClasses = ReadonlyMap<number, ListedEndpoint[]>;

/** Groups endpoints by their weight. */
export function weightClassesOf(endpoints: Iterable<ListedEndpoint>): WeightClasses {
  const classes = new Map<number, ListedEndpoint[]>();
  for (const endpoint of endpoints) {
    const others = classes.get(endpoint.weight);
    if (others === undefined) classes.set(endpoint.weight, [endpoint]);
    else others.push(endpoint);
  }
  return classes;
}

/** Words that a block of these classes takes. */
export function blockWords(classes: WeightClasses): number {
  let words = LIST_HEAD_WORDS + CLASS_HEAD_WORDS * classes.size;
  for (const members of classes.values()) words += members.length;
  return words;
}

/**
 * Writes a block: classes by weight, their rows by token.
 *
 * @param beforeAt the block whose place it takes, -1 for none
 */
export function writeBlock(region: EndpointRegion, blockAt: number, classes: WeightClasses, beforeAt: number): void {
  const { words, floats } = region;
  words[blockAt + LIST_CLASSES] = classes.size;
  words[blockAt + LIST_STAMP] = beforeAt < 0 ? 0 : (words[beforeAt + LIST_STAMP] as number);
  let at = blockAt + LIST_HEAD_WORDS;
  for (const [weight, members] of [...classes].sort(([left], [right]) => left - right)) {
    const known = beforeAt < 0 ? -1 : findClass(region, beforeAt, weight);
    floats[at + CLASS_WEIGHT] = weight;
    words[at + CLASS_SIZE] = members.length;
    words[at + CLASS_TURN] = known < 0 ? 0 : (words[known + CLASS_TURN] as number);
    floats[at + CLASS_LOAD] = known < 0 ? Number.NaN : (floats[known + CLASS_LOAD] as number);
    at += CLASS_HEAD_WORDS;
    for (const { row } of members.sort((left, right) => left.token - right.token)) {
      words[at] = row;
      at += 1;
    }
  }
}

/** Where a block has the class of a weight, -1 when it has none. */
function findClass(region: EndpointRegion, blockAt: number, weight: number): number {
  for (const at of classesAt(region, blockAt)) {
    if (region.floats[at + CLASS_WEIGHT] === weight) return at;
  }
  return -1;
}

/** Where the classes of a block begin. */
export function classesAt({ words }: EndpointRegion, blockAt: number): number[] {
  const found: number[] = [];
  let at = blockAt + LIST_HEAD_WORDS;
  for (let index = 0; index < (words[blockAt + LIST_CLASSES] as number); index += 1) {
    found.push(at);
    at += CLASS_HEAD_WORDS + (words[at + CLASS_SIZE] as number);
  }
  return found;
}

/** What a block says of a weight class. */
export interface ClassCensus {
  readonly size: number;
  /** Width of its aperture as it was last set; 0 for not yet. */
  readonly width: number;
  /** Average of the requests out, as its aperture has seen them; 0 before the first sample. */
  readonly load: number;
}

/** Reads the classes of a block, by ascending weight. */
export function readClasses(region: EndpointRegion, blockAt: number): ClassCensus[] {
  const { words, floats } = region;
  return classesAt(region, blockAt).map((at) => ({
    size: words[at + CLASS_SIZE] as number,
    width: words[at + CLASS_WIDTH] as number,
    load: (floats[at + CLASS_LOAD] as number) || 0,
  }));
}
