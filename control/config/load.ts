/**
 * Reads a linkerd.yaml: text to typed configuration, or one error that names everything to be put right.
 *
 *     text ──document.ts──> nodes with positions ──core/config──> LinkerConfig
 *                  └─ problems ─┴─────────────────────┘ ──> ConfigError
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { linker } from '../../core/config/linker.ts';
import { toJson } from '../../core/config/node.ts';
import type { Problem } from '../../core/config/reading.ts';
import type { LinkerConfig } from '../../core/config/types.ts';
import { LIMITS } from '../../core/limits.ts';
import { ConfigError } from './config-error.ts';
import { type DocumentLimits, parseDocument } from './document.ts';
import { Source } from './source.ts';

export { ConfigError } from './config-error.ts';

/** What {@link loadConfig} may be told. */
export interface LoadOptions {
  /** What relative directories in the configuration are relative to; the working directory, as in Linkerd, unless given. */
  readonly baseDir?: string;
  /** The bounds in force; their defaults unless given. */
  readonly limits?: DocumentLimits;
}

const DEFAULT_LIMITS: DocumentLimits = {
  configCharsMax: LIMITS.configCharsMax.defaultValue,
  configDepthMax: LIMITS.configDepthMax.defaultValue,
  configNodesMax: LIMITS.configNodesMax.defaultValue,
};

/**
 * Reads and checks a configuration (spec 02).
 *
 * @param text YAML, or JSON if it begins with `{`
 * @param source its name in messages, such as the file's path
 * @throws ConfigError with every problem, at most 20 of them shown
 */
export function loadConfig(text: string, source: string, options: LoadOptions = {}): LinkerConfig {
  const { baseDir = process.cwd(), limits = DEFAULT_LIMITS } = options;
  const origin = new Source(source, text);
  const problems: Problem[] = [];
  const report = (problem: Problem) => void problems.push(problem);
  const directory = (path: string) => existingDirectory(resolve(baseDir, path));
  const root = parseDocument(origin, limits, report);
  const config = root && linker.read(root, '', { report, directory });
  if (root === undefined || config === undefined || problems.length > 0) throw new ConfigError(origin, problems);
  return { ...config, raw: toJson(root) };
}

function existingDirectory(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? path : undefined;
  } catch {
    return undefined;
  }
}
