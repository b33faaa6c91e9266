/**
 * The namer `io.l5d.rewrite`: names that are taken apart and put together in another order (spec 04 section 1.12).
 *
 *     pattern /{service}/api, name /ns/{service}        /#/rw/users/api/x  -->  /ns/users
 *
 * The new name is looked up through the dtab again; what follows the pattern is not appended to it.
 */
import { type Activity, failed, ok } from './activity.ts';
import type { Name, Namer } from './bound.ts';
import { Live } from './live.ts';
import { leaf, type NameTree, NEG } from './name-tree.ts';
import { Path } from './path.ts';
import { PathMatcher, substitute } from './path-matcher.ts';
import { NameParseError } from './scanner.ts';

/** Rewrites names by a pattern. */
export class RewritingNamer implements Namer {
  readonly prefix: Path;
  readonly #pattern: PathMatcher;
  readonly #name: string;

  /**
   * @param prefix as configured: names begin with `/#` and this
   * @param pattern matched against the beginning of what follows the prefix
   * @param name a path's text with `{variable}`s of the pattern
   */
  constructor(prefix: Path, pattern: string, name: string) {
    this.prefix = Path.of('#').concat(prefix);
    this.#pattern = new PathMatcher(pattern);
    this.#name = name;
  }

  lookup(rest: Path): Activity<NameTree<Name>> {
    const captured = this.#pattern.extract(rest);
    if (captured === undefined) return Live.of(ok(NEG));
    try {
      return Live.of(ok(leaf(Path.read(substitute(captured, this.#name)))));
    } catch (error) {
      // What a client's name puts into a variable may be no segment: nothing at all, or half of an escape.
      if (!(error instanceof NameParseError)) throw error;
      return Live.of(failed(error.message));
    }
  }
}
