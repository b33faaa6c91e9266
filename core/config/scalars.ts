/**
 * Leaf values and their coercions. Jackson, which reads Linkerd's files, takes `"4140"` for a whole number and 4140 for
 * a string; so these schemas look at a scalar's text first and at its YAML type only where the text does not decide.
 * Bounds follow Java's: an `int` is 32 bits wide.
 */
import { Dtab } from '../names/dtab.ts';
import { Path } from '../names/path.ts';
import { NameParseError } from '../names/scanner.ts';
import { canonicalIp } from './ip-literal.ts';
import { type ScalarNode, show } from './node.ts';
import type { Reading } from './reading.ts';
import { type Schema, wrongType } from './schema.ts';

/** The largest `int`; also Linkerd's "unlimited" in hostConnectionPool. */
export const INT_MAX = 2147483647;

/** Why a scalar is refused; `index` points into its text. */
export class Complaint {
  readonly what: string;
  readonly remedy: string;
  readonly index: number | undefined;

  constructor(what: string, remedy: string, index?: number) {
    this.what = what;
    this.remedy = remedy;
    this.index = index;
  }
}

/** A leaf. @param wanted what it is called in messages, with its article @param parse its value, or why it is none */
export function scalar<T>(wanted: string, parse: (node: ScalarNode, reading: Reading) => T | Complaint): Schema<T> {
  return {
    read(node, path, reading) {
      if (node.type !== 'scalar' || node.value === null) {
        return wrongType(node, path, wanted, 'Write one value.', reading);
      }
      const value = parse(node, reading);
      if (!(value instanceof Complaint)) return value;
      const { what, remedy, index } = value;
      reading.report({
        at: node,
        path,
        what,
        remedy,
        ...(index === undefined ? {} : { inside: { scalar: node, index } }),
      });
      return undefined;
    },
  };
}

/** The whole number a scalar stands for, or undefined. `4140`, `"4140"`, `0x102c` and `4140.0` all do. */
function wholeNumber(node: ScalarNode): number | undefined {
  if (typeof node.value === 'number') return Number.isInteger(node.value) ? node.value : undefined;
  const text = node.text.trim();
  return typeof node.value === 'string' && /^[-+]?\d+$/.test(text) ? Number(text) : undefined;
}

function ranged(wanted: string, min: number, max: number, outside: (n: number) => string): Schema<number> {
  const remedy = `Write a whole number from ${min} to ${max}.`;
  return scalar(wanted, (node) => {
    const n = wholeNumber(node);
    if (n === undefined) return new Complaint(`${show(node)} is not a whole number`, remedy);
    return n < min || n > max ? new Complaint(outside(n), remedy) : n;
  });
}

/** A whole number from `min` to `max`. */
export function int(min: number, max = INT_MAX): Schema<number> {
  return ranged('a whole number', min, max, (n) => `${n} is too ${n < min ? 'small' : 'large'}`);
}

/** A TCP port, 0–65535; the complaint's wording is Linkerd's. */
export const port: Schema<number> = ranged('a port number', 0, 65535, (n) => `${n} outside valid range for ports`);

/** The number a scalar stands for, or undefined. */
function decimal(node: ScalarNode): number | undefined {
  if (typeof node.value === 'number') return node.value;
  const text = node.text.trim();
  return /^[-+]?\d*\.?\d+$/.test(text) ? Number(text) : undefined;
}

/** A number between 0 and 1, both excluded. */
export const ratio: Schema<number> = scalar('a number', (node) => {
  const remedy = 'Write a number between 0 and 1, such as 0.5.';
  const value = decimal(node);
  if (value === undefined) return new Complaint(`${show(node)} is not a number`, remedy);
  return value > 0 && value < 1 ? value : new Complaint(`${show(node)} is not between 0 and 1`, remedy);
});

/** A number of a range, its ends included. */
export function numberBetween(min: number, max: number): Schema<number> {
  return scalar('a number', (node) => {
    const remedy = `Write a number from ${min} to ${max}, such as 0.2.`;
    const value = decimal(node);
    if (value === undefined) return new Complaint(`${show(node)} is not a number`, remedy);
    return value >= min && value <= max ? value : new Complaint(`${show(node)} is not from ${min} to ${max}`, remedy);
  });
}

/** A number above 0. */
export const positive: Schema<number> = scalar('a number', (node) => {
  const remedy = 'Write a number above 0, such as 0.5.';
  const value = decimal(node);
  if (value === undefined) return new Complaint(`${show(node)} is not a number`, remedy);
  return value > 0 && Number.isFinite(value) ? value : new Complaint(`${show(node)} is not above 0`, remedy);
});

/** `true` or `false`, in quotes or not, and Jackson's 0 and 1. */
export const boolean: Schema<boolean> = scalar('true or false', (node) => {
  const text = node.text.trim().toLowerCase();
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  return new Complaint(`${show(node)} is not a boolean`, 'Write true or false.');
});

