/**
 * From the YAML library's nodes to the schema's: aliases become the node they stand for, merge keys (`<<`) the entries
 * they bring, keys become texts. Duplicate keys are found here, with the line of the first.
 */
import { isAlias, isMap, isScalar, type ParsedNode, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import type { ConfigNode, ListNode, MapEntry, MapNode, ScalarNode, Span } from '../../core/config/node.ts';
import type { Problem } from '../../core/config/reading.ts';
import type { Source } from './source.ts';

const MERGE_KEY = '<<';

function span(node: ParsedNode): Span {
  return { start: node.range[0], end: node.range[1] };
}

function nullAt({ start, end }: Span): ScalarNode {
  return { type: 'scalar', value: null, text: '', textStart: start, start, end };
}

/** Reads the nodes of one document. */
export class NodeReader {
  readonly #source: Source;
  readonly #mergedMax: number;
  readonly #report: (problem: Problem) => void;
  readonly #anchors = new Map<string, ConfigNode>();
  /** Values in a node: itself, and what its aliases stand for each time they do. */
  readonly #sizes = new Map<ConfigNode, number>();
  #merged = 0;

  /** @param mergedMax entries that merge keys may copy, all together */
  constructor(source: Source, mergedMax: number, report: (problem: Problem) => void) {
    this.#source = source;
    this.#mergedMax = mergedMax;
    this.#report = report;
  }

  /** How many values a node holds, aliases followed; known without following them. */
  sizeOf(node: ConfigNode): number {
    return this.#sizes.get(node) ?? 1;
  }

  /** Reads a node that stands at `path`. What cannot be read is reported and stands for null. */
  read(node: ParsedNode, path: string): ConfigNode {
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target !== undefined) return target;
      const what = `the alias *${node.source} stands for nothing`;
      this.#report({ at: span(node), path, what, remedy: `Write "&${node.source}" before a value above it.` });
      return nullAt(span(node));
    }
    const read = isScalar(node) ? this.#scalar(node) : isMap(node) ? this.#map(node, path) : this.#list(node, path);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, read);
    return read;
  }

  #scalar(node: Scalar.Parsed): ScalarNode {
    const { value } = node;
    const known = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
    const at = span(node);
    const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
    const belowHeader = this.#source.text.indexOf('\n', at.start) + 1;
    const textStart = isBlock ? belowHeader : at.start + (node.type === 'PLAIN' ? 0 : 1);
    return { type: 'scalar', value: known, text: node.source, textStart, ...at };
  }

  #list(node: YAMLSeq.Parsed, path: string): ListNode {
    const items = (node.items as ParsedNode[]).map((item, i) => this.read(item, `${path}[${i}]`));
    const list: ListNode = { type: 'list', items, ...span(node) };
    this.#sizes.set(
      list,
      items.reduce((size, item) => size + this.sizeOf(item), 1),
    );
    return list;
  }

  #map(node: YAMLMap.Parsed, path: string): MapNode {
    const own = new Map<string, MapEntry>();
    const merges: MapEntry[] = [];
    for (const pair of node.items) {
      const keySpan = span(pair.key);
      const keyNode = this.read(pair.key, path);
      const key = keyNode.type === 'scalar' ? keyNode.text : '';
      const keyPath = path === '' ? key : `${path}.${key}`;
      const value = pair.value === null ? nullAt(keySpan) : this.read(pair.value, keyPath);
      const isMerge = key === MERGE_KEY && isScalar(pair.key) && pair.key.type === 'PLAIN';
      const first = isMerge ? merges[0] : own.get(key);
      if (keyNode.type !== 'scalar') {
        this.#report({ at: keySpan, path, what: 'a key is a map or a list', remedy: 'Keys are plain words.' });
      } else if (first !== undefined) {
        const { line } = this.#source.locate(first.keySpan.start);
        const what = `duplicate key ${JSON.stringify(key)}, first on line ${line}`;
        this.#report({ at: keySpan, path: keyPath, what, remedy: 'Keep one of the two.' });
      } else if (isMerge) {
        merges.push({ key, keySpan, value });
      } else {
        own.set(key, { key, keySpan, value });
      }
    }
    for (const { value } of merges) this.#merge(value, own, path);
    const entries = [...own.values()];
    const map: MapNode = { type: 'map', entries, ...span(node) };
    this.#sizes.set(
      map,
      entries.reduce((size, entry) => size + this.sizeOf(entry.value), 1),
    );
    return map;
  }

  /** Adds the entries of a merged map, or of several in a list; keys that are there already win. */
  #merge(merged: ConfigNode, entries: Map<string, MapEntry>, path: string): void {
    for (const map of merged.type === 'list' ? merged.items : [merged]) {
      if (map.type !== 'map') {
        const what = 'the merge key << brings neither a map nor a list of maps';
        this.#report({ at: map, path, what, remedy: 'Write "<<: *anchor".' });
        continue;
      }
      this.#merged += map.entries.length;
      if (this.#merged > this.#mergedMax) {
        const what = `merge keys bring more than ${this.#mergedMax} entries`;
        this.#report({ at: map, path, what, remedy: 'Merge less, or raise WEFT_CONFIG_NODES.' });
        return;
      }
      for (const entry of map.entries) if (!entries.has(entry.key)) entries.set(entry.key, entry);
    }
  }
}
