/**
 * Identifiers: which service a request is for (spec 03 section 2).
 *
 * An identifier writes the *key* of a name, not the name: bytes that are looked up as they are. Only when a key is met
 * for the first time is it spelled out as a path (`spellKey`). The form of a key:
 *
 *     segment NUL segment ...  [ 02 path-text ]  [ 01 dtab-text ]*
 *
 * A path-text part is parsed with the path grammar and appended; dtab-text parts are the request's own dtab. None of the
 * three separators can occur in a header value or a request target.
 */
import type { HttpIdentifierConfig } from '../../core/config/types.ts';
import type { HeadParser } from '../../core/http1/head.ts';
import {
  FIELD_NAME_END,
  FIELD_STRIDE,
  FIELD_TOKEN,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
} from '../../core/http1/parsed-head.ts';
import { TOKEN_L5D_CTX_DTAB, TOKEN_L5D_DTAB } from '../../core/http1/tokens.ts';

export const KEY_SEGMENT = 0;
export const KEY_DTAB = 1;
export const KEY_PATH_TEXT = 2;

const SLASH = 0x2f;
const QUESTION = 0x3f;

/** Says that an identifier does not know the request. */
export const UNIDENTIFIED = -1;

/** One way of naming requests. */
export interface Identifier {
  /** Why the last request was not identified. */
  reason: string;
  /** Bytes at the start of the request target that the name has consumed: they are not forwarded. */
  consumedBytes: number;
  /**
   * Writes the key of the request in `parser`'s hands.
   * @returns the end of the key, or {@link UNIDENTIFIED}
   */
  writeKey(parser: HeadParser, bytes: Uint8Array, at: number): number;
}

function copy(bytes: Uint8Array, at: number, from: number, to: number): number {
  let end = at;
  for (let i = from; i < to; i++) bytes[end++] = bytes[i] as number;
  return end;
}

function copyText(bytes: Uint8Array, at: number, text: string): number {
  let end = at;
  for (let i = 0; i < text.length; i++) bytes[end++] = text.charCodeAt(i);
  return end;
}

/** `io.l5d.header.token` on Host: the effective authority is the one segment. */
class HostTokenIdentifier implements Identifier {
  reason = 'Host header is absent';
  consumedBytes = 0;

  writeKey(parser: HeadParser, bytes: Uint8Array, at: number): number {
    if (parser.authorityStart === parser.authorityEnd) return UNIDENTIFIED;
    return copy(bytes, at, parser.authorityStart, parser.authorityEnd);
  }
}

/** `io.l5d.header.token` and `io.l5d.header` on any other header. */
class HeaderIdentifier implements Identifier {
  reason: string;
  consumedBytes = 0;
  readonly #name: Uint8Array;
  readonly #asPath: boolean;

  constructor(name: string, asPath: boolean) {
    this.reason = `${name} header is absent`;
    this.#name = Uint8Array.from(name.toLowerCase(), (c) => c.charCodeAt(0));
    this.#asPath = asPath;
  }

  writeKey(parser: HeadParser, bytes: Uint8Array, at: number): number {
    for (let i = 0; i < parser.fieldCount; i++) {
      const field = i * FIELD_STRIDE;
      const nameAt = parser.fields[field] as number;
      if (!this.#matches(bytes, nameAt, parser.fields[field + FIELD_NAME_END] as number)) continue;
      const from = parser.fields[field + FIELD_VALUE_START] as number;
      const to = parser.fields[field + FIELD_VALUE_END] as number;
      if (from === to) return UNIDENTIFIED;
      if (!this.#asPath) return copy(bytes, at, from, to);
      bytes[at] = KEY_PATH_TEXT;
      return copy(bytes, at + 1, from, to);
    }
    return UNIDENTIFIED;
  }

  #matches(bytes: Uint8Array, from: number, to: number): boolean {
    const name = this.#name;
    if (to - from !== name.length) return false;
    for (let i = 0; i < name.length; i++) {
      const byte = bytes[from + i] as number;
      if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== name[i]) return false;
    }
    return true;
  }
}

/** `io.l5d.methodAndHost`. */
class MethodAndHostIdentifier implements Identifier {
  reason = 'HTTP/1.1 request missing hostname';
  consumedBytes = 0;
  readonly #uriInDst: boolean;

