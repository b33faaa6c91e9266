/**
 * A name tree: what a name stands for, with its alternatives (`|`) and its weighted mixtures (`&`).
 *
 *     /a | 0.7*(/b) & 0.3*~          alt
 *                                   /    \
 *                               leaf /a   union
 *                                        0.7/  \0.3
 *                                     leaf /b   neg
 *
 * `neg` falls through to the next alternative; `fail` and `empty` stop there (spec 01 section 3).
 */

/** A tree whose leaves are of type T: paths before binding, bound names after it. */
export type NameTree<T> =
  | { readonly kind: 'leaf'; readonly value: T }
  | { readonly kind: 'neg' }
  | { readonly kind: 'fail' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'alt'; readonly trees: readonly NameTree<T>[] }
  | { readonly kind: 'union'; readonly branches: readonly Weighted<T>[] };

/** A branch of a union; traffic is shared out in proportion to the weights. */
export interface Weighted<T> {
  readonly weight: number;
  readonly tree: NameTree<T>;
}

/** "No such name": the next alternative is tried. Text `~`. */
export const NEG = { kind: 'neg' } as const;
/** "Stop": no alternative is tried and the name does not resolve. Text `!`. */
export const FAIL = { kind: 'fail' } as const;
/** "Stop": the name resolves to no address. Text `$`. */
export const EMPTY = { kind: 'empty' } as const;

export function leaf<T>(value: T): NameTree<T> {
  return { kind: 'leaf', value };
}

export function alt<T>(...trees: readonly NameTree<T>[]): NameTree<T> {
  return { kind: 'alt', trees };
}

export function union<T>(...branches: readonly Weighted<T>[]): NameTree<T> {
  return { kind: 'union', branches };
}

/** The same tree with every leaf value replaced. */
export function mapLeaves<T, U>(tree: NameTree<T>, replace: (value: T) => U): NameTree<U> {
  switch (tree.kind) {
    case 'leaf':
      return leaf(replace(tree.value));
    case 'alt':
      return alt(...tree.trees.map((child) => mapLeaves(child, replace)));
    case 'union':
      return union(...tree.branches.map(({ weight, tree }) => ({ weight, tree: mapLeaves(tree, replace) })));
    default:
      return tree;
  }
}

/** The smallest tree of the same meaning (spec 01 section 3.3). */
export function simplify<T>(tree: NameTree<T>): NameTree<T> {
  if (tree.kind === 'alt') return simplifyAlt(tree.trees);
  if (tree.kind === 'union') return simplifyUnion(tree.branches);
  return tree;
}

function simplifyAlt<T>(trees: readonly NameTree<T>[]): NameTree<T> {
  const kept: NameTree<T>[] = [];
  for (const child of trees) {
    const tree = simplify(child);
    if (tree.kind !== 'neg') kept.push(tree);
    if (tree.kind === 'fail') break;
  }
  return kept.length < 2 ? (kept[0] ?? NEG) : alt(...kept);
}

function simplifyUnion<T>(branches: readonly Weighted<T>[]): NameTree<T> {
  // A lone branch keeps its meaning, be it Fail: only among others is a Fail left out.
  if (branches.length === 1) return simplify(branches[0]!.tree);
  const kept = branches
    .map(({ weight, tree }) => ({ weight, tree: simplify(tree) }))
    .filter(({ tree }) => tree.kind !== 'neg' && tree.kind !== 'fail');
  return kept.length < 2 ? (kept[0]?.tree ?? NEG) : union(...kept);
}

/**
 * The leaf values that traffic may reach, in order of appearance (spec 01 section 3.4).
 *
 * @returns undefined for "none" (no such name, or Fail); an empty list for an empty address set
 */
export function evaluate<T>(tree: NameTree<T>): readonly T[] | undefined {
  const result = evaluateNode(tree);
  return typeof result === 'string' ? undefined : result;
}

function evaluateNode<T>(tree: NameTree<T>): readonly T[] | 'neg' | 'fail' {
  switch (tree.kind) {
    case 'neg':
    case 'fail':
      return tree.kind;
    case 'empty':
      return [];
    case 'leaf':
      return [tree.value];
    case 'alt':
      for (const child of tree.trees) {
        const result = evaluateNode(child);
        if (result !== 'neg') return result;
      }
      return 'neg';
    case 'union':
      return evaluateUnion(tree.branches);
  }
}

function evaluateUnion<T>(branches: readonly Weighted<T>[]): readonly T[] | 'neg' | 'fail' {
  const results = branches.map(({ tree }) => evaluateNode(tree));
  if (results.length === 1) return results[0]!;
  const found = results.filter((result) => typeof result !== 'string');
  return found.length === 0 ? 'neg' : found.flat();
}

/** Whether two trees have the same shape, weights and leaves. */
export function sameTree<T>(a: NameTree<T>, b: NameTree<T>, sameLeaf: (a: T, b: T) => boolean): boolean {
  if (a === b) return true;
  if (a.kind === 'leaf') return b.kind === 'leaf' && sameLeaf(a.value, b.value);
  if (a.kind === 'alt') {
    return (
      b.kind === 'alt' &&
      a.trees.length === b.trees.length &&
      a.trees.every((tree, i) => sameTree(tree, b.trees[i]!, sameLeaf))
    );
  }
  if (a.kind === 'union') {
    return (
      b.kind === 'union' &&
      a.branches.length === b.branches.length &&
      a.branches.every(({ weight, tree }, i) => {
        const other = b.branches[i]!;
        return weight === other.weight && sameTree(tree, other.tree, sameLeaf);
      })
    );
  }
  return a.kind === b.kind;
}
