/**
 * Polymorphic objects: which shape an object has is said by its `kind` key (a router's: by `protocol`). A kind is one
 * file that exports `kind(id, shape)`, and one line in its category's registry; the registry also names the kinds that
 * Linkerd has and Weft does not, so that each is refused by name instead of as a typing error (spec 02 section 1).
 */
import { didYouMean } from './nearest.ts';
import { child, type MapNode, type Span, show } from './node.ts';
import { type Reading, SILENT } from './reading.ts';
import { boolean } from './scalars.ts';
import {
  type Field,
  keyShape,
  misspelt,
  notYet,
  object,
  type Refusal,
  type Schema,
  type Shape,
  type ValueOf,
  withDefault,
  wrongType,
} from './schema.ts';

/** One kind of a category. */
export interface Kind<out T> {
  readonly id: string;
  readonly schema: Schema<T>;
  /** Why an object of this kind is refused; undefined for kinds that are read. */
  readonly refusal: Refusal | undefined;
  /** It wants the flag `experimental: true` beside it (spec 02 section 2). */
  readonly experimental?: boolean;
  /** Of a kind for another protocol: how the one for this protocol would be called. */
  readonly counterpart?: string;
}

type Tagged<Tag extends string, Id extends string, S extends Shape> = S &
  Readonly<Record<Tag, Field<Id>> & { experimental: Field<boolean> }>;

function taggedObject<Tag extends string, Id extends string, S extends Shape>(tag: Tag, id: Id, shape: S) {
  // The registry has matched the tag already; reading it again only names it in the value's type.
  const constant: Field<Id> = { schema: { read: () => id }, absent: () => id, refusal: undefined };
  const tagged = { [tag]: constant, ...shape, experimental: withDefault(boolean, false) };
  return object<Shape>(tagged) as Schema<ValueOf<Tagged<Tag, Id, S>>>;
}

/** A kind that is read: `kind`, `experimental` (accepted on every kind) and the keys of `shape`. */
export function kind<const Id extends string, const S extends Shape>(
  id: Id,
  shape: S,
): Kind<ValueOf<Tagged<'kind', Id, S>>> {
  return { id, schema: taggedObject('kind', id, shape), refusal: undefined };
}

/** A router kind that is read: as {@link kind}, told by `protocol`. */
export function protocol<const Id extends string, const S extends Shape>(
  id: Id,
  shape: S,
): Kind<ValueOf<Tagged<'protocol', Id, S>>> {
  return { id, schema: taggedObject('protocol', id, shape), refusal: undefined };
}

/** A kind of Linkerd's that Weft does not support yet, with its keys (a list of names, or a shape to read them by). */
export function laterKind(id: string, shape: Shape | readonly string[] = [], tag = 'kind', remedy = ''): Kind<never> {
  const inside = Array.isArray(shape) ? keyShape(...shape) : (shape as Shape);
  return { id, schema: taggedObject(tag, id, inside) as Schema<never>, refusal: notYet(id, remedy) };
}

/** A kind that people have to say of that they know it is experimental. */
export function experimental<T>(kind: Kind<T>): Kind<T> {
  return { ...kind, experimental: true };
}

/** A kind that exists, but not for this protocol: Linkerd's ids are category-wide (spec 02 section 8.1). */
export function misplacedKind(id: string, otherProtocol: 'http' | 'h2'): Kind<never> {
  const own = otherProtocol === 'h2' ? 'http' : 'h2';
  const refusal = { what: `${id} is for ${otherProtocol} routers, not ${own} ones`, remedy: '' };
  return { id, schema: { read: () => undefined }, refusal, counterpart: id.replace(`.${otherProtocol}.`, `.${own}.`) };
}

function isFlagged(node: MapNode): boolean {
  const flag = child(node, 'experimental');
  return flag !== undefined && boolean.read(flag, '', SILENT) === true;
}

/** A category of kinds and how an object tells which it is. */
export interface KindsOptions {
  /** The key that holds the id; `kind` unless said otherwise. */
  readonly tag?: string;
  /** The id meant when the key is absent; without it the key is required. */
  readonly fallback?: string;
}

/**
 * The schema that reads an object by its kind.
 *
 * @param what how a kind of this category is called in messages, such as `namer kind`
 * @throws Error if two kinds have one id
 */
export function kinds<const K extends readonly Kind<unknown>[]>(
  what: string,
  registry: K,
  { tag = 'kind', fallback }: KindsOptions = {},
): Schema<K[number] extends infer Each ? (Each extends Kind<infer T> ? T : never) : never> {
  const byId = new Map(registry.map((each) => [each.id, each]));
  if (byId.size !== registry.length) throw new Error(`conflicting subtypes: two of one ${what} id`);
  const supported = registry.filter((each) => each.refusal === undefined).map((each) => each.id);
  const noun = what.replace(/ kind$|^router /, '');
  const offer = supported.length === 0 ? '' : `Supported: ${supported.join(', ')}.`;

  function reportMissing(node: MapNode, path: string, reading: Reading): undefined {
    const remedy = misspelt(node, tag) || offer;
    reading.report({ at: node, path, what: `missing required key "${tag}"`, remedy });
  }

  function adviseOf({ counterpart }: Kind<unknown>): string {
    if (counterpart === undefined) return '';
    return supported.includes(counterpart) ? `Write ${counterpart}.` : offer;
  }

  function reportUnflagged(id: string, at: Span, path: string, reading: Reading): void {
    const flag = "must be explicitly enabled by setting the `experimental' parameter to `true'";
    const where = tag === 'protocol' ? ' on each router' : '';
    const remedy = `Write "experimental: true" beside it.`;
    reading.report({ at, path, what: `The ${id} ${noun} is experimental and ${flag}${where}`, remedy });
  }

  return {
    read(node, path, reading) {
      if (node.type !== 'map') {
        const isId = node.type === 'scalar' && byId.has(node.text);
        const remedy = `Write {${tag}: ${isId ? node.text : '…'}, …}.`;
        return wrongType(node, path, `a map with the key "${tag}"`, remedy, reading);
      }
      const named = child(node, tag);
      if (named === undefined && fallback === undefined) return reportMissing(node, path, reading);
      const tagPath = `${path}.${tag}`;
      if (named !== undefined && named.type !== 'scalar') {
        return wrongType(named, tagPath, `the name of a ${what}`, offer, reading);
      }
      const found = byId.get(named?.text ?? fallback ?? '');
      if (found === undefined) {
        const remedy = `${didYouMean(named?.text ?? '', byId.keys())} ${offer}`.trim();
        reading.report({ at: named ?? node, path: tagPath, what: `unknown ${what} ${show(named ?? node)}`, remedy });
        return undefined;
      }
      if (found.refusal !== undefined) {
        const remedy = found.refusal.remedy || adviseOf(found);
        reading.report({ at: named ?? node, path: tagPath, what: found.refusal.what, remedy });
      }
      if (found.experimental && !isFlagged(node)) reportUnflagged(found.id, named ?? node, tagPath, reading);
      return found.schema.read(node, path, reading) as never;
    },
  };
}
