/**
 * The namer `io.l5d.fs`: names are files in a directory, addresses their lines (spec 04 section 1.1).
 *
 *     /#/io.l5d.fs/dir/web/residual      rootDir/dir/web:   10.0.0.1 8080
 *                  `id----'                                 web.example 8080 * 0.5   # a comment
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Activity, ok, type State } from '../../core/names/activity.ts';
import { type Addr, type Address, type Bound, type Namer, sameAddr } from '../../core/names/bound.ts';
import { Live, SharedLives } from '../../core/names/live.ts';
import { leaf, type NameTree, NEG } from '../../core/names/name-tree.ts';
import { Path } from '../../core/names/path.ts';
import type { Dns } from './dns.ts';
import type { Endpoint } from './fs-addresses.ts';
import { fileEndpoints } from './fs-file.ts';
import { DirectoryPulses } from './fs-pulses.ts';
import { type After, afterMs } from './timer.ts';

const POLL_MS = 1000;
/** Among 10,000 names, what nothing tells of is found within 40 seconds; a poll of them takes some milliseconds, and not 150. */
const ROUND_NAMES = 256;
/** Long enough for a writer between its truncate and its write, too short for anybody to notice. */
const SETTLE_MS = 25;
/** A writer may be held up that long between truncating a file and filling it: on a busy machine 25 ms were not enough. */
const DOUBT_MS = 250;

/** Settings of an {@link FsNamer}. */
export interface FsNamerOptions {
  /** The configured prefix, such as `/io.l5d.fs`: names begin with `/#` and this. */
  readonly prefix: Path;
  readonly rootDir: string;
  readonly dns: Dns;
  /** LIMITS.fsFileBytesMax. */
  readonly fileBytesMax: number;
  /** Told each time that a file was found larger than that. */
  readonly onTooLarge: () => void;
  /** Told of files that are malformed, too large or unreadable; their last good content keeps serving. */
  readonly onProblem: (path: string, message: string) => void;
  readonly after?: After;
}

/** Names from a directory tree. Watches are open for what is observed, and for nothing else. */
export class FsNamer implements Namer {
  readonly prefix: Path;
  readonly #rootDir: string;
  readonly #dns: Dns;
  readonly #pulses: DirectoryPulses;
  readonly #addrs: SharedLives<Addr>;

  constructor(options: FsNamerOptions) {
    const after = options.after ?? afterMs;
    this.prefix = Path.of('#').concat(options.prefix);
    this.#rootDir = options.rootDir;
    this.#dns = options.dns;
    this.#pulses = new DirectoryPulses({ after, pollMs: POLL_MS, settleMs: SETTLE_MS, roundNames: ROUND_NAMES });
    const reading = { ...options, after, pulses: this.#pulses, doubtMs: DOUBT_MS };
    this.#addrs = new SharedLives((file) =>
      fileEndpoints(file, reading).flatMap((state) => this.#resolve(state), sameAddr),
    );
  }

  /** Directories watched now. */
  get watching(): number {
    return this.#pulses.active;
  }

  lookup(rest: Path): Activity<NameTree<Bound>> {
    return this.#lookupIn(this.#rootDir, this.prefix, rest);
  }

  /** One name for each entry at the top. Names in `..` are Kubernetes' own, of the way it mounts a ConfigMap. */
  names(): readonly Path[] {
    const entries = existsSync(this.#rootDir) ? readdirSync(this.#rootDir) : [];
    const shown = entries.filter((name) => !name.startsWith('..')).sort();
    return shown.map((name) => this.prefix.concat(Path.utf8(name)));
  }

  #lookupIn(directory: string, prefix: Path, rest: Path): Activity<NameTree<Bound>> {
    const name = fileName(rest.segments[0]);
    if (name === undefined) return Live.of(ok(NEG));
    const file = join(directory, name);
    const id = prefix.concat(rest.take(1));
    const residual = rest.drop(1);
    const kind = this.#pulses.of(directory, name).map(() => kindOf(file));
    return kind.flatMap((kind): Activity<NameTree<Bound>> => {
      if (kind === 'directory') return this.#lookupIn(file, id, residual);
      if (kind === 'file') return Live.of(ok(leaf({ id, residual, addr: this.#addrs.get(file) })));
      return Live.of(ok(NEG));
    });
  }

  #resolve(state: State<readonly Endpoint[] | undefined>): Live<Addr> {
    if (state.state === 'failed') return Live.of<Addr>({ state: 'failed', cause: state.message });
    if (state.state === 'pending') return Live.of<Addr>(state);
    const endpoints = state.value;
    if (endpoints === undefined) return Live.of<Addr>({ state: 'neg' });
    const answers = Live.join(endpoints.map(({ host }) => this.#dns.ips(host)));
    return answers.map((ips) => addrOf(endpoints, ips), sameAddr);
  }
}

/** The addresses known so far; while none is, the reason why. */
function addrOf(endpoints: readonly Endpoint[], answers: readonly State<readonly string[]>[]): Addr {
  const addresses = new Map<string, Address>();
  for (const [i, { port, weight }] of endpoints.entries()) {
    const answer = answers[i]!;
    if (answer.state !== 'ok') continue;
    for (const ip of answer.value) addresses.set(`${ip} ${port}`, { ip, port, weight });
  }
  if (addresses.size > 0 || endpoints.length === 0) return { state: 'bound', addresses: [...addresses.values()] };
  if (answers.some(({ state }) => state === 'pending')) return { state: 'pending' };
  const failure = answers.find((answer) => answer.state === 'failed');
  return failure === undefined ? { state: 'neg' } : { state: 'failed', cause: failure.message };
}

/** The file name that a segment stands for, unless it would lead elsewhere: names come from clients. */
function fileName(segment: string | undefined): string | undefined {
  if (segment === undefined || segment === '.' || segment === '..' || /[/\0]/.test(segment)) return undefined;
  const name = Buffer.from(segment, 'latin1').toString('utf8');
  return Buffer.from(name, 'utf8').toString('latin1') === segment ? name : undefined;
}

function kindOf(file: string): 'file' | 'directory' | 'absent' {
  try {
    const stats = statSync(file);
    if (stats.isFile()) return 'file';
    return stats.isDirectory() ? 'directory' : 'absent';
  } catch {
    return 'absent';
  }
}
