/**
 * `client` and `service`: what holds for the names under a prefix (spec 02 sections 7.1 and 8), and how it is merged.
 *
 *     io.l5d.global    {…}                               one entry, of prefix /
 *     io.l5d.static    configs: [{prefix: /, …}, …]      as many as there are
 *
 *     defaults <-- the first entry that matches <-- the second <-- … <-- the last
 *
 * Key by key, what stands further right wins; a key that is an object is taken as a whole, unless its keys are settings of
 * their own (`parts`). Defaults are at the left end of
 * it, and so are not filled in where an entry is read (per-prefix.ts).
 */
import { Path } from '../names/path.ts';
import { PathMatcher } from '../names/path-matcher.ts';

/** The keys that an entry has; those that it has not are undefined. */
export type Entry<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** What holds for the names under one prefix. */
export interface PrefixedEntry<T> {
  /** A path expression (core/names/path-matcher.ts). */
  readonly prefix: string;
  readonly entry: Entry<T>;
}

/** A `client` or `service` as it was read; a {@link ConfigsByPrefix} says what it means for a name. */
export interface PerPrefix<T> {
  readonly kind: 'io.l5d.global' | 'io.l5d.static';
  readonly experimental: boolean;
  readonly defaults: T;
  /** In the file's order: later ones override. */
  readonly configs: readonly PrefixedEntry<T>[];
  /** Keys that are objects whose own keys are overridden one by one. */
  readonly parts: readonly string[];
}

/** The prefix of every name. */
export const EVERYTHING = '/';

/** Combinations of entries that are remembered. Who asks chooses names, and so which entries hold. */
const MERGED_MAX = 1000;
const NO_VARIABLES: ReadonlyMap<string, string> = new Map();

/** Whatever a key may be for some name: what is made once for all names has to be made for each of these. */
export function valuesOf<T, K extends keyof T>({ defaults, configs }: PerPrefix<T>, key: K): readonly T[K][] {
  let values: T[K][] = [defaults[key]];
  for (const { prefix, entry } of configs) {
    const value = entry[key];
    if (value === undefined) continue;
    if (prefix === EVERYTHING) values = [];
    values.push(value);
  }
  return values;
}

/** Says what a `client` or a `service` means for a name: the same object when the same entries hold, as long as it is remembered. */
export class ConfigsByPrefix<T extends object> {
  /** What holds for every name, unless one of the entries says otherwise. */
  readonly #base: T;
  readonly #entries: readonly { readonly matcher: PathMatcher; readonly entry: Entry<T> }[];
  readonly #parts: readonly string[];
  /** By the indices of the entries that hold. */
  readonly #merged = new Map<string, T>();

  constructor({ defaults, configs, parts }: PerPrefix<T>) {
    const special = configs.findIndex(({ prefix }) => prefix !== EVERYTHING);
    const forAll = special < 0 ? configs : configs.slice(0, special);
    this.#base = forAll.reduce((config, { entry }) => override(config, entry, parts), defaults);
    this.#entries = configs
      .slice(forAll.length)
      .map(({ prefix, entry }) => ({ matcher: new PathMatcher(prefix), entry }));
    this.#parts = parts;
  }

  /** What holds for a name. */
  of(name: Path): T {
    if (this.#entries.length === 0) return this.#base;
    const held = [...this.#entries.keys()].filter((i) => this.#entries[i]?.matcher.extract(name) !== undefined);
    const key = held.join();
    let merged = this.#merged.get(key);
    if (merged === undefined) {
      merged = held.reduce((config, i) => override(config, this.#entries[i]?.entry ?? {}, this.#parts), this.#base);
      if (this.#merged.size >= MERGED_MAX) this.#merged.clear();
      this.#merged.set(key, merged);
    }
    return merged;
  }

  /** What the entry that `key`'s value comes from captures of a name: for the variables inside that value. */
  variables(name: Path, key: keyof T): ReadonlyMap<string, string> {
    let variables: ReadonlyMap<string, string> = NO_VARIABLES;
    for (const { matcher, entry } of this.#entries) {
      if (entry[key] !== undefined) variables = matcher.extract(name) ?? variables;
    }
    return variables;
  }
}

function override<T extends object>(config: T, entry: Entry<T>, parts: readonly string[]): T {
  const merged = { ...config } as Record<string, unknown>;
  for (const [key, value] of Object.entries(entry)) {
    if (value === undefined) continue;
    merged[key] = parts.includes(key) ? override(merged[key] as object, value as object, []) : value;
  }
  return merged as T;
}

/** What a `client` or a `service` means for a name, for who asks only once. @param name a path, as text */
export function configOf<T extends object>(config: PerPrefix<T>, name: string): T {
  return new ConfigsByPrefix(config).of(Path.read(name));
}
