/**
 * Delegation: the lookups of a binding, told instead of taken. Where binding stops at the first alternative that will
 * do, all are followed here, and each path is shown with the dentry that produced it (spec 01 section 8).
 *
 *     delegate /boo/humbug
 *       alt /foo/humbug                  by /boo=>/foo
 *         neg /bar/humbug                by /foo=>/bar
 *         delegate /bah/humbug           by /foo=>/bah | ...
 *           leaf /$/inet/127.1/8080      by /bah/humbug=>...
 */
import { type Activity, failed, flatMapOk, ok, PENDING, type State } from './activity.ts';
import { type Binding, counted, DEPTH_MAX, lookupNamers } from './bind.ts';
import type { Addr, Bound, Name } from './bound.ts';
import type { Dentry } from './dtab.ts';
import { Live } from './live.ts';
import type { NameTree } from './name-tree.ts';
import { Path } from './path.ts';

/** What a path led to, and by which dentry it was reached; undefined at the root. */
interface Visit {
  readonly path: Path;
  readonly dentry: Dentry | undefined;
}

/** A bound name with its address set as it was when the tree was made. */
export interface DelegateBound {
  readonly id: Path;
  readonly residual: Path;
  readonly addr: Addr;
}

/** A node of the delegation tree. */
export type DelegateTree = Visit &
  (
    | { readonly type: 'delegate'; readonly tree: DelegateTree }
    | { readonly type: 'alt'; readonly trees: readonly DelegateTree[] }
    | { readonly type: 'union'; readonly branches: readonly { readonly weight: number; readonly tree: DelegateTree }[] }
    | { readonly type: 'leaf'; readonly bound: DelegateBound }
    /** `literal`: the dentry says `~`, rather than nobody knowing the path. */
    | { readonly type: 'neg'; readonly literal: boolean }
    | { readonly type: 'fail' }
    | { readonly type: 'empty' }
    | { readonly type: 'exception'; readonly message: string }
    /** A transformer has made of a bound name what the tree says. */
    | {
        readonly type: 'transformation';
        readonly name: string;
        readonly bound: DelegateBound;
        readonly tree: DelegateTree;
      }
  );

interface Position {
  readonly depth: number;
  readonly budget: { open: number };
}

/** What names are explained with. */
interface Explaining extends Binding {
  /** What the interpreter's transformers make of a bound name. */
  readonly transform: (bound: Bound) => Bound;
}

const TOO_DEEP = failed('Max recursion level reached.');
const FAIL_PREFIX = Path.of('$', 'fail');

/**
 * Explains a path. It stays pending until every alternative and every address set is known.
 *
 * @param transform what the interpreter's transformers make of a bound name; what a namer's make is told by the names
 */
export function delegate(
  binding: Binding,
  path: Path,
  transform: (bound: Bound) => Bound = (bound) => bound,
): Activity<DelegateTree> {
  const explaining = { ...binding, transform };
  return new Live<State<DelegateTree>>((set) =>
    explainPath(explaining, { path, dentry: undefined }, { depth: 0, budget: { open: 0 } }).observe((state) =>
      set(state.state === 'ok' ? ok(simplifyDelegates(state.value)) : state),
    ),
  );
}

function explainPath(binding: Explaining, visit: Visit, at: Position): Activity<DelegateTree> {
  if (at.depth > DEPTH_MAX) return Live.of(TOO_DEEP);
  return counted(binding, at.budget, () => explainLookup(binding, visit, at));
}

function explainLookup(binding: Explaining, visit: Visit, at: Position): Activity<DelegateTree> {
  const matches = binding.dtab.matching(visit.path).map((dentry) => {
    const tree: NameTree<Name> = dentry.rewrite(visit.path);
    return { dentry, tree };
  });
  const first = matches[0];
  if (first === undefined || (matches.length === 1 && first.tree.kind === 'neg')) {
    return explainNamers(binding, visit, first?.dentry, at);
  }
  const trees = matches.map(({ dentry, tree }) => explainTree(binding, tree, { path: visit.path, dentry }, at));
  if (trees.length === 1)
    return trees[0]!.map((state) => mapOk(state, (tree) => ({ ...visit, type: 'delegate', tree })));
  return collect(trees, visit).map((state) => mapOk(state, (trees) => ({ ...visit, type: 'alt', trees })));
}

