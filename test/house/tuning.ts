/** docs/tuning.md, made from the one list of bounds, so that the two cannot differ. */
import { LIMITS, type Limit } from '../../core/limits.ts';

const HEAD = `# Tuning

Every bound in Weft has a default, an environment variable that changes it and, where meeting it is an event, a counter
that tells. A value that is not a whole number in its range stops the start, with a message that names it.

This page is generated from \`core/limits.ts\` by \`npm run docs\`; a test compares the two.

| variable | default | range | counter | what it bounds |
|---|---:|---|---|---|
`;

/** The document's text. */
export function renderTuning(): string {
  return HEAD + Object.values(LIMITS).map(renderLimit).join('');
}

function renderLimit({ env, defaultValue, min, max, metric, doc }: Limit): string {
  const counter = metric === '' ? '' : `\`${metric}\``;
  return `| \`${env}\` | ${defaultValue} | ${min} to ${max} | ${counter} | ${doc.replaceAll('|', '\\|')} |\n`;
}
