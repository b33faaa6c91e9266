/**
 * The way from a name to what it is bound to, as the answer to a TRACE request lists it (spec 03 section 5.6):
 *
 *     /svc/foo
 *     /host/foo (/svc=>/host)
 *     /#/io.l5d.fs/foo (/host=>/#/io.l5d.fs)
 */
import type { DelegateTree } from './delegate.ts';
import type { Path } from './path.ts';

/**
 * The steps that lead to a bound name, each a path and the dentry that gave it.
 *
 * @param tree a delegation of the name
 * @param id the bound name; of several ways to it the preferred one is told
 * @returns none when the tree does not lead there
 */
export function resolutionSteps(tree: DelegateTree, id: Path): readonly string[] {
  const steps: string[] = [];
  let last: Path | undefined;
  for (const { path, dentry } of wayTo(tree, id) ?? []) {
    // Alternatives, and what transformers did, have the path of the node above.
    if (last?.equals(path)) continue;
    last = path;
    steps.push(dentry === undefined ? path.show() : `${path.show()} (${dentry.show()})`);
  }
  return steps;
}

function wayTo(tree: DelegateTree, id: Path): readonly DelegateTree[] | undefined {
  if (tree.type === 'leaf') return tree.bound.id.equals(id) ? [tree] : undefined;
  for (const child of childrenOf(tree)) {
    const way = wayTo(child, id);
    // A transformation tells no dentry in Linkerd's tree: the name inside has it.
    if (way !== undefined) return tree.type === 'transformation' ? way : [tree, ...way];
  }
  return undefined;
}

function childrenOf(tree: DelegateTree): readonly DelegateTree[] {
  switch (tree.type) {
    case 'delegate':
    case 'transformation':
      return [tree.tree];
    case 'alt':
      return tree.trees;
    case 'union':
      return tree.branches.map((branch) => branch.tree);
    default:
      return [];
  }
}
