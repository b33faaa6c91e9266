/** The transformer `io.l5d.const`: one name, whatever was looked up (spec 04 section 2). */
import { type Activity, ok } from '../activity.ts';
import type { Bound } from '../bound.ts';
import type { NameTree } from '../name-tree.ts';
import type { Path } from '../path.ts';
import { prefixedTree, type TreeTransformer } from './transformer.ts';

/** Puts what `constant` is bound to in the place of every answer, Neg and Fail included. */
export function constTransformer(prefix: Path, constant: Activity<NameTree<Bound>>): TreeTransformer {
  const tree = constant.map((state) => (state.state === 'ok' ? ok(prefixedTree(prefix, state.value)) : state));
  return { name: undefined, transform: () => tree };
}
