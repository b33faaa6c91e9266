/** The schema of `client` and `service`, whose entries are read with whatever keys they have (configs-by-prefix.ts). */
import { type Entry, EVERYTHING, type PerPrefix, type PrefixedEntry } from './configs-by-prefix.ts';
import { kind, kinds } from './kinds.ts';
import type { MapNode } from './node.ts';
import { SILENT } from './reading.ts';
import { matcher } from './scalars.ts';
import {
  type Field,
  list,
  misplaced,
  object,
  optional,
  required,
  type Schema,
  type Shape,
  type ValueOf,
} from './schema.ts';

const NOTHING: MapNode = { type: 'map', entries: [], start: 0, end: 0 };

/** The same keys without their defaults. */
function withoutDefaults(shape: Shape): Shape {
  return Object.fromEntries(Object.entries(shape).map(([key, field]) => [key, withoutDefault(field)]));
}

function withoutDefault(field: Field<unknown>): Field<unknown> {
  if (field.refusal !== undefined) return field;
  return optional(field.parts === undefined ? field.schema : object(withoutDefaults(field.parts)));
}

const ofTheOtherKind = misplaced((name) => ({
  what: `${name} belongs to kind io.l5d.static`,
  remedy: 'Write "kind: io.l5d.static" beside it.',
}));

/** What stands in entries cannot stand beside them. */
function inEntries(shape: Shape): Shape {
  const toEntry = misplaced((name) => ({
    what: `${name} belongs into an entry of configs`,
    remedy: `Write an entry such as "- {prefix: /, ${name}: …}".`,
  }));
  return Object.fromEntries(Object.keys(shape).map((key) => [key, toEntry]));
}

/**
 * Reads a `client` or `service` whose entries have these keys.
 *
 * @param what how a kind of the object is called in messages, such as `client kind`
 */
export function perPrefix<const S extends Shape>(what: string, shape: S): Schema<PerPrefix<ValueOf<S>>> {
  type T = ValueOf<S>;
  const defaults = object(shape).read(NOTHING, '', SILENT) as T;
  const keys = withoutDefaults(shape);
  const parts = Object.keys(shape).filter((key) => shape[key]?.parts !== undefined);
  const configs = list(object({ prefix: required(matcher), ...keys }));
  const ofKinds = kinds(
    what,
    [
      kind('io.l5d.global', { ...keys, configs: ofTheOtherKind }),
      kind('io.l5d.static', { ...inEntries(shape), configs: required(configs) }),
    ],
    { fallback: 'io.l5d.global' },
  );
  return {
    read(node, path, reading) {
      const value = ofKinds.read(node, path, reading);
      if (value === undefined) return undefined;
      const { kind, experimental, ...rest } = value;
      const items = kind === 'io.l5d.global' ? [{ prefix: EVERYTHING, ...rest }] : (value.configs ?? []);
      // An item that is no map was reported, and is no value.
      const entries = items.filter((item) => item !== undefined).map((item) => split<T>(item as PrefixedItem<T>));
      return { kind, experimental, defaults, configs: entries, parts };
    },
  };
}

type PrefixedItem<T> = { readonly prefix: string } & Entry<T>;

function split<T>({ prefix, ...entry }: PrefixedItem<T>): PrefixedEntry<T> {
  return { prefix, entry: entry as Entry<T> };
}
