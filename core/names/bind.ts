/**
 * Binding: follows a path through the dtab and the namers until only bound names are left, and keeps the answer true
 * for as long as somebody observes it (spec 01 sections 4.2 and 4.3).
 *
 *     path --> dtab --(no match, ~)--> namers, last configured first --(~)--> system namer (/$/)
 *      ^         |                        |                                      |
 *      |       tree                     tree                                   tree
 *      +-- leaf paths, one deeper -------+--------------------------------------+--> bound leaves: done
 */
import { type Activity, failed, flatMapOk, ok, PENDING, type State, sameState } from './activity.ts';
import { type Bound, type Name, type Namer, sameBound } from './bound.ts';
import type { Dtab } from './dtab.ts';
import { Live } from './live.ts';
import { leaf, type NameTree, NEG, sameTree, simplify, union, type Weighted } from './name-tree.ts';
import { Path } from './path.ts';

/** Lookups in a row after which a name is taken to lead to itself. */
export const DEPTH_MAX = 100;

/**
 * Alts and unions that may enclose a name over all its lookups. Linkerd has no such bound; a dtab made by a client
 * could exhaust the stack without it.
 */
const ENCLOSING_MAX = 200;

/** What names are bound with. */
export interface Binding {
  readonly dtab: Dtab;
  /** In the order of the configuration: the last one is asked first. */
  readonly namers: readonly Namer[];
  /** The namer of `/$/`, asked last. */
  readonly system: Namer;
  /** Lookups that one binding may hold open at one time. */
  readonly lookupsMax: number;
  /** Told of each lookup beyond that. */
  readonly onLookupsMax: () => void;
}

/** How far down a name is, and what its binding has used up. */
interface Position {
  readonly depth: number;
  readonly enclosing: number;
  readonly budget: { open: number };
}

/** Binds a path. The trees hold leaves and unions only, or are Neg, Fail or Empty; consecutive equal ones are told once. */
export function bind(binding: Binding, path: Path): Activity<NameTree<Bound>> {
  return new Live(
    (set) => {
      const start = { depth: 0, enclosing: 0, budget: { open: 0 } };
      return bindPath(binding, path, start).observe((state) =>
        set(state.state === 'ok' ? ok(simplify(state.value)) : state),
      );
    },
    sameState((a, b) => sameTree(a, b, sameBound)),
  );
}

/** Looks up one path: in the dtab, then in the namers, then under `/$/`. */
export function lookup(binding: Binding, path: Path): Activity<NameTree<Name>> {
  const tree: NameTree<Name> = binding.dtab.lookup(path);
  return tree.kind === 'neg' ? lookupNamers(binding, path) : Live.of(ok(tree));
}

/** Looks up one path without the dtab. */
export function lookupNamers(binding: Binding, path: Path): Activity<NameTree<Name>> {
  const candidates = [binding.system, ...binding.namers].filter(({ prefix }) => path.startsWith(prefix));
  return askInTurn(candidates, path);
}

/** Asks the last candidate, and the one before it when the answer is Neg. */
function askInTurn(candidates: readonly Namer[], path: Path): Activity<NameTree<Name>> {
  const namer = candidates.at(-1);
  if (namer === undefined) return Live.of(ok(NEG));
  const answer = namer.lookup(path.drop(namer.prefix.size));
  if (candidates.length === 1) return answer;
  return flatMapOk(answer, (tree) =>
    tree.kind === 'neg' ? askInTurn(candidates.slice(0, -1), path) : Live.of(ok(tree)),
  );
}

/**
 * An activity that counts as one open lookup while it is observed, and fails if there are too many.
 * The bound is needed because `/s => /s & /s` asks for 2^100 of them before the depth limit says no; for the same
 * reason `begin` is not called before there is room.
 */
export function counted<T>(binding: Binding, budget: { open: number }, begin: () => Activity<T>): Activity<T> {
  const { lookupsMax, onLookupsMax } = binding;
  return new Live<State<T>>((set) => {
    if (budget.open >= lookupsMax) {
      onLookupsMax();
      set(failed(`Max lookups: ${lookupsMax} reached in Namer lookup`));
      return () => {};
    }
    budget.open++;
    const stop = begin().observe(set);
    return () => {
      budget.open--;
      stop();
    };
  });
}

function bindPath(binding: Binding, path: Path, at: Position): Activity<NameTree<Bound>> {
  const deeper = { ...at, depth: at.depth + 1 };
  return counted(binding, at.budget, () => flatMapOk(lookup(binding, path), (tree) => bindTree(binding, tree, deeper)));
}

function bindTree(binding: Binding, tree: NameTree<Name>, at: Position): Activity<NameTree<Bound>> {
  if (at.depth > DEPTH_MAX || at.enclosing > ENCLOSING_MAX) {
    return Live.of(failed(`Max recursion level: ${DEPTH_MAX} reached in Namer lookup`));
  }
  switch (tree.kind) {
    case 'leaf':
      if (tree.value instanceof Path) return bindPath(binding, tree.value, at);
      return Live.of(ok(leaf(tree.value)));
    case 'alt':
      return bindAlt(binding, tree.trees, { ...at, enclosing: at.enclosing + 1 });
    case 'union':
      return bindUnion(binding, tree.branches, { ...at, enclosing: at.enclosing + 1 });
    default:
      return Live.of(ok(tree));
  }
}

/** The first alternative that is not Neg. One that is pending or failed is waited for: it may come to be the answer. */
function bindAlt(binding: Binding, trees: readonly NameTree<Name>[], at: Position): Activity<NameTree<Bound>> {
  const [first, ...rest] = trees;
  if (first === undefined) return Live.of(ok(NEG));
  return flatMapOk(bindTree(binding, first, at), (tree) => {
    if (tree.kind !== 'neg' || rest.length === 0) return Live.of(ok(tree));
    return bindAlt(binding, rest, { ...at, enclosing: at.enclosing + 1 });
  });
}

/** All branches that are known; those that are pending or failed leave their traffic to the others. */
function bindUnion(binding: Binding, branches: readonly Weighted<Name>[], at: Position): Activity<NameTree<Bound>> {
  const states = Live.join(branches.map(({ tree }) => bindTree(binding, tree, at)));
  return states.map((bound): State<NameTree<Bound>> => {
    const known: Weighted<Bound>[] = [];
    bound.forEach((state, i) => {
      if (state.state === 'ok') known.push({ weight: branches[i]!.weight, tree: state.value });
    });
    if (known.length > 0) return ok(simplify(union(...known)));
    if (bound.length === 0) return ok(NEG);
    return bound.find((state) => state.state === 'failed') ?? PENDING;
  });
}
