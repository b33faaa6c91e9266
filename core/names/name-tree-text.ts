/**
 * The text of a name tree (spec 01 sections 3.1 and 3.2).
 *
 *     tree     = and *( "|" and )
 *     and      = weighted *( "&" weighted )
 *     weighted = [ number "*" ] simple
 *     simple   = "(" tree ")" / path / "!" / "~" / "$"          whitespace and comments between all of these
 */
import { alt, EMPTY, FAIL, leaf, type NameTree, NEG, union, type Weighted } from './name-tree.ts';
import { Path } from './path.ts';
import { Scanner } from './scanner.ts';

/** Parentheses within parentheses that a tree may have: a request brings trees of its own (`l5d-dtab`), the stack is finite. */
const NESTING_MAX = 50;

/** Reads a name tree. @throws NameParseError */
export function readTree(text: string): NameTree<Path> {
  const scanner = new Scanner(text);
  const tree = scanTree(scanner);
  scanner.end();
  return tree;
}

/** Reads a name tree at a scanner's position. @throws NameParseError */
export function scanTree(scanner: Scanner, nesting = 0): NameTree<Path> {
  const trees = [scanUnion(scanner, nesting)];
  while (scanner.maybeEat('|')) trees.push(scanUnion(scanner, nesting));
  return trees.length === 1 ? trees[0]! : alt(...trees);
}

function scanUnion(scanner: Scanner, nesting: number): NameTree<Path> {
  const branches = [scanWeighted(scanner, nesting)];
  while (scanner.maybeEat('&')) branches.push(scanWeighted(scanner, nesting));
  return branches.length === 1 ? branches[0]!.tree : union(...branches);
}

function scanWeighted(scanner: Scanner, nesting: number): Weighted<Path> {
  scanner.skipSpace();
  const weight = scanWeight(scanner);
  scanner.skipSpace();
  const tree = scanSimple(scanner, nesting);
  scanner.skipSpace();
  return { weight, tree };
}

function scanWeight(scanner: Scanner): number {
  const start = scanner.offset;
  let dots = 0;
  for (let char = scanner.peek(); /^[0-9.]$/.test(char); char = scanner.peek()) {
    if (char === '.' && ++dots > 1) scanner.refuse('number char');
    scanner.offset++;
  }
  const text = scanner.text.slice(start, scanner.offset);
  if (text === '') return 1;
  if (text === '.') {
    scanner.offset = start;
    scanner.refuse('weight');
  }
  scanner.skipSpace();
  scanner.eat('*');
  return Number(text);
}

function scanSimple(scanner: Scanner, nesting: number): NameTree<Path> {
  switch (scanner.peek()) {
    case '/':
      return leaf(Path.scan(scanner));
    case '(': {
      if (nesting >= NESTING_MAX) break;
      scanner.offset++;
      const tree = scanTree(scanner, nesting + 1);
      scanner.eat(')');
      return tree;
    }
    case '!':
      scanner.offset++;
      return FAIL;
    case '~':
      scanner.offset++;
      return NEG;
    case '$':
      scanner.offset++;
      return EMPTY;
  }
  return scanner.refuse('simple');
}

/** The text of a tree of paths. Weights are shown with two decimals. */
export function showTree(tree: NameTree<Path>): string {
  switch (tree.kind) {
    case 'leaf':
      return tree.value.show();
    case 'neg':
      return '~';
    case 'fail':
      return '!';
    case 'empty':
      return '$';
    case 'alt':
      return tree.trees.length === 1 ? showTree(tree.trees[0]!) : tree.trees.map(showInner).join(' | ');
    case 'union': {
      const { branches } = tree;
      return branches.length === 1 ? showTree(branches[0]!.tree) : branches.map(showWeighted).join(' & ');
    }
  }
}

function showInner(tree: NameTree<Path>): string {
  return tree.kind === 'alt' || tree.kind === 'union' ? `(${showTree(tree)})` : showTree(tree);
}

function showWeighted({ weight, tree }: Weighted<Path>): string {
  return weight === 1 ? showInner(tree) : `${weight.toFixed(2)}*${showInner(tree)}`;
}