/** @param negated the only dentry that matches, if it says `~`: as in a binding, the namers are asked all the same */
function explainNamers(
  binding: Explaining,
  visit: Visit,
  negated: Dentry | undefined,
  at: Position,
): Activity<DelegateTree> {
  return lookupNamers(binding, visit.path).flatMap((state): Activity<DelegateTree> => {
    if (state.state === 'failed') return Live.of(ok({ ...visit, type: 'exception', message: state.message }));
    if (state.state === 'pending') return Live.of(PENDING);
    const tree = state.value;
    if (tree.kind === 'neg') {
      if (negated === undefined) return Live.of(ok({ ...visit, type: 'neg', literal: false }));
      const neg: DelegateTree = { path: visit.path, dentry: negated, type: 'neg', literal: true };
      return Live.of(ok({ ...visit, type: 'delegate', tree: neg }));
    }
    const explained = explainTree(binding, tree, visit, at);
    if (tree.kind !== 'leaf' || !(tree.value instanceof Path)) return explained;
    return explained.map((rewritten) => mapOk(rewritten, (tree) => ({ ...visit, type: 'delegate', tree })));
  });
}

function explainTree(binding: Explaining, tree: NameTree<Name>, visit: Visit, at: Position): Activity<DelegateTree> {
  switch (tree.kind) {
    case 'leaf': {
      const { value } = tree;
      if (!(value instanceof Path)) return explainBound(binding.transform(value), visit);
      return explainPath(binding, { path: value, dentry: visit.dentry }, { ...at, depth: at.depth + 1 });
    }
    case 'alt': {
      const trees = tree.trees.map((child) => explainTree(binding, child, visit, at));
      return collect(trees, visit).map((state) => mapOk(state, (trees) => ({ ...visit, type: 'alt', trees })));
    }
    case 'union': {
      const trees = tree.branches.map((branch) => explainTree(binding, branch.tree, visit, at));
      return collect(trees, visit).map((state) =>
        mapOk(state, (trees) => {
          const branches = trees.map((child, i) => ({ weight: tree.branches[i]!.weight, tree: child }));
          return { ...visit, type: 'union', branches };
        }),
      );
    }
    case 'neg':
      return Live.of(ok({ ...visit, type: 'neg', literal: true }));
    default:
      return Live.of(ok({ ...visit, type: tree.kind }));
  }
}

/** A bound name: what it was before each of its transformers, and in the end what it is. */
function explainBound(bound: Bound, visit: Visit): Activity<DelegateTree> {
  const explained = boundNow(bound).map((state) => mapOk(state, (bound) => ({ ...visit, type: 'leaf', bound })));
  return explainOrigin(bound, explained, visit);
}

function explainOrigin({ origin }: Bound, explained: Activity<DelegateTree>, visit: Visit): Activity<DelegateTree> {
  if (origin === undefined) return explained;
  const transformation = flatMapOk(boundNow(origin.bound), (bound) =>
    explained.map((state) =>
      mapOk(state, (tree) => ({ ...visit, type: 'transformation', name: origin.transformer, bound, tree })),
    ),
  );
  return explainOrigin(origin.bound, transformation, visit);
}

/** A bound name with its address set, once that is known. */
function boundNow({ id, residual, addr }: Bound): Activity<DelegateBound> {
  return addr.map((addr): State<DelegateBound> => (addr.state === 'pending' ? PENDING : ok({ id, residual, addr })));
}

