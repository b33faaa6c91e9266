/**
 * The tree of metrics (spec 06 section 1). A node has children by name and at most one metric. A name may hold slashes:
 * `127.0.0.1/4140` is one node, so the joined key of a metric does not tell where its nodes end.
 *
 * A node can have a source instead of metrics that are kept: what is below it is then made when somebody looks, and
 * forgotten. Tens of thousands of scopes with some thirty metrics each would otherwise be most of the process's memory.
 *
 *     rt -- out -- client -- #/io.l5d.fs/web       source: requests, success, loadbalancer -- size, ...
 *                                 \-- service      kept, beside what the source makes
 */

import type { HistogramSummary } from '../../core/shared/histogram.ts';
import type { CumulativeHistogram } from '../../core/shared/histogram-window.ts';

/** A number that only rises. */
export interface Counter {
  readonly kind: 'counter';
  read(): number;
}

/** A number of the moment. */
export interface Gauge {
  readonly kind: 'gauge';
  read(): number;
}

/** A histogram. */
export interface Stat {
  readonly kind: 'stat';
  /** The last finished window in the unit that the name says; undefined before there was one. */
  summary(): HistogramSummary | undefined;
  /** What a duration has counted since it exists, in seconds; undefined for plain numbers. */
  seconds(): { readonly bounds: readonly number[]; readonly histogram: CumulativeHistogram } | undefined;
}

/** What a node can hold. */
export type Metric = Counter | Gauge | Stat;

/** Makes the metrics below a node. */
export interface MetricSource {
  /** Puts what there is at the moment below an empty node. */
  fill(into: MetricNode): void;
}

/** A node of the tree. */
export class MetricNode {
  #metric: Metric | undefined;
  #children: Map<string, MetricNode> | undefined;
  #source: MetricSource | undefined;

  get metric(): Metric | undefined {
    return this.#metric;
  }

  /** Children by name, in order of creation; those that are made before those that are kept. */
  get children(): Iterable<readonly [string, MetricNode]> {
    return this.#filled().#children ?? [];
  }

  /** Makes the metrics below this node from now on; undefined ends that. */
  set source(source: MetricSource | undefined) {
    this.#source = source;
  }

  get source(): MetricSource | undefined {
    return this.#source;
  }

  /** This node, with what its source makes at the moment. */
  #filled(): MetricNode {
    if (this.#source === undefined) return this;
    const filled = new MetricNode();
    this.#source.fill(filled);
    for (const [name, child] of this.#children ?? []) {
      filled.#children ??= new Map();
      filled.#children.set(name, child);
    }
    return filled;
  }

  /** The node below by this path, or undefined. */
  find(path: readonly string[]): MetricNode | undefined {
    let node: MetricNode | undefined = this;
    for (const name of path) {
      if (node === undefined) return undefined;
      node =
        node.#children?.get(name) ?? (node.#source === undefined ? undefined : node.#filled().#children?.get(name));
    }
    return node;
  }

  /** The kept node below by this path, created where it is missing. */
  resolve(path: readonly string[]): MetricNode {
    let node: MetricNode = this;
    for (const name of path) {
      node.#children ??= new Map();
      let child = node.#children.get(name);
      if (child === undefined) {
        child = new MetricNode();
        node.#children.set(name, child);
      }
      node = child;
    }
    return node;
  }

  /**
   * Puts a metric at a path; one that is there already is replaced.
   *
   * @throws TypeError when a metric of another kind is there
   */
  put(path: readonly string[], metric: Metric): void {
    const node = this.resolve(path);
    if (node.#metric !== undefined && node.#metric.kind !== metric.kind) {
      throw new TypeError(`${path.join('/')} is a ${node.#metric.kind}, not a ${metric.kind}`);
    }
    node.#metric = metric;
  }

  /**
   * Removes the subtree at a path, and the nodes above that are left with nothing, if it is still `node`: after a
   * name was closed and opened again, closing the old one must not take the new one along.
   */
  remove(path: readonly string[], node: MetricNode): void {
    const [name, ...rest] = path;
    const child = name === undefined ? undefined : this.#children?.get(name);
    if (name === undefined || child === undefined) return;
    if (rest.length > 0) child.remove(rest, node);
    if (rest.length === 0 ? child === node : child.#isEmpty) this.#children?.delete(name);
  }

  get #isEmpty(): boolean {
    return this.#metric === undefined && this.#source === undefined && (this.#children?.size ?? 0) === 0;
  }
}

/** A gauge's text: a whole number is printed with `.0`, as the JVM does (spec 06 sections 2 and 3). */
export function floatText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);
}
