/** The text of a configuration with its name: turns positions into lines and columns, and quotes lines. */
import type { Problem } from '../../core/config/reading.ts';

/** Longest piece of a source line that is quoted, in characters. */
const QUOTED_MAX = 120;

/** Without what could command a terminal; tabs stay, so that a caret stands below its character. */
function printable(text: string): string {
  return text.replace(/[^\P{C}\t]/gu, '?');
}

/** A configuration text. */
export class Source {
  readonly name: string;
  readonly text: string;
  readonly #lineStarts: readonly number[];

  /** @param name what to call the text in messages, such as its file's path */
  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
    const starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
  }

  /** Line and column of an offset, both from 1; columns count UTF-16 code units. */
  locate(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.#lineStarts[low]! + 1 };
  }

  /**
   * `<name>:<line>:<column>: <path>: <what>. <remedy>`, then the source line, then a caret below the bad value:
   *
   *     linkerd.yaml:4:11: routers[0].servers[0].port: 70000 outside valid range for ports. Write a whole number …
   *       - port: 70000
   *               ^
   */
  render(problem: Problem): string {
    const { line, column } = this.placeOf(problem);
    const place = `${this.name}:${line}:${column}: ${problem.path === '' ? '' : `${problem.path}: `}`;
    const stop = problem.remedy === '' || /[.?!]$/.test(problem.what) ? '' : '.';
    const message = printable(`${place}${problem.what}${stop} ${problem.remedy}`.trimEnd());
    return `${message}\n${this.#quote(line, column)}`;
  }

  /** Line and column of a problem. */
  placeOf({ at, inside }: Problem): { line: number; column: number } {
    return this.locate(inside === undefined ? at.start : this.#offsetInside(inside));
  }

  #quote(line: number, column: number): string {
    const start = this.#lineStarts[line - 1]!;
    const end = this.#lineStarts[line] ?? this.text.length + 1;
    const whole = this.text.slice(start, end - 1).trimEnd();
    const from = Math.max(0, column - QUOTED_MAX / 2);
    const quoted = printable(whole.slice(from, from + QUOTED_MAX));
    const indent = quoted
      .slice(0, column - 1 - from)
      .replace(/[^\t]/g, ' ')
      .padEnd(column - 1 - from);
    return `  ${quoted}\n  ${indent}^`;
  }

  /**
   * The offset of character `index` of a scalar's text. YAML's styles move whitespace only (indentation, folded lines),
   * so what is not whitespace is matched one by one; a text with escapes has its beginning named instead.
   *
   *     dtab: |            text    "/a=>/b;\n/c=/d\n", index 11
   *       /a=>/b;
   *       /c=/d            source  the twelfth character: whitespace skipped on both sides
   *          ^
   */
  #offsetInside({ scalar, index }: NonNullable<Problem['inside']>): number {
    let offset = scalar.textStart;
    for (let i = 0; i < index; i++) {
      if (/\s/.test(scalar.text.charAt(i))) continue;
      offset = this.#skipSpace(offset);
      if (this.text[offset] !== scalar.text[i]) return scalar.start;
      offset++;
    }
    return /^\S/.test(scalar.text.slice(index, index + 1)) ? this.#skipSpace(offset) : offset;
  }

  #skipSpace(offset: number): number {
    let at = offset;
    while (/^\s/.test(this.text.charAt(at))) at++;
    return at;
  }
}