/** All branches, once none is pending; a failed one becomes an exception. */
function collect(branches: readonly Activity<DelegateTree>[], visit: Visit): Activity<readonly DelegateTree[]> {
  return Live.join(branches).map((states): State<readonly DelegateTree[]> => {
    const trees: DelegateTree[] = [];
    for (const state of states) {
      if (state.state === 'pending') return PENDING;
      trees.push(state.state === 'ok' ? state.value : { ...visit, type: 'exception', message: state.message });
    }
    return ok(trees);
  });
}

function mapOk<T>(state: State<T>, transform: (value: T) => DelegateTree): State<DelegateTree> {
  return state.state === 'ok' ? ok(transform(state.value)) : state;
}

/** Drops the nodes that say nothing: a delegate to the same path, an alt of one, an alt in an alt of the same path. */
export function simplifyDelegates(tree: DelegateTree): DelegateTree {
  switch (tree.type) {
    case 'delegate':
      return simplifyDelegate(tree, tree.tree);
    case 'alt': {
      if (tree.trees.length === 0) return { path: tree.path, dentry: tree.dentry, type: 'neg', literal: false };
      if (tree.trees.length === 1) return simplifyDelegate(tree, tree.trees[0]!);
      const trees = tree.trees.map(simplifyDelegates).flatMap((child) => {
        return child.type === 'alt' && child.path.equals(tree.path) ? child.trees : [child];
      });
      return { ...tree, trees };
    }
    case 'union': {
      if (tree.branches.length === 0) return { path: tree.path, dentry: tree.dentry, type: 'neg', literal: false };
      if (tree.branches.length === 1) return simplifyDelegate(tree, tree.branches[0]!.tree);
      return {
        ...tree,
        branches: tree.branches.map(({ weight, tree }) => ({ weight, tree: simplifyDelegates(tree) })),
      };
    }
    default:
      return tree;
  }
}

function simplifyDelegate({ path, dentry }: Visit, child: DelegateTree): DelegateTree {
  const tree = simplifyDelegates(child);
  const stops = tree.type === 'neg' || tree.type === 'fail' || tree.type === 'empty';
  return !stops && tree.path.equals(path) ? { ...tree, dentry } : { path, dentry, type: 'delegate', tree };
}

/** The JSON of a delegation tree, keys in Linkerd's order (spec 01 section 8.2). */
export function delegateJson(tree: DelegateTree): Record<string, unknown> {
  const head = {
    type: tree.type,
    path: showPath(tree),
    ...(tree.dentry === undefined ? {} : { dentry: tree.dentry.toJSON() }),
  };
  switch (tree.type) {
    case 'delegate':
      return { ...head, delegate: delegateJson(tree.tree) };
    case 'alt':
      return { ...head, alt: tree.trees.map(delegateJson) };
    case 'union':
      return { ...head, union: tree.branches.map(({ weight, tree }) => ({ weight, tree: delegateJson(tree) })) };
    case 'leaf':
      return { ...head, bound: boundJson(tree.bound) };
    case 'transformation': {
      // Without dentry: the bound name inside has it (spec 01 section 8.2).
      const { type, path, name, bound } = tree;
      return { type, path: path.show(), name, bound: boundJson(bound), tree: delegateJson(tree.tree) };
    }
    case 'exception':
      return { ...head, message: tree.message };
    default:
      return head;
  }
}

function boundJson({ addr, id, residual }: DelegateBound): Record<string, unknown> {
  return { addr: addrJson(addr), id: id.show(), path: residual.show() };
}

function showPath(tree: DelegateTree): string {
  if (tree.type === 'neg' && tree.literal) return '~';
  if (tree.type === 'fail' && !tree.path.startsWith(FAIL_PREFIX)) return '!';
  return tree.path.show();
}

/** The JSON of an address set. */
export function addrJson(addr: Addr): Record<string, unknown> {
  if (addr.state === 'failed') return { type: 'failed', cause: addr.cause };
  if (addr.state !== 'bound') return { type: addr.state };
  const addrs = addr.addresses.map(({ ip, port, weight }) => {
    return { ip, port, meta: weight === 1 ? {} : { endpoint_addr_weight: weight } };
  });
  return { type: 'bound', addrs, meta: {} };
}
