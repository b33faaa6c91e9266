/**
 * A path: the name of anything in the mesh, before and after dtabs were applied to it.
 *
 * Segments are bytes, not characters: a host taken from a request may hold anything. They are held as strings with
 * one character (0 to 255) per byte, so that equality is `===` and no encoding is guessed.
 */
import { isPlainLabel, Scanner } from './scanner.ts';

/** A finite sequence of non-empty byte strings (spec 01 section 1). Immutable. */
export class Path {
  /** The path `/`. */
  static readonly empty = new Path([]);

  readonly segments: readonly string[];

  /** @param segments byte strings, already checked: {@link Path.of} checks them */
  private constructor(segments: readonly string[]) {
    this.segments = segments;
  }

  /**
   * The path of these byte strings.
   *
   * @throws RangeError if a segment is empty or holds a character above 255
   */
  static of(...segments: readonly string[]): Path {
    for (const segment of segments) {
      if (segment === '') throw new RangeError('a path segment is empty');
      if (!/^[\0-\xff]*$/.test(segment)) throw new RangeError(`a path segment is no byte string: ${segment}`);
    }
    return new Path(segments);
  }

  /** The path of these texts, each encoded as UTF-8. @throws RangeError if one is empty */
  static utf8(...texts: readonly string[]): Path {
    return Path.of(...texts.map((text) => Buffer.from(text, 'utf8').toString('latin1')));
  }

  /** Reads a path from its text (spec 01 section 1.2). @throws NameParseError */
  static read(text: string): Path {
    const scanner = new Scanner(text);
    const path = Path.scan(scanner);
    scanner.end();
    return path;
  }

  /** Reads a path at a scanner's position. @throws NameParseError */
  static scan(scanner: Scanner): Path {
    scanner.skipSpace();
    scanner.eat('/');
    if (!scanner.atLabel()) return Path.empty;
    const segments: string[] = [];
    do segments.push(scanner.label());
    while (scanner.maybeEat('/'));
    return new Path(segments);
  }

  get size(): number {
    return this.segments.length;
  }

  /** The text of the path, which {@link Path.read} reads back to an equal one. */
  show(): string {
    return `/${this.segments.map(showSegment).join('/')}`;
  }

  /** The first `count` segments. */
  take(count: number): Path {
    return new Path(this.segments.slice(0, count));
  }

  /** All but the first `count` segments. */
  drop(count: number): Path {
    return count === 0 ? this : new Path(this.segments.slice(count));
  }

  concat(suffix: Path): Path {
    return new Path([...this.segments, ...suffix.segments]);
  }

  startsWith(prefix: Path): boolean {
    return prefix.size <= this.size && prefix.segments.every((segment, i) => segment === this.segments[i]);
  }

  equals(other: Path): boolean {
    return this.size === other.size && this.startsWith(other);
  }
}

/** The text of one segment: raw if every byte is a label character, else every byte escaped (spec 01 section 1.3). */
export function showSegment(segment: string): string {
  if (isPlainLabel(segment)) return segment;
  let shown = '';
  for (let i = 0; i < segment.length; i++) shown += `\\x${segment.charCodeAt(i).toString(16).padStart(2, '0')}`;
  return shown;
}
