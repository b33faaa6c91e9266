/**
 * The error of a configuration that cannot be used: it says everything that is wrong, in the order of the text. What is wrong in
 * the same way at several places is said once:
 *
 *     linkerd.yaml:3:10: namers[0].kind: io.l5d.k8s is Linkerd's, and Weft does not support it yet; see …
 *       - {kind: io.l5d.k8s}
 *                ^
 *       and so at 4:9 (namers[1].kind), 7:9 (namers[2].kind)
 *     linkerd.yaml: 4 problems
 */
import type { Problem } from '../../core/config/reading.ts';
import type { Source } from './source.ts';

/** Different problems that are shown; the rest is counted. */
const SHOWN_MAX = 50;
/** Further places of one problem that are named. */
const PLACES_MAX = 20;

/** A configuration is refused. `message` is for the person who wrote it, see {@link Source.render}. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'ERR_CONFIG';
  /** All problems, sorted by their place. */
  readonly problems: readonly Problem[];

  constructor(source: Source, problems: readonly Problem[]) {
    const sorted = [...problems].sort((a, b) => a.at.start - b.at.start);
    const alike = groupAlike(sorted);
    const shown = alike.slice(0, SHOWN_MAX).map((group) => render(source, group));
    const hidden = alike.slice(SHOWN_MAX).reduce((sum, { length }) => sum + length, 0);
    if (hidden > 0) shown.push(`${source.name}: and ${hidden} more`);
    if (sorted.length > 1) shown.push(`${source.name}: ${sorted.length} problems`);
    super(shown.join('\n'));
    this.problems = sorted;
  }
}

function groupAlike(problems: readonly Problem[]): Problem[][] {
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) {
    const key = `${problem.what}\n${problem.remedy}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [problem]);
    else group.push(problem);
  }
  return [...groups.values()];
}

function render(source: Source, [first, ...others]: readonly Problem[]): string {
  const text = source.render(first as Problem);
  if (others.length === 0) return text;
  const places = others.slice(0, PLACES_MAX).map((problem) => {
    const { line, column } = source.placeOf(problem);
    return `${line}:${column} (${problem.path})`;
  });
  const more = others.length - places.length;
  if (more > 0) places.push(`${more} more places`);
  return `${text}\n  and so at ${places.join(', ')}`;
}