/** A number from 0 to 1, both included. */
export const share: Schema<number> = scalar('a number', (node) => {
  const remedy = 'Write a number from 0 to 1, such as 0.9.';
  const value = decimal(node);
  if (value === undefined) return new Complaint(`${show(node)} is not a number`, remedy);
  return value >= 0 && value <= 1 ? value : new Complaint(`${show(node)} is not from 0 to 1`, remedy);
});

/** Any scalar, as its text. */
export const text: Schema<string> = scalar('a string', (node) => node.text);

/** A string with at least one character. */
export const nonEmptyText: Schema<string> = scalar('a string', (node) =>
  node.text === '' ? new Complaint('the string is empty', 'Write a name, or leave the key out.') : node.text,
);

/** One of a few words. @param what how such a word is called in messages, with its article */
export function oneOf<const W extends string>(what: string, words: readonly W[]): Schema<W> {
  return scalar(what, (node) => {
    const found = words.find((word) => word === node.text);
    return found ?? new Complaint(`${show(node)} is not ${what}`, `Write ${words.join(' or ')}.`);
  });
}

/** An IP literal of either version, canonical. Host names are refused, as Linkerd refuses them. */
export const ip: Schema<string> = scalar('an IP address', (node) => {
  const remedy =
    node.text === 'localhost'
      ? 'Did you mean "127.0.0.1"?'
      : 'Write an address such as 127.0.0.1, 0.0.0.0 or ::1; host names are not looked up.';
  return canonicalIp(node.text) ?? new Complaint(`'${node.text}' is not an IP string literal`, remedy);
});

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const REQUEST_PSEUDO_FIELD = /^:(authority|method|path|scheme)$/i;

/** The name of a header field: a token (RFC 9110 section 5.1). */
export const headerName: Schema<string> = scalar('a header name', (node) =>
  TOKEN.test(node.text)
    ? node.text
    : new Complaint(`${show(node)} is not a header name`, 'Use letters, digits and hyphens.'),
);

/** The name of a header field of HTTP/2, those of the request line included (RFC 9113 section 8.3.1). */
export const h2HeaderName: Schema<string> = scalar('a header name', (node) =>
  TOKEN.test(node.text) || REQUEST_PSEUDO_FIELD.test(node.text)
    ? node.text
    : new Complaint(
        `${show(node)} is not a header name`,
        'Use letters, digits and hyphens, or write one of :authority, :method, :path, :scheme.',
      ),
);

/** The path of an admin page. */
export const urlPath: Schema<string> = scalar('a URL path', (node) =>
  /^\/[!-~]*$/.test(node.text) && !/[?#]/.test(node.text)
    ? node.text
    : new Complaint(`${show(node)} is not a URL path`, 'Begin it with "/", and leave out spaces, "?" and "#".'),
);

/** A regular expression, as its text; it will be matched against whole paths. */
export const regex: Schema<string> = scalar('a regular expression', (node) => {
  try {
    new RegExp(node.text);
    return node.text;
  } catch {
    return new Complaint(`${show(node)} is not a regular expression`, 'Escape special characters with a backslash.');
  }
});

/** A directory that exists, as its absolute path. */
export const directory: Schema<string> = scalar(
  'the path of a directory',
  (node, reading) =>
    reading.directory(node.text) ??
    new Complaint(
      `${node.text} is not a directory`,
      'Create it, or correct the path; a relative one starts at the working directory.',
    ),
);

/** Runs a reader of names; what it throws becomes a complaint that points at the offending character. */
function named(node: ScalarNode, remedy: string, read: (text: string) => string): string | Complaint {
  try {
    return read(node.text);
  } catch (error) {
    if (!(error instanceof NameParseError)) throw error;
    // The parser's message quotes the whole text, which the caret below the source line makes superfluous when it is long.
    const isShort = node.text.length <= 60 && !node.text.includes('\n');
    const what = isShort ? error.message : `${error.message.slice(0, error.message.indexOf(" found at '"))} found`;
    return new Complaint(what, remedy, error.offset);
  }
}

/** A path (spec 01 section 1), as its canonical text. */
export const path: Schema<string> = scalar('a path', (node) =>
  named(node, 'Write a path such as /svc or /a/b.', (text) => Path.read(text).show()),
);

/** A path expression (spec 01 section 7), with one slash at its start and none at its end. */
export const matcher: Schema<string> = scalar('a path expression', (node) => `/${node.text.replace(/^\/+|\/+$/g, '')}`);

/** A dtab (spec 01 section 2), checked and kept as it was written. */
export const dtab: Schema<string> = scalar('a dtab', (node) =>
  named(node, 'Write entries such as "/svc => /#/io.l5d.fs ;".', (text) => {
    Dtab.read(text);
    return text;
  }),
);
