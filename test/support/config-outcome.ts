/** What becomes of a configuration: it loads, or what of it Weft does not support yet, and what is wrong with it. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '../../control/config/load.ts';

/** How each refusal of something of Linkerd's ends. */
export const NOT_YET = "is Linkerd's, and Weft does not support it yet; see docs/compatibility.md";

/** A directory for relative paths, with a `disco` in it. */
export function configDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'weft-config-'));
  mkdirSync(join(directory, 'disco'));
  return directory;
}

/** What a configuration is refused for; nothing when it loads. */
export interface Outcome {
  /** Key paths of what Weft does not support yet, in the order of the text. */
  readonly refused: readonly string[];
  /** What Linkerd refuses too, in words: `<key path>: <what>. <remedy>`. */
  readonly wrong: readonly string[];
}

/** Loads a configuration. */
export function outcomeOf(text: string, baseDir: string): Outcome {
  try {
    loadConfig(text, 'linkerd.yaml', { baseDir });
    return { refused: [], wrong: [] };
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    const isRefusal = ({ what }: { readonly what: string }) => what.includes(NOT_YET);
    return {
      refused: error.problems.filter(isRefusal).map(({ path }) => path),
      wrong: error.problems.filter((each) => !isRefusal(each)).map(({ path, what }) => `${path}: ${what}`),
    };
  }
}

/** @param refused what is expected to be refused: whoever builds one of these takes it out of the list */
export function assertRefused(actual: Outcome, refused: readonly string[], where: string): void {
  const built = refused.filter((path) => !actual.refused.includes(path));
  assert.deepEqual(built, [], `${where}: no longer refused. Built? Then take it out of what is expected to be refused`);
  const more = actual.refused.filter((path) => !refused.includes(path));
  assert.deepEqual(more, [], `${where}: refused, and was not expected to be`);
}
