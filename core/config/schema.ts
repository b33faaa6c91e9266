/**
 * The words the configuration's schema is written in. A shape lists an object's keys; every key of Linkerd's stands in
 * one, with one of three answers: it is read, it is refused by name, or (when in no shape) it is unknown and the nearest
 * known key is named. A library's schema would give the types but neither the positions nor these three answers.
 *
 *     export const fs = kind('io.l5d.fs', {
 *       rootDir: required(directory),            read, must be there
 *       prefix: withDefault(path, '/io.l5d.fs'), read, default filled in
 *       token: optional(text),                   read, undefined when absent
 *       retries: parts({ … }),                   as an object, but where entries are merged, key by key and not as a whole
 *       tls: later(keys('certPath')),            refused by name; its own keys are still checked for typing errors
 *       domain: removed('…'),                    refused, with what to write instead
 *     });
 *
 * A schema reads on after a problem and may leave a value out; the result counts only if nothing was reported.
 */
import { didYouMean, nearest } from './nearest.ts';
import { type ConfigNode, isNull, type MapEntry, type MapNode, type Span, show } from './node.ts';
import type { Reading } from './reading.ts';

/** Reads a node into a `T`, reporting what is wrong with it. */
export interface Schema<out T> {
  read(node: ConfigNode, path: string, reading: Reading): T | undefined;
}

/** A key of a shape. */
export interface Field<out T> {
  readonly schema: Schema<T>;
  /** The value when the key is absent or null; reports when it must be there. */
  absent(owner: MapNode, path: string, reading: Reading): T | undefined;
  /** Why the key is refused, from its name; undefined for keys that are read. */
  readonly refusal: ((name: string) => Refusal) | undefined;
  /** The keys of an object that is overridden key by key where entries are merged; undefined for all other keys. */
  readonly parts?: Shape;
}

/** The keys of an object. */
export type Shape = Readonly<Record<string, Field<unknown>>>;

/** What an object of this shape reads to: refused keys are not there. */
export type ValueOf<S extends Shape> = {
  readonly [K in keyof S as S[K] extends Field<never> ? never : K]: S[K] extends Field<infer T> ? T : never;
};

/** The type that a schema reads. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

/** What is said of a key, kind or value that is known but not accepted. */
export interface Refusal {
  readonly what: string;
  readonly remedy: string;
}

/** Refuses what is Linkerd's but not yet Weft's. */
export function notYet(name: string, remedy = ''): Refusal {
  return { what: `${name} is Linkerd's, and Weft does not support it yet; see docs/compatibility.md`, remedy };
}

/** Reports a node of the wrong type; returns undefined for the caller to return. */
export function wrongType(node: ConfigNode, path: string, wanted: string, remedy: string, reading: Reading): undefined {
  reading.report({ at: node, path, what: `expected ${wanted}, found ${show(node)}`, remedy });
}

function field<T>(schema: Schema<T>, absent: Field<T>['absent'], refusal?: Field<T>['refusal']): Field<T> {
  return { schema, absent, refusal };
}

/** A key that must be there. @param complaint what is said where it is not, if Linkerd has words of its own for it */
export function required<T>(schema: Schema<T>, complaint?: string): Field<T> {
  return field(schema, (owner, path, reading) => {
    const key = path.slice(path.lastIndexOf('.') + 1);
    const remedy = misspelt(owner, key) || `Add "${key}: …".`;
    reading.report({ at: owner, path, what: complaint ?? `missing required key "${key}"`, remedy });
    return undefined;
  });
}

/** The remedy when a missing key is there under a name near to its own; '' otherwise. */
export function misspelt({ entries }: MapNode, key: string): string {
  const typed = entries.find((entry) => entry.key !== key && nearest(entry.key, [key]) !== undefined);
  return typed === undefined ? '' : `Did you mean "${key}" where "${typed.key}" stands?`;
}

/** A key that may be absent: then its value is undefined. */
export function optional<T>(schema: Schema<T>): Field<T | undefined> {
  return field<T | undefined>(schema, () => undefined);
}

/** A key that may be absent: then its value is `value`. */
export function withDefault<T>(schema: Schema<T>, value: T): Field<T> {
  return field(schema, () => value);
}

/**
 * An object whose own defaults are filled in: when absent it is read as if it were `{}`, or `{kind: <kind>}`.
 *
 * @param kind what an absent object of several kinds is; a present one without kind stays an error
 */
export function section<T>(schema: Schema<T>, kind?: string): Field<T> {
  return field(schema, ({ start, end }, path, reading) => {
    const at = { start, end };
    const entries: MapEntry[] = [];
    if (kind !== undefined) {
      const value = { type: 'scalar', value: kind, text: kind, textStart: start, ...at } as const;
      entries.push({ key: 'kind', keySpan: at, value });
    }
    return schema.read({ type: 'map', entries, ...at }, path, reading);
  });
}

