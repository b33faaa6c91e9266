/**
 * A decoded field section (RFC 9113 section 8.1): the header or trailer section that HPACK was unpacked to, in the form
 * that a parsed HTTP/1 head has, so that whoever names, routes and counts requests reads both alike.
 *
 *     bytes:  | ... | name value name value ...                       | ... |
 *                   ^ textAt             ^ textEnd                    ^ textMax
 *
 * What does not fit is not stored, but is decoded all the same: the compression state must follow the peer's
 * (RFC 9113 section 10.5.1).
 */
import { FIELD_STRIDE, ParsedHead } from '../http1/parsed-head.ts';
import { TOKEN_NONE } from '../http1/tokens.ts';
import { PSEUDO_FIELDS } from './pseudo-fields.ts';

/** What a field counts on top of its bytes (RFC 9113 section 6.5.2, RFC 7541 section 4.1). */
export const FIELD_OVERHEAD_BYTES = 32;

// What is imported is looked up in its module at each use; in `add` that was measured to be a third of its time.
const stride = FIELD_STRIDE;
const noToken = TOKEN_NONE;

/** One field section at a time; filled by the decoder, read until the next one is decoded. */
export class FieldSection extends ParsedHead {
  /** The memory that holds the text. */
  readonly bytes: Uint8Array;
  readonly textAt: number;
  readonly textMax: number;
  textEnd: number;
  /** Per field: 1 when it must never be put into a table (RFC 7541 section 6.2.3). */
  readonly neverIndexed: Uint8Array;
  /**
   * Per field: the first index of HPACK's static table with its name, 0 when the table has no such name. So 1 to 8 are
   * the pseudo-header fields :authority, :method (2), :path (4), :scheme (6) and :status.
   */
  readonly nameIndex: Uint8Array;
  /** Size of the whole section, stored or not, as SETTINGS_MAX_HEADER_LIST_SIZE counts it. */
  listBytes = 0;
  /** Fields were left out, because of their number or size. */
  overflowed = false;
  /** Index of the first field that is no pseudo-header field. */
  firstRegular = 0;
  schemeStart = 0;
  schemeEnd = 0;
  /** Index of the field that is each `PSEUDO_*`, -1 where there is none; set by `message-head.ts`, like `cookies`. */
  readonly pseudo: Int32Array = new Int32Array(PSEUDO_FIELDS).fill(-1);
  /** Number of Cookie fields: an HTTP/1 writer joins them to one with `; ` (RFC 9113 section 8.2.3). */
  cookies = 0;
  /** Index of the first of them; valid only where `cookies` is not 0. */
  firstCookie = 0;

  /**
   * @param textAt where in `bytes` the text may lie
   * @param textBytesMax and how much of it
   */
  constructor(bytes: Uint8Array, textAt: number, textBytesMax: number, headerCountMax: number) {
    super(headerCountMax);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.textAt = textAt;
    this.textEnd = textAt;
    this.textMax = textAt + textBytesMax;
    this.neverIndexed = new Uint8Array(headerCountMax);
    this.nameIndex = new Uint8Array(headerCountMax);
  }

  /** Fields that it can hold. */
  get fieldCountMax(): number {
    return this.fields.length / FIELD_STRIDE;
  }

  /** Empties it for the next section. */
  begin(): void {
    this.fieldCount = 0;
    this.textEnd = this.textAt;
    this.listBytes = 0;
    this.overflowed = false;
    this.firstRegular = 0;
    this.seen = 0;
    this.repeated = 0;
  }

  /**
   * Records the field whose name and value were written at `textEnd`, as `core/http1/fields.ts` records one. There must
   * be room for it. Unlike there, a name may be none at all, and `TOKEN_LOOKALIKE` is recorded: to refuse them is up to
   * whoever judges the section, and until then a token means no more than that the name, letter case aside, may be its.
   *
   * @param token as `fieldToken` gives it, or TOKEN_NONE for TOKEN_UNKNOWN
   */
  add(nameBytes: number, valueBytes: number, token: number, nameIndex: number, neverIndexed: boolean): void {
    const count = this.fieldCount;
    const nameEnd = this.textEnd + nameBytes;
    const valueEnd = nameEnd + valueBytes;
    if (token !== noToken) {
      const bit = 1 << token;
      if ((this.seen & bit) === 0) this.first[token] = count;
      this.repeated |= this.seen & bit;
      this.seen |= bit;
    }
    const at = count * stride;
    const fields = this.fields;
    fields[at] = this.textEnd;
    fields[at + 1] = nameEnd;
    fields[at + 2] = nameEnd;
    fields[at + 3] = valueEnd;
    fields[at + 4] = token;
    this.neverIndexed[count] = neverIndexed ? 1 : 0;
    this.nameIndex[count] = nameIndex;
    this.fieldCount = count + 1;
    this.textEnd = valueEnd;
  }
}
