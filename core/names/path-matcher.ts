/**
 * The path expressions of static `client` and `service` configurations and of the rewriting namer; they are not
 * dtab prefixes (spec 01 section 7).
 *
 *     expression  /foo/{A}/*\/{B}      path  /foo/boo/bar/bas/more      captures  A=boo B=bas
 *
 * Linkerd makes regular expressions of elements with variables, `(.*)` for each. What they match is found here without:
 * the names that are matched are clients' to choose, and backtracking over a long one takes as long as they like.
 */
import { type Path, showSegment } from './path.ts';

/** `{name}`. The range from `:` to `_` is Linkerd's: upper-case letters and `_` come with some punctuation. */
const VARIABLE = /\{([a-zA-Z0-9.:-_]+)\}/g;

type Element = '*' | { readonly literal: string } | Captures;

/** `a{x}b{y}c`: literals `a`, `b`, `c` with the names `x`, `y` between them. */
interface Captures {
  readonly literals: readonly string[];
  readonly names: readonly string[];
}

/** Matches the beginning of paths against an expression, and captures parts of them. */
export class PathMatcher {
  readonly #elements: readonly Element[];

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
      if (!capture(segment, element, captured)) return undefined;
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
  return { literals: parts.filter((_, i) => i % 2 === 0), names: parts.filter((_, i) => i % 2 === 1) };
}

/**
 * Captures as `(.*)` does, anywhere in a segment: the first literal as far left as it is found, all others as far right,
 * which makes each variable as long as the ones before it allow.
 *
 * @returns false when the segment has not all literals in their order
 */
function capture(segment: string, { literals, names }: Captures, captured: Map<string, string>): boolean {
  const ends: number[] = [];
  let end = segment.length;
  for (let i = names.length; i > 0; i--) {
    const literal = literals[i] as string;
    const at = end < literal.length ? -1 : segment.lastIndexOf(literal, end - literal.length);
    if (at < 0) return false;
    ends[i - 1] = at;
    end = at;
  }
  const first = literals[0] as string;
  const found = segment.indexOf(first);
  let start = found + first.length;
  if (found < 0 || start > end) return false;
  names.forEach((name, i) => {
    const valueEnd = ends[i] as number;
    captured.set(name, segment.slice(start, valueEnd));
    start = valueEnd + (literals[i + 1] as string).length;
  });
  return true;
}
