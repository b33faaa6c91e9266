/**
 * A configuration document as the schema sees it: three kinds of node, each knowing where it stands in the text. The
 * schema needs positions to say where a value is wrong, and the text of a scalar (not only its YAML type) because
 * `port: "4140"` and `label: 4140` are both good (spec 02 section 1). Whoever parses the text (control/config) builds
 * this tree; aliases make it a graph without cycles, so a node may be met at several paths.
 *
 *     map ──entries──> key, keyStart, value ──> scalar | list | map
 *     list ──items──> scalar | list | map
 */

/** A place in the source text, in UTF-16 code units. `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A leaf. */
export interface ScalarNode extends Span {
  readonly type: 'scalar';
  /** The value that the YAML core schema (or JSON) gives the text. */
  readonly value: string | number | boolean | null;
  /** The characters of the value as written, quotes and escapes resolved: `1.10` stays `1.10`. */
  readonly text: string;
  /** Where the text's first line begins in the source: after a quote, below a block's `|`. */
  readonly textStart: number;
}

/** A sequence. */
export interface ListNode extends Span {
  readonly type: 'list';
  readonly items: readonly ConfigNode[];
}

/** One key of a map with its value. */
export interface MapEntry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: ConfigNode;
}

/** An object; keys are unique. */
export interface MapNode extends Span {
  readonly type: 'map';
  readonly entries: readonly MapEntry[];
}

/** Any node. */
export type ConfigNode = ScalarNode | ListNode | MapNode;

/** A document's value as `JSON.parse` would give it. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Whether a node stands for an absent value (`null`, `~`, nothing after the colon). */
export function isNull(node: ConfigNode): boolean {
  return node.type === 'scalar' && node.value === null;
}

/** The value of `key`, or undefined when `node` is no map, has no such key, or its value is null. */
export function child(node: ConfigNode, key: string): ConfigNode | undefined {
  if (node.type !== 'map') return undefined;
  const value = node.entries.find((entry) => entry.key === key)?.value;
  return value === undefined || isNull(value) ? undefined : value;
}

/** The document without positions and without defaults, for `/config.json` (spec 06 section 8). */
export function toJson(node: ConfigNode): JsonValue {
  if (node.type === 'list') return node.items.map(toJson);
  if (node.type === 'map') return Object.fromEntries(node.entries.map(({ key, value }) => [key, toJson(value)]));
  return typeof node.value === 'number' && !Number.isFinite(node.value) ? node.text : node.value;
}

/** How a value is quoted in a message: on one line, cut to 60 characters, strings in double quotes. */
export function show(node: ConfigNode): string {
  if (node.type === 'list') return 'a list';
  if (node.type === 'map') return 'a map';
  if (node.value === null) return 'null';
  const text = node.text.length > 60 ? `${node.text.slice(0, 59)}…` : node.text;
  return typeof node.value === 'string' ? JSON.stringify(text) : text;
}
