/**
 * What a server adds to `Forwarded` (RFC 7239, spec 03 section 4.4): one element, behind those that are there.
 *
 *     by="127.0.0.1:4140";for=_x7Kq2B;host=web;proto=http            HTTP/1; proto of an absolute target alone
 *     by="127.0.0.1:4142";for=_x7Kq2B;authority=web;proto=http       HTTP/2
 *        ^                    ^
 *        a label of the server's end of the connection, and one of the client's: prepared with the connection, or new for
 *        each request
 *
 * A host with a port, or with anything else that is no token, is quoted: as it stands, `a;for=b` would be two parameters.
 */
import type { Random } from '../../core/balance/random.ts';
import type { ForwardedHeaderConfig, ForwardedLabelConfig } from '../../core/config/types.ts';
import { CHAR_CLASS, TOKEN_CHAR } from '../../core/http1/ascii.ts';
import type { ParsedHead } from '../../core/http1/parsed-head.ts';
import { FieldSection } from '../../core/http2/field-section.ts';
import type { SocketName, Sockets } from '../os/sockets.ts';
import { copyPiece, type Piece, piece } from './field-lines.ts';

const ALPHANUMERIC = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789');
const RANDOM_CHARS = 6;
const BY = piece('by=');
const FOR = piece(';for=');
const HOST = piece(';host=');
const AUTHORITY = piece(';authority=');
const PROTO = piece(';proto=');
/** All that is written besides labels, host and scheme, and a random label twice. */
const FIXED_BYTES_MAX = 64;
const SCHEME_END = '://'.length;
const UNDERSCORE = 0x5f;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The element of one connection's requests. */
export class ForwardedElement {
  /** Null for a label that is new for each request. */
  readonly #by: Piece | null;
  readonly #for: Piece | null;
  readonly #random: Random;
  readonly #labelBytes: number;

  constructor(by: Piece | null, forClient: Piece | null, random: Random) {
    this.#by = by;
    this.#for = forClient;
    this.#random = random;
    this.#labelBytes = (by?.byteLength ?? 0) + (forClient?.byteLength ?? 0);
  }

  /** The most bytes that {@link write} writes for a head. */
  bytesMax(head: ParsedHead): number {
    // Whatever lies between the method and an authority out of the target is its scheme.
    let schemeBytes = head.authorityFromTarget ? head.authorityStart - head.methodEnd : 0;
    if (head instanceof FieldSection) schemeBytes = head.schemeEnd - head.schemeStart;
    const { authorityStart, authorityEnd } = head;
    return FIXED_BYTES_MAX + this.#labelBytes + 2 * (authorityEnd - authorityStart + schemeBytes);
  }

  /** Writes the element for the request whose head is at hand, as a field's value. @returns the end */
  write(bytes: Uint8Array, at: number, head: ParsedHead): number {
    let end = this.#writeLabel(bytes, copyPiece(bytes, at, BY), this.#by);
    end = this.#writeLabel(bytes, copyPiece(bytes, end, FOR), this.#for);
    const { authorityStart, authorityEnd } = head;
    const isHttp2 = head instanceof FieldSection;
    if (authorityEnd > authorityStart) {
      end = writeValue(bytes, copyPiece(bytes, end, isHttp2 ? AUTHORITY : HOST), authorityStart, authorityEnd);
    }
    if (isHttp2) return writeProto(bytes, end, head.schemeStart, head.schemeEnd);
    // An absolute target begins behind the method and a space, and its authority behind "://".
    return head.authorityFromTarget ? writeProto(bytes, end, head.methodEnd + 1, authorityStart - SCHEME_END) : end;
  }

  #writeLabel(bytes: Uint8Array, at: number, prepared: Piece | null): number {
    if (prepared !== null) return copyPiece(bytes, at, prepared);
    bytes[at] = UNDERSCORE;
    const end = at + 1 + RANDOM_CHARS;
    for (let i = at + 1; i < end; i++) bytes[i] = ALPHANUMERIC[this.#random.below(ALPHANUMERIC.length)] as number;
    return end;
  }
}

/** CONNECT has no scheme. */
function writeProto(bytes: Uint8Array, at: number, from: number, to: number): number {
  return to > from ? writeValue(bytes, copyPiece(bytes, at, PROTO), from, to) : at;
}

/** A parameter's value: a token as it is, anything else as a quoted string (RFC 7239 section 4). */
function writeValue(bytes: Uint8Array, at: number, from: number, to: number): number {
  let end = at;
  let isToken = true;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    isToken &&= ((CHAR_CLASS[byte] as number) & TOKEN_CHAR) !== 0;
    bytes[end++] = byte;
  }
  if (isToken) return end;
  end = at;
  bytes[end++] = QUOTE;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    if (byte === QUOTE || byte === BACKSLASH) bytes[end++] = BACKSLASH;
    bytes[end++] = byte;
  }
  bytes[end++] = QUOTE;
  return end;
}

/** How one server labels the ends of its connections. */
export class ForwardedLabels {
  readonly #config: ForwardedHeaderConfig;
  readonly #routerLabel: string;
  readonly #random: Random;

  constructor(config: ForwardedHeaderConfig, routerLabel: string, random: Random) {
    this.#config = config;
    this.#routerLabel = routerLabel;
    this.#random = random;
  }

  /** The element of the connection with this descriptor. */
  of(sockets: Sockets, fd: number): ForwardedElement {
    const by = this.#labelOf(this.#config.by, sockets.localName(fd));
    return new ForwardedElement(by, this.#labelOf(this.#config.for, sockets.peerName(fd)), this.#random);
  }

  #labelOf(config: ForwardedLabelConfig, name: SocketName | null): Piece | null {
    if (config.kind === 'static') return piece(obfuscated(config.label));
    if (config.kind === 'router') return piece(obfuscated(this.#routerLabel));
    if (name === null) return piece('unknown');
    const host = name.ip.includes(':') ? `[${name.ip}]` : name.ip;
    if (config.kind === 'ip:port') return piece(`"${host}:${name.port}"`);
    if (config.kind === 'ip') return piece(host === name.ip ? host : `"${host}"`);
    return config.kind === 'requestRandom' ? null : piece(this.#randomLabel());
  }

  #randomLabel(): string {
    const chars = Array.from(
      { length: RANDOM_CHARS },
      () => ALPHANUMERIC[this.#random.below(ALPHANUMERIC.length)] ?? 0,
    );
    return `_${String.fromCharCode(...chars)}`;
  }
}

/** An identifier of RFC 7239 section 6.3; a router's label may hold what such a one may not. */
function obfuscated(label: string): string {
  const safe = label.replaceAll(/[^A-Za-z0-9._-]/g, '_');
  return safe.startsWith('_') ? safe : `_${safe}`;
}
