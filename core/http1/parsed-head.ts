/**
 * What a head says, as offsets into the bytes it was parsed from: no string is made and nothing is copied.
 *
 * Field i of `fieldCount` lies in `fields` at `i * FIELD_STRIDE`:
 *
 *       +0          +1        +2           +3         +4
 *     | nameStart | nameEnd | valueStart | valueEnd | token |
 *
 *     Host:  example.org  CR LF
 *     ^   ^  ^          ^                 the value without the whitespace around it
 */

export const FIELD_STRIDE = 5;
export const FIELD_NAME_START = 0;
export const FIELD_NAME_END = 1;
export const FIELD_VALUE_START = 2;
export const FIELD_VALUE_END = 3;
export const FIELD_TOKEN = 4;

/** No byte of a body follows the head. */
export const BODY_NONE = 0;
/** `contentLength` (> 0) bytes follow. */
export const BODY_LENGTH = 1;
/** Chunks and a trailer section follow (`ChunkedDecoder`). */
export const BODY_CHUNKED = 2;
/** All bytes until the connection ends follow; responses only. */
export const BODY_UNTIL_CLOSE = 3;

/** `/path?query`. */
export const TARGET_ORIGIN = 0;
/** `scheme://authority/path?query`, of which only the path part is kept as the target. */
export const TARGET_ABSOLUTE = 1;
/** `host:port`, with CONNECT alone; the target is empty. */
export const TARGET_AUTHORITY = 2;
/** `*`, with OPTIONS alone. */
export const TARGET_ASTERISK = 3;

/** The fields of a head that was parsed without error. Meaningful until the next call of the parser that owns it. */
export class ParsedHead {
  /** The bytes that are parsed, for reading words; follows the array that the parser is given. */
  view: DataView = new DataView(new ArrayBuffer(0));
  fieldCount = 0;
  /** See the drawing above. */
  readonly fields: Int32Array;
  /** Bit `1 << token` is set for every token that occurs. */
  seen = 0;
  /** Bit `1 << token` is set for every token that occurs more than once. */
  repeated = 0;
  /** The index of the first field with a token; valid only where `seen` has the token's bit. */
  readonly first: Int32Array = new Int32Array(32);

  methodStart = 0;
  methodEnd = 0;
  /** One of `METHOD_*`. */
  method = 0;
  /**
   * The target in origin-form, or `*`. From an absolute-form it may be empty or begin with `?`: whoever writes it puts
   * `/` before, unless it begins with `/` or the form is {@link TARGET_ASTERISK} or {@link TARGET_AUTHORITY}.
   */
  targetStart = 0;
  targetEnd = 0;
  /** One of `TARGET_*`. */
  targetForm: number = TARGET_ORIGIN;
  /** The effective host with its port: the target's authority, else the Host value; empty when there is none. */
  authorityStart = 0;
  authorityEnd = 0;
  /** The authority came with the target, so a Host field that says otherwise has to be replaced. */
  authorityFromTarget = false;

  /** 0 or 1; a higher minor version means 1 (RFC 9110 section 2.5). */
  versionMinor = 1;
  /** The status code of a response, 100 to 999. */
  status = 0;
  reasonStart = 0;
  reasonEnd = 0;

  /** One of `BODY_*`. */
  bodyKind: number = BODY_NONE;
  /** What Content-Length says, exact up to 2^53 - 1; -1 without one. With BODY_NONE it is no promise of bytes. */
  contentLength = -1;

  /** Connection holds `close`. */
  connectionClose = false;
  /** Connection holds `keep-alive`. */
  connectionKeepAlive = false;
  /** Connection holds `upgrade`. */
  connectionUpgrade = false;
  /** The connection may carry another message after this one (RFC 9112 section 9.3). */
  persistent = false;
  /** The client waits for a 100 (Continue); never set for HTTP/1.0. */
  expectContinue = false;

  constructor(headerCountMax: number) {
    this.fields = new Int32Array(headerCountMax * FIELD_STRIDE);
  }
}
