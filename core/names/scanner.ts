/**
 * Reads the text of names: the position, the whitespace and the errors that paths, name trees and dtabs share.
 *
 * A `#` opens a comment only where whitespace may be skipped; after a `/` it is a label character, which is what
 * keeps `/#/io.l5d.fs` a path.
 *
 *     text    / f o o ^ b a r
 *                     ^ offset     ->   label char expected but '^' found at '/foo[^]bar'
 */

/** Text that is not a name, in the words of Finagle's parser (spec 01 section 1.4): `l5d-err` and the admin pages show them. */
export class NameParseError extends Error {
  override readonly name = 'NameParseError';
  readonly code = 'ERR_NAME_PARSE';
  /** Index of the offending character in the text; the text's length when the end came too early. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const LABEL_CHARS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_:.#$%-';
const isLabelCode = new Uint8Array(0x10000);
for (const char of LABEL_CHARS) isLabelCode[char.charCodeAt(0)] = 1;

/** Whether every character of a segment may stand in a path's text as it is. */
export function isPlainLabel(segment: string): boolean {
  for (let i = 0; i < segment.length; i++) if (isLabelCode[segment.charCodeAt(i)] !== 1) return false;
  return true;
}

/** A position in a text, moved forward by what it reads. */
export class Scanner {
  readonly text: string;
  offset = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The character at the position, `''` at the end. */
  peek(): string {
    return this.text.charAt(this.offset);
  }

  atEnd(): boolean {
    return this.offset >= this.text.length;
  }

  /** Steps over `char` if it is next. */
  maybeEat(char: string): boolean {
    if (this.peek() !== char) return false;
    this.offset++;
    return true;
  }

  /** Steps over `char`. @throws NameParseError if something else is next */
  eat(char: string): void {
    if (!this.maybeEat(char)) this.refuse(`'${char}'`);
  }

  /** Steps over whitespace and comments. */
  skipSpace(): void {
    for (;;) {
      const char = this.peek();
      if (char === '#') {
        const newline = this.text.indexOf('\n', this.offset);
        this.offset = newline < 0 ? this.text.length : newline + 1;
      } else if (char !== '' && /\s/.test(char)) this.offset++;
      else return;
    }
  }

  /** Requires that only whitespace is left. */
  end(): void {
    this.skipSpace();
    if (!this.atEnd()) this.refuse('end of input');
  }

  /** Whether a label can begin here. */
  atLabel(): boolean {
    return this.peek() === '\\' || isLabelCode[this.text.charCodeAt(this.offset)] === 1;
  }

  /** Reads one label, escapes undone: a string with one character per byte. */
  label(): string {
    let segment = '';
    do {
      const start = this.offset;
      while (isLabelCode[this.text.charCodeAt(this.offset)] === 1) this.offset++;
      segment += this.text.slice(start, this.offset);
      if (this.offset > start) continue;
      if (!this.maybeEat('\\')) this.refuse('label char');
      this.eat('x');
      segment += String.fromCharCode(Number.parseInt(this.#hexChar() + this.#hexChar(), 16));
    } while (this.atLabel());
    return segment;
  }

  /** Raises the error that `expected` is not what stands here. `expected` is quoted by the caller if it is a character. */
  refuse(expected: string): never {
    const { text, offset } = this;
    const char = this.peek();
    const found = char === '' ? 'end of input' : `'${char}'`;
    const shown = `${text.slice(0, offset)}[${char}]${text.slice(offset + 1)}`;
    throw new NameParseError(`${expected} expected but ${found} found at '${shown}'`, offset);
  }

  #hexChar(): string {
    const char = this.peek();
    if (!/^[0-9A-Fa-f]$/.test(char)) this.refuse('hex char');
    this.offset++;
    return char;
  }
}
