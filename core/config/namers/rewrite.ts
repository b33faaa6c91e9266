/** The namer that makes names of names (spec 02 section 9, spec 04 section 1.12). */
import { Path } from '../../names/path.ts';
import { PathMatcher, substitute } from '../../names/path-matcher.ts';
import { NameParseError } from '../../names/scanner.ts';
import { kind } from '../kinds.ts';
import { child } from '../node.ts';
import { matcher, path, text } from '../scalars.ts';
import { checked, required } from '../schema.ts';
import { transformers } from '../transformers/registry.ts';

const rewriting = kind('io.l5d.rewrite', {
  /** The namer answers for `/#/<prefix>`. */
  prefix: required(path, "The 'prefix' property is required for the io.l5d.rewrite namer"),
  /** A path expression with variables. */
  pattern: required(matcher),
  /** What a name that matches becomes: a path's text with the pattern's variables. */
  name: required(text),
  transformers,
});

/** `io.l5d.rewrite`. A name that no lookup could make a path of is refused at once; Linkerd would fail each lookup. */
export const rewrite = {
  ...rewriting,
  schema: checked(rewriting.schema, ({ pattern, name }, node, at, reading) => {
    if (pattern === undefined || name === undefined) return;
    const example = new Map(new PathMatcher(pattern).variables.map((variable) => [variable, 'x']));
    try {
      Path.read(substitute(example, name));
    } catch (error) {
      if (!(error instanceof NameParseError)) throw error;
      const known = [...example.keys()].map((variable) => `{${variable}}`).join(', ') || 'none';
      const remedy = `Write a path; variables that "pattern" captures: ${known}.`;
      reading.report({ at: child(node, 'name') ?? node, path: `${at}.name`, what: error.message, remedy });
    }
  }),
};
