/**
 * Identifiers: which service a request is for (spec 03 sections 2 and 3).
 *
 * An identifier writes the *key* of a name, not the name: bytes that are looked up as they are. Only when a key is met
 * for the first time is it spelled out as a path (`spellKey`). The form of a key:
 *
 *     segment NUL segment ...  [ 02 path-text ]  [ 01 dtab-text ]*
 *
 * A path-text part is parsed with the path grammar and appended; dtab-text parts are the request's own dtab. None of the
 * three separators can occur in a header value or a request target.
 */
import type { H2IdentifierConfig, HttpIdentifierConfig, RouterConfig } from '../../core/config/types.ts';
import {
  FIELD_NAME_END,
  FIELD_STRIDE,
  FIELD_TOKEN,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
  type ParsedHead,
} from '../../core/http1/parsed-head.ts';
import { TOKEN_L5D_CTX_DTAB, TOKEN_L5D_DTAB } from '../../core/http1/tokens.ts';
import { PSEUDO_AUTHORITY, PSEUDO_METHOD, PSEUDO_NAMES, PSEUDO_PATH } from '../../core/http2/pseudo-fields.ts';

export const KEY_SEGMENT = 0;
export const KEY_DTAB = 1;
export const KEY_PATH_TEXT = 2;

const SLASH = 0x2f;
const QUESTION = 0x3f;

/** Says that an identifier does not know the request. */
export const UNIDENTIFIED = -1;

/** One way of naming requests. */
export interface Identifier {
  /** It goes by a header that begins with `l5d-`, which a server with clearContext does not believe (spec 03 section 4.6). */
  readonly readsContext: boolean;
  /** Why the last request was not identified. */
  reason: string;
  /** Bytes at the start of the request target that the name has consumed: they are not forwarded. */
  consumedBytes: number;
  /**
   * Writes the key of a request.
   * @returns the end of the key, or {@link UNIDENTIFIED}
   */
  writeKey(head: ParsedHead, bytes: Uint8Array, at: number): number;
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

/**
 * The value of a header: that of the first field with its name, or for a pseudo-header field's name the part of the head
 * that stands for it, which a head of HTTP/1 has too.
 */
class HeaderValue {
  start = 0;
  end = 0;
  readonly #pseudo: number;
  readonly #name: Uint8Array;

  constructor(name: string) {
    const lower = name.toLowerCase();
    this.#pseudo = PSEUDO_NAMES.indexOf(lower);
    this.#name = Uint8Array.from(lower, (c) => c.charCodeAt(0));
  }

  /** Looks it up in a head. @returns whether it is there and not empty */
  find(head: ParsedHead, bytes: Uint8Array): boolean {
    switch (this.#pseudo) {
      case PSEUDO_AUTHORITY:
        return this.#found(head.authorityStart, head.authorityEnd);
      case PSEUDO_PATH:
        return this.#found(head.targetStart, head.targetEnd);
      case PSEUDO_METHOD:
        return this.#found(head.methodStart, head.methodEnd);
      default:
        return this.#findField(head, bytes);
    }
  }

  #found(start: number, end: number): boolean {
    this.start = start;
    this.end = end;
    return start !== end;
  }

