/** The rules on size and words that every source obeys, after TigerBeetle's tidy test. */
import type { Source } from './sources.ts';

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

/** Text that no source contains. Each is written so that it does not match itself. */
const FORBIDDEN_TEXT: readonly (readonly [RegExp, string])[] = [
  [/\b(?:TO)DO\b|\b(?:FIX)ME\b/, 'a note of unfinished work: finish it, or refuse the case by name'],
  [/@ts-(?:ignore|nocheck|expect-error)\b/, 'a type error silenced'],
  [/biome-(?:ignore)\b/, 'a lint finding silenced'],
];

/**
 * What is untidy.
 *
 * @returns one `path:line: what is wrong` each
 */
export function findUntidy(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => [...untidySize(source), ...untidyText(source)]);
}

function untidySize({ path, text, functions }: Source): string[] {
  const found: string[] = [];
  const lines = text.replace(/\n$/, '').split('\n').length;
  if (lines > FILE_LINES_MAX) found.push(`${path}:1: ${lines} lines, at most ${FILE_LINES_MAX} are allowed`);
  for (const { name, line, lines: length } of functions) {
    if (length <= FUNCTION_LINES_MAX) continue;
    found.push(`${path}:${line}: ${name} has ${length} lines, at most ${FUNCTION_LINES_MAX} are allowed`);
  }
  return found;
}

function untidyText({ path, text, words }: Source): string[] {
  const found: string[] = [];
  if (!/^(?:\/\*|\/\/)/.test(text)) found.push(`${path}:1: no opening comment on why the file exists`);
  for (const { text: word, keyword, line } of words) {
    if (keyword && word === 'any') found.push(`${path}:${line}: any`);
  }
  text.split('\n').forEach((content, index) => {
    for (const [pattern, meaning] of FORBIDDEN_TEXT) {
      if (pattern.test(content)) found.push(`${path}:${index + 1}: ${meaning}`);
    }
  });
  return found;
}
