/**
 * The facts about the sources on which the house rules stand, read from the compiler's own syntax trees: what a file
 * imports, how long its functions are, which words it uses.
 *
 * The compiler's programming interface is marked unstable; package.json pins its version.
 */
import { relative } from 'node:path';
import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast';
import {
  isBlock,
  isCallExpression,
  isExportDeclaration,
  isIdentifier,
  isImportDeclaration,
  isStringLiteral,
  isVariableDeclaration,
} from 'typescript/unstable/ast/is';
import { API } from 'typescript/unstable/sync';

/** An import or re-export. */
export interface Import {
  /** As written: `./path.ts`, `node:fs`, `yaml`. */
  readonly specifier: string;
  /** Whether the compiler erases it. */
  readonly typeOnly: boolean;
  readonly line: number;
}

/** A function, method or accessor with a body. */
export interface FunctionFact {
  readonly name: string;
  readonly line: number;
  /** From its first line to its closing brace, without the comment above. */
  readonly lines: number;
}

/** A word of the code (never of a comment or a string). */
export interface Word {
  readonly text: string;
  /** Whether it is the language's and not a name that the program gives. */
  readonly keyword: boolean;
  readonly line: number;
}

/** One source file. */
export interface Source {
  /** Relative to the checkout, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionFact[];
  /** Names, and the keywords `any`, `async` and `await`. */
  readonly words: readonly Word[];
}

const FUNCTION_KINDS: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.Constructor,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
]);

const KEYWORDS: ReadonlyMap<SyntaxKind, string> = new Map([
  [SyntaxKind.AnyKeyword, 'any'],
  [SyntaxKind.AsyncKeyword, 'async'],
  [SyntaxKind.AwaitKeyword, 'await'],
  [SyntaxKind.AwaitExpression, 'await'],
]);

/** Callbacks of these hold tests, not statements: their length means nothing. */
const SUITES: ReadonlySet<string> = new Set(['describe', 'suite']);

/**
 * Reads all sources of some projects.
 *
 * @param root the directory that paths are made relative to
 * @param projects the projects' tsconfig files
 */
export function readSources(root: string, projects: readonly string[]): Source[] {
  const api = new API({ cwd: root });
  try {
    const snapshot = api.updateSnapshot({ openProjects: [...projects] });
    const byPath = new Map<string, Source>();
    for (const { program } of snapshot.getProjects()) {
      for (const name of program.getSourceFileNames()) {
        const path = relative(root, name).replaceAll('\\', '/');
        if (path.startsWith('..') || path.includes('node_modules/') || path.endsWith('.d.ts')) continue;
        const file = program.getSourceFile(name);
        if (file !== undefined) byPath.set(path, readSource(path, file));
      }
    }
    snapshot.dispose();
    return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  } finally {
    api.close();
  }
}

function readSource(path: string, file: SourceFile): Source {
  const imports: Import[] = [];
  const functions: FunctionFact[] = [];
  const words: Word[] = [];
  const lineAt = lineFinder(file.text);
  const visit = (node: Node): void => {
    const line = lineAt(node.getStart(file));
    const specifier = importedSpecifier(node);
    if (specifier !== undefined) imports.push({ specifier, typeOnly: isTypeOnly(node, file), line });
    if (FUNCTION_KINDS.has(node.kind) && hasBlock(node) && !isSuite(node)) {
      functions.push({ name: nameOf(node), line, lines: lineAt(node.getEnd()) - line + 1 });
    }
    const keyword = KEYWORDS.get(node.kind);
    if (keyword !== undefined) words.push({ text: keyword, keyword: true, line });
    if (isIdentifier(node)) words.push({ text: node.text, keyword: false, line });
    node.forEachChild(visit);
  };
  visit(file);
  return { path, text: file.text, imports, functions, words };
}

/** @returns a function from an offset to its line, counted from 1 */
function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

function importedSpecifier(node: Node): string | undefined {
  if (isImportDeclaration(node) || isExportDeclaration(node)) {
    const { moduleSpecifier } = node;
    return moduleSpecifier !== undefined && isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined;
  }
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    return argument !== undefined && isStringLiteral(argument) ? argument.text : undefined;
  }
  return undefined;
}

/** With verbatimModuleSyntax the compiler erases `import type ...` and nothing else. */
function isTypeOnly(node: Node, file: SourceFile): boolean {
  return /^(?:import|export)\s+type\b/.test(node.getText(file));
}

function hasBlock(node: Node): boolean {
  let found = false;
  node.forEachChild((child) => {
    found ||= isBlock(child);
  });
  return found;
}

function isSuite(node: Node): boolean {
  const call = node.parent;
  return isCallExpression(call) && isIdentifier(call.expression) && SUITES.has(call.expression.text);
}

function nameOf(node: Node): string {
  const owner = isVariableDeclaration(node.parent) ? node.parent : node;
  let name: string | undefined;
  owner.forEachChild((child) => {
    if (name === undefined && isIdentifier(child)) name = child.text;
  });
  return name ?? '(anonymous)';
}
