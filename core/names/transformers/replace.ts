/** The transformer `io.l5d.replace`: another name in the place of each that was bound (spec 04 section 2). */
import { type Activity, ok } from '../activity.ts';
import type { Bound } from '../bound.ts';
import { Live } from '../live.ts';
import { evaluate, type NameTree } from '../name-tree.ts';
import type { Path } from '../path.ts';
import { prefixedTree, type TreeTransformer } from './transformer.ts';

/**
 * Puts what `replacement` is bound to in the place of every leaf. Where there is no leaf nothing is replaced, and nothing
 * asked for: Neg stays Neg.
 */
export function replaceTransformer(prefix: Path, replacement: Activity<NameTree<Bound>>): TreeTransformer {
  return {
    name: undefined,
    transform: (tree) => {
      if (evaluate(tree) === undefined || tree.kind === 'empty') return Live.of(ok(tree));
      return replacement.map((state) =>
        state.state === 'ok' ? ok(graft(tree, prefixedTree(prefix, state.value))) : state,
      );
    },
  };
}

/** `tree` with `scion` at all of its leaves. */
function graft<T>(tree: NameTree<T>, scion: NameTree<T>): NameTree<T> {
  switch (tree.kind) {
    case 'leaf':
      return scion;
    case 'alt':
      return { kind: 'alt', trees: tree.trees.map((child) => graft(child, scion)) };
    case 'union':
      return {
        kind: 'union',
        branches: tree.branches.map(({ weight, tree }) => ({ weight, tree: graft(tree, scion) })),
      };
    default:
      return tree;
  }
}
