/**
 * Which room may import which, and the proof that imports go round in no circle.
 *
 *     bin, scripts        (plain JavaScript, before the build)
 *     control  ---------> workers/os/index.ts, workers/messages.ts, types of workers
 *        |                   |
 *        v                   v
 *      core <------------- workers        core imports neither, and no module of Node's
 *
 * Tests, benchmarks and load tests may import anything; nothing imports them.
 */
import { posix } from 'node:path';
import type { Import, Source } from './sources.ts';

/** What a room may import. */
interface Border {
  /** Its directory, with a slash at the end. The first border whose directory holds a file is that file's. */
  readonly room: string;
  /** Modules of Node's, '*' for all. */
  readonly node: readonly string[];
  /** Packages, '*' for all except koffi. */
  readonly packages: readonly string[];
  /** Files and directories whose values it may import, besides itself. */
  readonly rooms: readonly string[];
  /** Directories of which it may import types alone. */
  readonly types: readonly string[];
}

const BORDERS: readonly Border[] = [
  { room: 'core/', node: [], packages: ['zod'], rooms: [], types: [] },
  {
    room: 'workers/os/',
    node: ['node:module', 'node:os', 'node:worker_threads'],
    packages: ['koffi'],
    rooms: ['core/'],
    types: [],
  },
  {
    room: 'workers/',
    node: ['node:perf_hooks', 'node:worker_threads'],
    packages: ['ringbuf.js'],
    rooms: ['core/'],
    types: [],
  },
  {
    room: 'control/',
    node: ['*'],
    packages: ['*'],
    rooms: ['core/', 'workers/os/index.ts', 'workers/messages.ts'],
    types: ['workers/'],
  },
  { room: 'examples/', node: ['*'], packages: [], rooms: [], types: [] },
];

/** Sources that prove or measure others. */
const PROVING = /^(?:bench|loadtest|test)\/|\.test\./;

/** Words that have no meaning in a worker's blocking loop, which never returns to Node's event loop. */
const FOREIGN_TO_WORKERS: ReadonlySet<string> = new Set([
  'Promise',
  'async',
  'await',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
]);

/**
 * What crosses a border that it may not.
 *
 * @returns one `path:line: what is wrong` each
 */
export function findCrossings(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => !PROVING.test(path))
    .flatMap((source) => {
      const border = BORDERS.find(({ room }) => source.path.startsWith(room));
      if (border === undefined) return [];
      const refused = source.imports.filter((entry) => !isAllowed(border, source.path, entry));
      const found = refused.map(({ line, specifier }) => `${source.path}:${line}: ${border.room} imports ${specifier}`);
      if (border.room.startsWith('workers/')) found.push(...findForeignWords(source));
      return found;
    });
}

function isAllowed(border: Border, path: string, { specifier, typeOnly }: Import): boolean {
  if (specifier.startsWith('node:')) return permits(border.node, specifier);
  if (!specifier.startsWith('.')) return permits(border.packages, specifier) && permitsKoffi(border, specifier);
  const target = resolve(path, specifier);
  if (PROVING.test(target)) return false;
  const open = [border.room, ...border.rooms, ...(typeOnly ? border.types : [])];
  return open.some((place) => (place.endsWith('/') ? target.startsWith(place) : target === place));
}

function permits(list: readonly string[], name: string): boolean {
  return list.includes('*') || list.includes(name);
}

function permitsKoffi(border: Border, name: string): boolean {
  return name !== 'koffi' || border.packages.includes('koffi');
}

function resolve(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier);
}

function findForeignWords({ path, words }: Source): string[] {
  return words
    .filter(({ text }) => FOREIGN_TO_WORKERS.has(text))
    .map(({ text, line }) => `${path}:${line}: ${text} in a worker, which has no event loop`);
}

/**
 * Circles among imports of values (those of types are gone when the program runs).
 *
 * @returns each circle found, as `a.ts -> b.ts -> a.ts`; empty exactly when there is none
 */
export function findCycles(sources: readonly Source[]): string[] {
  const targets = new Map(
    sources.map(({ path, imports }) => {
      const local = imports.filter(({ specifier, typeOnly }) => specifier.startsWith('.') && !typeOnly);
      return [path, local.map(({ specifier }) => resolve(path, specifier))] as const;
    }),
  );
  const cycles: string[] = [];
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' -> '));
    if (start >= 0 || finished.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return cycles;
}
