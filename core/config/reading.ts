/**
 * What a schema needs while it reads a document, and what it hands back besides values: the problems. Reading never
 * stops at the first problem, so that a person repairs a file in one round.
 */
import type { ScalarNode, Span } from './node.ts';

/** One thing wrong with a configuration. */
export interface Problem {
  /** The offending value or key. */
  readonly at: Span;
  /** For a problem inside a scalar: the index of the offending character in the scalar's text. */
  readonly inside?: { readonly scalar: ScalarNode; readonly index: number };
  /** Where in the document, such as `routers[0].servers[1].port`; empty for the document itself. */
  readonly path: string;
  /** What is wrong, with the bad value; no full stop at the end. */
  readonly what: string;
  /** What to do about it: whole sentences; empty when `what` says it all. */
  readonly remedy: string;
}

/** The surroundings of one reading, injected because core/ does no I/O. */
export interface Reading {
  report(problem: Problem): void;
  /** The absolute form of a directory's path, or undefined when there is no such directory. */
  directory(path: string): string | undefined;
}

/** For reading what is known to be right, or whose problems are reported elsewhere. */
export const SILENT: Reading = { report: () => {}, directory: () => undefined };
