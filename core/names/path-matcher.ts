/**
 * The path expressions of static `client` and `service` configurations and of the rewriting namer; they are not
 * dtab prefixes (spec 01 section 7).
 *
 *     expression  /foo/{A}/*\/{B}      path  /foo/boo/bar/bas/more      captures  A=boo B=bas
 */
import { type Path, showSegment } from './path.ts';

/** `{name}`. The range from `:` to `_` is Linkerd's: upper-case letters and `_` come with some punctuation. */
const VARIABLE = /\{([a-zA-Z0-9.:-_]+)\}/g;

type Element = '*' | { readonly literal: string } | { readonly names: readonly string[]; readonly pattern: RegExp };

/** Matches the beginning of paths against an expression, and captures parts of them. */
export class PathMatcher {
  readonly #elements: readonly Element[];

  /** @throws SyntaxError if an element with captures is no regular expression */
  constructor(expression: string) {
    const texts = expression.replace(/^\/+|\/+$/g, '').split('/');
    this.#elements = texts.length === 1 && texts[0] === '' ? [] : texts.map(parseElement);
  }

  /** The names of what it captures, in order. */
  get variables(): readonly string[] {
    return this.#elements.flatMap((element) => (element !== '*' && 'names' in element ? element.names : []));
  }

  /** What the expression captures of a path by name; undefined if the path does not match. */
  extract(path: Path): ReadonlyMap<string, string> | undefined {
    const captured = new Map<string, string>();
    if (path.size < this.#elements.length) return undefined;
    for (const [i, element] of this.#elements.entries()) {
      if (element === '*') continue;
      const segment = showSegment(path.segments[i]!);
      if ('literal' in element) {
        if (element.literal !== segment) return undefined;
        continue;
      }
      const match = element.pattern.exec(segment);
      if (match === null) return undefined;
      element.names.forEach((name, group) => {
        captured.set(name, match[group + 1] ?? '');
      });
    }
    return captured;
  }
}

/** Puts captured values in the place of their `{name}`; names that were not captured stay as they are. */
export function substitute(captured: ReadonlyMap<string, string>, pattern: string): string {
  return pattern.replace(VARIABLE, (variable, name: string) => captured.get(name) ?? variable);
}

function parseElement(text: string): Element {
  if (text === '*') return '*';
  // split() keeps what the group of its separator captured: literal, name, literal, name, ..., literal.
  const parts = text.split(VARIABLE);
  if (parts.length === 1) return { literal: text };
  const literals = parts.filter((_, i) => i % 2 === 0).map((literal) => literal.replaceAll('.', '\\.'));
  return { names: parts.filter((_, i) => i % 2 === 1), pattern: new RegExp(literals.join('(.*)')) };
}
