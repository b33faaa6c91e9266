/**
 * Transformers: what is done to the answers of a namer, or of an interpreter, before anybody sees them (spec 04 section 2).
 *
 *     answer --first--> --second--> ... --last--> what is bound       id:  /%/<last>/%/<first>/#/io.l5d.fs/web
 *
 * Each that touches a bound name puts its prefix before the name's id, so that a client for the name as it was and one
 * for what became of it are two clients. Most look at one bound name at a time; some replace whole trees.
 */
import { type Activity, flatMapOk, ok } from '../activity.ts';
import { type Addr, type Bound, type Name, type Namer, sameAddr } from '../bound.ts';
import { Live } from '../live.ts';
import { mapLeaves, type NameTree } from '../name-tree.ts';
import { Path } from '../path.ts';

/** Changes one bound name. `name` is what delegations call it: Linkerd's class. */
export interface BoundTransformer {
  readonly name: string;
  transform(bound: Bound): Bound;
}

/** Changes a whole bound tree. Delegations cannot show it, because it asks for names of its own. */
export interface TreeTransformer {
  readonly name: undefined;
  transform(tree: NameTree<Bound>): Activity<NameTree<Bound>>;
}

/** Any transformer. */
export type Transformer = BoundTransformer | TreeTransformer;

const PREFIX = Path.of('%');

/** A bound id behind a transformer's prefix: `/%` and both. @param prefix the configured one */
export function transformedId(prefix: Path, id: Path): Path {
  return PREFIX.concat(prefix).concat(id);
}

/** A transformer that changes address sets, and nothing else. @param prefix the configured one */
export function addrTransformer(name: string, prefix: Path, transform: (addr: Addr) => Addr): BoundTransformer {
  return {
    name,
    transform: (bound) => ({
      id: transformedId(prefix, bound.id),
      residual: bound.residual,
      addr: bound.addr.map(transform, sameAddr),
      origin: { transformer: name, bound },
    }),
  };
}

/**
 * A transformer that leaves some of the addresses. A set of which nothing is left is Neg, and so is one that was empty.
 * Names that the data plane answers by itself have no addresses to ask about: they stay.
 *
 * @param filter made anew at each change of an address set
 */
export function addressFilter(name: string, prefix: Path, filter: () => (ip: string) => boolean): BoundTransformer {
  return addrTransformer(name, prefix, (addr) => {
    if (addr.state !== 'bound' || addr.local !== undefined) return addr;
    const keeps = filter();
    const addresses = addr.addresses.filter(({ ip }) => keeps(ip));
    return addresses.length === 0 ? { state: 'neg' } : { ...addr, addresses };
  });
}

/** Whether all of them can be shown in a delegation. */
export function showable(transformers: readonly Transformer[]): transformers is readonly BoundTransformer[] {
  return transformers.every(({ name }) => name !== undefined);
}

/** One bound name after all of them, the first one first. */
export function transformBound(transformers: readonly BoundTransformer[], bound: Bound): Bound {
  return transformers.reduce((changed, transformer) => transformer.transform(changed), bound);
}

/** A bound tree after all of them, the first one first. */
export function transformTree(transformers: readonly Transformer[], tree: NameTree<Bound>): Activity<NameTree<Bound>> {
  return transformers.reduce<Activity<NameTree<Bound>>>(
    (answer, transformer) => flatMapOk(answer, (changed) => applied(transformer, changed)),
    Live.of(ok(tree)),
  );
}

function applied(transformer: Transformer, tree: NameTree<Bound>): Activity<NameTree<Bound>> {
  if (transformer.name === undefined) return transformer.transform(tree);
  return Live.of(ok(mapLeaves(tree, (bound) => transformer.transform(bound))));
}

/** A namer whose answers are changed, but for those that name further paths: these are nobody's addresses yet. */
export function transformedNamer(namer: Namer, transformers: readonly Transformer[]): Namer {
  if (transformers.length === 0) return namer;
  const names = namer.names?.bind(namer);
  return {
    prefix: namer.prefix,
    lookup: (rest) =>
      flatMapOk(namer.lookup(rest), (tree): Activity<NameTree<Name>> => {
        const bound = boundTree(tree);
        return bound === undefined ? Live.of(ok(tree)) : transformTree(transformers, bound);
      }),
    ...(names === undefined ? {} : { names }),
  };
}

/** The tree, if all of its leaves are bound. */
function boundTree(tree: NameTree<Name>): NameTree<Bound> | undefined {
  const unbound: Path[] = [];
  const bound = mapLeaves(tree, (value) => {
    if (value instanceof Path) unbound.push(value);
    return value as Bound;
  });
  return unbound.length === 0 ? bound : undefined;
}

/** A bound tree whose ids have a transformer's prefix. @param prefix the configured one */
export function prefixedTree(prefix: Path, tree: NameTree<Bound>): NameTree<Bound> {
  return mapLeaves(tree, (bound) => ({ ...bound, id: transformedId(prefix, bound.id) }));
}