  constructor(uriInDst: boolean) {
    this.#uriInDst = uriInDst;
  }

  writeKey(parser: HeadParser, bytes: Uint8Array, at: number): number {
    const oneZero = parser.versionMinor === 0;
    if (!oneZero && parser.authorityStart === parser.authorityEnd) return UNIDENTIFIED;
    let end = copyText(bytes, at, oneZero ? '1.0' : '1.1');
    bytes[end++] = KEY_SEGMENT;
    end = copy(bytes, end, parser.methodStart, parser.methodEnd);
    if (!oneZero) {
      bytes[end++] = KEY_SEGMENT;
      for (let i = parser.authorityStart; i < parser.authorityEnd; i++) {
        const byte = bytes[i] as number;
        bytes[end++] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
      }
    }
    if (!this.#uriInDst) return end;
    bytes[end++] = KEY_PATH_TEXT;
    return copy(bytes, end, parser.targetStart, pathEnd(parser, bytes));
  }
}

/** `io.l5d.path`: the first segments of the request's path. */
class PathIdentifier implements Identifier {
  reason = 'not enough segments in path';
  consumedBytes = 0;
  readonly #segments: number;
  readonly #consume: boolean;

  constructor(segments: number, consume: boolean) {
    this.#segments = segments;
    this.#consume = consume;
  }

  writeKey(parser: HeadParser, bytes: Uint8Array, at: number): number {
    const start = parser.targetStart;
    const last = pathEnd(parser, bytes);
    let cursor = start;
    let end = at;
    for (let n = 0; n < this.#segments; n++) {
      if (cursor >= last || bytes[cursor] !== SLASH) return UNIDENTIFIED;
      const from = ++cursor;
      while (cursor < last && bytes[cursor] !== SLASH) cursor++;
      if (cursor === from) return UNIDENTIFIED;
      if (n > 0) bytes[end++] = KEY_SEGMENT;
      end = copy(bytes, end, from, cursor);
    }
    this.consumedBytes = this.#consume ? cursor - start : 0;
    return end;
  }
}

/** `io.l5d.static`: always the same name. */
class StaticIdentifier implements Identifier {
  reason = '';
  consumedBytes = 0;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  writeKey(_parser: HeadParser, bytes: Uint8Array, at: number): number {
    bytes[at] = KEY_PATH_TEXT;
    return copyText(bytes, at + 1, this.#path);
  }
}

function pathEnd(parser: HeadParser, bytes: Uint8Array): number {
  for (let i = parser.targetStart; i < parser.targetEnd; i++) if (bytes[i] === QUESTION) return i;
  return parser.targetEnd;
}

/** The identifier that a configuration asks for. */
export function createIdentifier(config: HttpIdentifierConfig): Identifier {
  switch (config.kind) {
    case 'io.l5d.header.token':
      return config.header.toLowerCase() === 'host'
        ? new HostTokenIdentifier()
        : new HeaderIdentifier(config.header, false);
    case 'io.l5d.header':
      return new HeaderIdentifier(config.header, true);
    case 'io.l5d.methodAndHost':
      return new MethodAndHostIdentifier(config.httpUriInDst);
    case 'io.l5d.path':
      return new PathIdentifier(config.segments, config.consume);
    case 'io.l5d.static':
      return new StaticIdentifier(config.path);
  }
}

/** Appends the request's own dtab to a key: `l5d-ctx-dtab` first, so that `l5d-dtab` is preferred (spec 01 section 6). */
export function appendDtabKey(parser: HeadParser, bytes: Uint8Array, at: number): number {
  let end = at;
  for (const token of [TOKEN_L5D_CTX_DTAB, TOKEN_L5D_DTAB]) {
    for (let i = 0; i < parser.fieldCount; i++) {
      if (parser.fields[i * FIELD_STRIDE + FIELD_TOKEN] !== token) continue;
      bytes[end++] = KEY_DTAB;
      end = copy(
        bytes,
        end,
        parser.fields[i * FIELD_STRIDE + FIELD_VALUE_START] as number,
        parser.fields[i * FIELD_STRIDE + FIELD_VALUE_END] as number,
      );
    }
  }
  return end;
}
