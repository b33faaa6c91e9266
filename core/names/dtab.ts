/**
 * A delegation table: the rules that rewrite names. It is ordered, and later dentries are preferred.
 *
 *     /svc => /host ;          dentry 0     /svc/users  ->  /#/io.l5d.fs/users | /host/users
 *     /svc => /#/io.l5d.fs     dentry 1                     (the last match first, spec 01 section 2.2)
 */
import { alt, mapLeaves, type NameTree, NEG, sameTree } from './name-tree.ts';
import { scanTree, showTree } from './name-tree-text.ts';
import { type Path, showSegment } from './path.ts';
import { Scanner } from './scanner.ts';

/** The prefix element `*`, which matches any one segment. */
export const ANY = null;

/** The form of a dentry in JSON: both sides as text. */
export interface DentryJson {
  readonly prefix: string;
  readonly dst: string;
}

/** One rule of a dtab. Immutable. */
export class Dentry {
  /** Byte strings, or {@link ANY}. */
  readonly prefix: readonly (string | typeof ANY)[];
  readonly dst: NameTree<Path>;

  constructor(prefix: readonly (string | typeof ANY)[], dst: NameTree<Path>) {
    this.prefix = prefix;
    this.dst = dst;
  }

  /** Reads a dentry, `prefix => tree`. @throws NameParseError */
  static read(text: string): Dentry {
    const scanner = new Scanner(text);
    const dentry = Dentry.scan(scanner);
    scanner.end();
    return dentry;
  }

  /** Reads a dentry at a scanner's position. @throws NameParseError */
  static scan(scanner: Scanner): Dentry {
    const prefix = scanPrefix(scanner);
    scanner.skipSpace();
    scanner.eat('=');
    scanner.eat('>');
    return new Dentry(prefix, scanTree(scanner));
  }

  /** The text of the prefix. */
  showPrefix(): string {
    return `/${this.prefix.map((element) => (element === ANY ? '*' : showSegment(element))).join('/')}`;
  }

  show(): string {
    return `${this.showPrefix()}=>${showTree(this.dst)}`;
  }

  toJSON(): DentryJson {
    return { prefix: this.showPrefix(), dst: showTree(this.dst) };
  }

  matches(path: Path): boolean {
    return (
      this.prefix.length <= path.size &&
      this.prefix.every((element, i) => element === ANY || element === path.segments[i])
    );
  }

  /** What the dentry makes of a path that it matches: its tree, with the rest of the path at every leaf. */
  rewrite(path: Path): NameTree<Path> {
    const rest = path.drop(this.prefix.length);
    return mapLeaves(this.dst, (prefix) => prefix.concat(rest));
  }

  equals(other: Dentry): boolean {
    return (
      this.prefix.length === other.prefix.length &&
      this.prefix.every((element, i) => element === other.prefix[i]) &&
      sameTree(this.dst, other.dst, (a, b) => a.equals(b))
    );
  }
}

/** An ordered list of dentries. Immutable. */
export class Dtab {
  static readonly empty = new Dtab([]);

  readonly dentries: readonly Dentry[];

  constructor(dentries: readonly Dentry[]) {
    this.dentries = dentries;
  }

  /** Reads a dtab (spec 01 section 2.1). @throws NameParseError */
  static read(text: string): Dtab {
    const scanner = new Scanner(text);
    const dentries: Dentry[] = [];
    do {
      scanner.skipSpace();
      if (scanner.atEnd()) break;
      dentries.push(Dentry.scan(scanner));
    } while (scanner.maybeEat(';'));
    scanner.end();
    return new Dtab(dentries);
  }

  show(): string {
    return this.dentries.map((dentry) => dentry.show()).join(';');
  }

  toJSON(): DentryJson[] {
    return this.dentries.map((dentry) => dentry.toJSON());
  }

  /** The dentries that match a path, the preferred (last) one first. */
  matching(path: Path): Dentry[] {
    return this.dentries.filter((dentry) => dentry.matches(path)).reverse();
  }

  /** What the dtab makes of a path: Neg if nothing matches, an Alt if several dentries do (spec 01 section 2.2). */
  lookup(path: Path): NameTree<Path> {
    const trees = this.matching(path).map((dentry) => dentry.rewrite(path));
    return trees.length < 2 ? (trees[0] ?? NEG) : alt(...trees);
  }

  /** This dtab followed by another, whose dentries are preferred. */
  concat(other: Dtab): Dtab {
    // Most requests bring none along: ten thousand names then share one base dtab, and not ten thousand copies.
    if (other.dentries.length === 0) return this;
    return new Dtab([...this.dentries, ...other.dentries]);
  }

  /** This dtab without the leading dentries that it shares with another. */
  stripPrefix(other: Dtab): Dtab {
    const differing = this.dentries.findIndex((dentry, i) => {
      const counterpart = other.dentries[i];
      return counterpart === undefined || !dentry.equals(counterpart);
    });
    return new Dtab(differing < 0 ? [] : this.dentries.slice(differing));
  }
}

function scanPrefix(scanner: Scanner): (string | typeof ANY)[] {
  scanner.skipSpace();
  scanner.eat('/');
  const prefix: (string | typeof ANY)[] = [];
  if (scanner.peek() !== '*' && !scanner.atLabel()) return prefix;
  do prefix.push(scanner.maybeEat('*') ? ANY : scanner.label());
  while (scanner.maybeEat('/'));
  return prefix;
}
