/** The programs that measure and are measured against, and the Debian packages that hold them. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { BenchError } from './bench-error.ts';

/** Debian package by program. */
const PACKAGES = {
  h2load: 'nghttp2-client',
  haproxy: 'haproxy',
  nghttpx: 'nghttp2-proxy',
  nginx: 'nginx-light',
  stdbuf: 'coreutils',
  taskset: 'util-linux',
  wrk: 'wrk',
} as const;

/** A program that some measurement needs. */
export type Tool = keyof typeof PACKAGES;

const { PATH = '' } = process.env;
/** Daemons live where an ordinary user's PATH does not look. */
const DIRECTORIES = [...PATH.split(':'), '/usr/sbin', '/usr/local/sbin', '/sbin'];

/** @returns the path of a program, undefined when it is not installed */
export function findProgram(name: string): string | undefined {
  return DIRECTORIES.filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @throws BenchError that names the packages of those that are missing */
export function requireTools(tools: readonly Tool[]): void {
  const missing = tools.filter((tool) => findProgram(tool) === undefined);
  if (missing.length === 0) return;
  const packages = missing.map((tool) => PACKAGES[tool]);
  throw new BenchError(
    `This measurement needs ${missing.join(', ')}. On Debian: apt-get install ${packages.join(' ')}\n` +
      'They are needed for measuring alone; Weft runs without them.',
  );
}

/** The path of a tool that {@link requireTools} has found. */
export function toolPath(tool: Tool): string {
  return findProgram(tool) ?? tool;
}