  #findField({ fields, fieldCount }: ParsedHead, bytes: Uint8Array): boolean {
    for (let i = 0; i < fieldCount; i++) {
      const field = i * FIELD_STRIDE;
      if (!this.#matches(bytes, fields[field] as number, fields[field + FIELD_NAME_END] as number)) continue;
      return this.#found(fields[field + FIELD_VALUE_START] as number, fields[field + FIELD_VALUE_END] as number);
    }
    return false;
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

function isContext(header: string): boolean {
  return /^l5d-/i.test(header);
}

/** `io.l5d.header.token`: a header's value is the one segment. */
class TokenIdentifier implements Identifier {
  readonly readsContext: boolean;
  reason: string;
  consumedBytes = 0;
  readonly #value: HeaderValue;

  constructor(header: string, reason: string) {
    this.readsContext = isContext(header);
    this.reason = reason;
    this.#value = new HeaderValue(header);
  }

  writeKey(head: ParsedHead, bytes: Uint8Array, at: number): number {
    const value = this.#value;
    return value.find(head, bytes) ? copy(bytes, at, value.start, value.end) : UNIDENTIFIED;
  }
}

/** `io.l5d.header`: a header's value is a path's text. */
class HeaderIdentifier implements Identifier {
  readonly readsContext: boolean;
  reason: string;
  consumedBytes = 0;
  readonly #value: HeaderValue;

  constructor(header: string) {
    this.readsContext = isContext(header);
    this.reason = `${header} header is absent`;
    this.#value = new HeaderValue(header);
  }

  writeKey(head: ParsedHead, bytes: Uint8Array, at: number): number {
    const value = this.#value;
    if (!value.find(head, bytes)) return UNIDENTIFIED;
    bytes[at] = KEY_PATH_TEXT;
    return copy(bytes, at + 1, value.start, value.end);
  }
}

/** `io.l5d.header.path`: a header's value, as far as its `?`, is a path's text, of which the first segments may be taken. */
class HeaderPathIdentifier implements Identifier {
  readonly readsContext: boolean;
  reason: string;
  consumedBytes = 0;
  readonly #value: HeaderValue;
  readonly #segments: number;

  /** @param segments how many are taken; 0 for all */
  constructor(header: string, segments: number) {
    this.readsContext = isContext(header);
    this.reason = segments === 0 ? 'Missing destination path' : `Path must have at least ${segments} segment(s)`;
    this.#value = new HeaderValue(header);
    this.#segments = segments;
  }

  writeKey(head: ParsedHead, bytes: Uint8Array, at: number): number {
    const value = this.#value;
    if (!value.find(head, bytes)) return UNIDENTIFIED;
    const { start } = value;
    let end = queryStart(bytes, start, value.end);
    if (end > start && bytes[end - 1] === SLASH) end--;
    if (this.#segments > 0) end = this.#cut(bytes, start, end);
    if (end === start || (end === start + 1 && bytes[start] === SLASH)) return UNIDENTIFIED;
    bytes[at] = KEY_PATH_TEXT;
    return copy(bytes, at + 1, start, end);
  }

  /** The end of the segments that are taken; `start` when there are fewer. */
  #cut(bytes: Uint8Array, start: number, end: number): number {
    // No path at all: whoever reads the key says so.
    if (bytes[start] !== SLASH) return end;
    let met = 0;
    for (let i = start; i < end; i++) {
      if (bytes[i] !== SLASH) continue;
      if (met === this.#segments) return i;
      met++;
    }
    return met < this.#segments ? start : end;
  }
}

/** `io.l5d.methodAndHost`. */
class MethodAndHostIdentifier implements Identifier {
  readonly readsContext = false;
  reason = 'HTTP/1.1 request missing hostname';
  consumedBytes = 0;
  readonly #uriInDst: boolean;

  constructor(uriInDst: boolean) {
    this.#uriInDst = uriInDst;
  }

  writeKey(head: ParsedHead, bytes: Uint8Array, at: number): number {
    const oneZero = head.versionMinor === 0;
    if (!oneZero && head.authorityStart === head.authorityEnd) return UNIDENTIFIED;
    let end = copyText(bytes, at, oneZero ? '1.0' : '1.1');
    bytes[end++] = KEY_SEGMENT;
    end = copy(bytes, end, head.methodStart, head.methodEnd);
    if (!oneZero) {
      bytes[end++] = KEY_SEGMENT;
      for (let i = head.authorityStart; i < head.authorityEnd; i++) {
        const byte = bytes[i] as number;
        bytes[end++] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
      }
    }
    if (!this.#uriInDst) return end;
    bytes[end++] = KEY_PATH_TEXT;
    return copy(bytes, end, head.targetStart, queryStart(bytes, head.targetStart, head.targetEnd));
  }
}

/** `io.l5d.path`: the first segments of the request's path. */
class PathIdentifier implements Identifier {
  readonly readsContext = false;
  reason = 'not enough segments in path';
  consumedBytes = 0;
  readonly #segments: number;
  readonly #consume: boolean;

  constructor(segments: number, consume: boolean) {
    this.#segments = segments;
    this.#consume = consume;
  }

  writeKey(head: ParsedHead, bytes: Uint8Array, at: number): number {
    const start = head.targetStart;
    const last = queryStart(bytes, head.targetStart, head.targetEnd);
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
  readonly readsContext = false;
  reason = '';
  consumedBytes = 0;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  writeKey(_head: ParsedHead, bytes: Uint8Array, at: number): number {
    bytes[at] = KEY_PATH_TEXT;
    return copyText(bytes, at + 1, this.#path);
  }
}

function queryStart(bytes: Uint8Array, from: number, to: number): number {
  for (let i = from; i < to; i++) if (bytes[i] === QUESTION) return i;
  return to;
}

function createHttpIdentifier(config: HttpIdentifierConfig): Identifier {
  switch (config.kind) {
    case 'io.l5d.header.token': {
      const { header } = config;
      // The effective host: a target's authority counts more than Host (RFC 9112 section 3.2.2).
      const source = header.toLowerCase() === 'host' ? ':authority' : header;
      return new TokenIdentifier(source, `${header} header is absent`);
    }
    case 'io.l5d.header':
      return new HeaderIdentifier(config.header);
    case 'io.l5d.methodAndHost':
      return new MethodAndHostIdentifier(config.httpUriInDst);
    case 'io.l5d.path':
      return new PathIdentifier(config.segments, config.consume);
    case 'io.l5d.static':
      return new StaticIdentifier(config.path);
  }
}

function createH2Identifier(config: H2IdentifierConfig): Identifier {
  switch (config.kind) {
    case 'io.l5d.header.token':
      return new TokenIdentifier(config.header, `missing header: '${config.header}'`);
    case 'io.l5d.header.path':
      return new HeaderPathIdentifier(config.header, config.segments ?? 0);
    case 'io.l5d.static':
      return new StaticIdentifier(config.path);
  }
}

/** The identifiers that a router's configuration asks for, in order. */
export function createIdentifiers(config: RouterConfig): readonly Identifier[] {
  return config.protocol === 'http'
    ? config.identifier.map(createHttpIdentifier)
    : config.identifier.map(createH2Identifier);
}

/** Appends the request's own dtab to a key: `l5d-ctx-dtab` first, so that `l5d-dtab` is preferred (spec 01 section 6). */
export function appendDtabKey(head: ParsedHead, bytes: Uint8Array, at: number): number {
  let end = at;
  for (const token of [TOKEN_L5D_CTX_DTAB, TOKEN_L5D_DTAB]) {
    for (let i = 0; i < head.fieldCount; i++) {
      if (head.fields[i * FIELD_STRIDE + FIELD_TOKEN] !== token) continue;
      bytes[end++] = KEY_DTAB;
      end = copy(
        bytes,
        end,
        head.fields[i * FIELD_STRIDE + FIELD_VALUE_START] as number,
        head.fields[i * FIELD_STRIDE + FIELD_VALUE_END] as number,
      );
    }
  }
  return end;
}