/** As {@link section}, for an object that is overridden key by key, and not as a whole, where entries are merged. */
export function parts<const S extends Shape>(shape: S): Field<ValueOf<S>> {
  return { ...section(object(shape)), parts: shape };
}

/** A key of Linkerd's that Weft does not support yet; `inside` checks what is written under it. */
export function later(inside: Schema<unknown> = anything): Field<never> {
  return field(
    inside as Schema<never>,
    () => undefined,
    (name) => notYet(name),
  );
}

/** A key that is somebody else's: refused with where it belongs. */
export function misplaced(refusal: (name: string) => Refusal): Field<never> {
  return field<never>(anything as Schema<never>, () => undefined, refusal);
}

/** A key that older Linkerds had: refused as Linkerd 1.7.5 refuses it, with what to do instead. */
export function removed(since: string, remedy: string): Field<never> {
  return field<never>(
    anything as Schema<never>,
    () => undefined,
    (name) => ({ what: `${name} was removed in Linkerd ${since}`, remedy }),
  );
}

/** Accepts whatever is there. */
export const anything: Schema<unknown> = { read: (node) => node };

/** An object with these keys whose values are not looked at: the inside of what is refused. */
export function keys(...names: readonly string[]): Schema<unknown> {
  return object(keyShape(...names));
}

/** The shape behind {@link keys}. */
export function keyShape(...names: readonly string[]): Shape {
  return Object.fromEntries(names.map((name) => [name, optional(anything)]));
}

function reportUnknownKey(name: string, at: Span, path: string, shape: Shape, reading: Reading): void {
  const supported = Object.keys(shape).filter((key) => shape[key]!.refusal === undefined);
  const remedy = didYouMean(name, Object.keys(shape)) || `Known keys here: ${supported.join(', ')}.`;
  reading.report({ at, path, what: `unknown key ${JSON.stringify(name)}`, remedy });
}

/** An object of the given shape. Every problem in it is reported; unknown keys are problems. */
export function object<const S extends Shape>(shape: S): Schema<ValueOf<S>> {
  return {
    read(node, path, reading) {
      if (node.type !== 'map') return wrongType(node, path, 'a map of keys', 'Write "key: value" pairs.', reading);
      const value: Record<string, unknown> = {};
      const given = new Map(node.entries.map((entry) => [entry.key, entry]));
      const inside = (key: string) => (path === '' ? key : `${path}.${key}`);
      for (const { key, keySpan } of node.entries) {
        if (!Object.hasOwn(shape, key)) reportUnknownKey(key, keySpan, inside(key), shape, reading);
      }
      for (const [key, { schema, absent, refusal }] of Object.entries(shape)) {
        const entry = given.get(key);
        const isAbsent = entry === undefined || isNull(entry.value);
        if (refusal === undefined) {
          value[key] = isAbsent ? absent(node, inside(key), reading) : schema.read(entry.value, inside(key), reading);
        } else if (!isAbsent) {
          reading.report({ at: entry.keySpan, path: inside(key), ...refusal(key) });
          schema.read(entry.value, inside(key), reading);
        }
      }
      return value as ValueOf<S>;
    },
  };
}

/** A list whose items are read by `item`. */
export function list<T>(item: Schema<T>): Schema<readonly T[]> {
  return {
    read(node, path, reading) {
      if (node.type !== 'list') return wrongType(node, path, 'a list', 'Begin each item with "- ".', reading);
      return node.items.map((each, i) => item.read(each, `${path}[${i}]`, reading) as T);
    },
  };
}

/** One item, or a list of at least one: always read to a list (spec 02 section 1, `identifier`). */
export function oneOrMore<T>(item: Schema<T>): Schema<readonly T[]> {
  const many = checked(list(item), (items, node, path, reading) => {
    if (items.length > 0) return;
    reading.report({
      at: node,
      path,
      what: 'the list is empty',
      remedy: 'Write at least one item, or leave the key out.',
    });
  });
  return {
    read(node, path, reading) {
      if (node.type === 'list') return many.read(node, path, reading);
      return [item.read(node, path, reading) as T];
    },
  };
}

/** `schema`, and then a look at what was read: `check` reports what no single key can know. */
export function checked<T>(
  schema: Schema<T>,
  check: (value: T, node: ConfigNode, path: string, reading: Reading) => void,
): Schema<T> {
  return {
    read(node, path, reading) {
      const value = schema.read(node, path, reading);
      if (value !== undefined) check(value, node, path, reading);
      return value;
    },
  };
}

/** `schema`, of whose values Weft supports only `supported` so far. */
export function only<T extends boolean | number>(schema: Schema<T>, supported: T): Schema<T> {
  return checked(schema, (value, node, path, reading) => {
    if (value === supported) return;
    const key = path.slice(path.lastIndexOf('.') + 1);
    reading.report({ at: node, path, ...notYet(`${key}: ${value}`, `Write ${supported}, or leave the key out.`) });
  });
}
