/** The error of a configuration that cannot be used: it says everything that is wrong, in the order of the text. */
import type { Problem } from '../../core/config/reading.ts';
import type { Source } from './source.ts';

/** Problems that are shown; the rest is counted. */
const SHOWN_MAX = 20;

/** A configuration is refused. `message` is for the person who wrote it, see {@link Source.render}. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'ERR_CONFIG';
  /** All problems, sorted by their place. */
  readonly problems: readonly Problem[];

  constructor(source: Source, problems: readonly Problem[]) {
    const sorted = [...problems].sort((a, b) => a.at.start - b.at.start);
    const shown = sorted.slice(0, SHOWN_MAX).map((problem) => source.render(problem));
    const hidden = sorted.length - shown.length;
    if (hidden > 0) shown.push(`${source.name}: and ${hidden} more`);
    super(shown.join('\n'));
    this.problems = sorted;
  }
}
