/**
 * The fields of a message as an HTTP/2 header block that fits every connection (core/http2/hpack/literals.ts), whether they
 * came over HTTP/2, with the index of their names and the sender's wish that they stay out of tables, or over HTTP/1.
 */
import {
  FIELD_NAME_END,
  FIELD_STRIDE,
  FIELD_TOKEN,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
  type ParsedHead,
} from '../../core/http1/parsed-head.ts';
import { TOKEN_TRANSFER_ENCODING, TOKEN_VIA } from '../../core/http1/tokens.ts';
import { FieldSection } from '../../core/http2/field-section.ts';
import { writeNamed, writeStaticName } from '../../core/http2/hpack/literals.ts';
import { staticName } from '../../core/http2/hpack/static-table.ts';
import { HOP_BY_HOP, startsWithL5d } from '../http1/forwarded-fields.ts';
import { VIA_VALUE } from './prepared-fields.ts';

/** What HTTP/1 says of a connection and of its framing, which an HTTP/2 head cannot hold. */
const OF_HTTP1 = HOP_BY_HOP | (1 << TOKEN_TRANSFER_ENCODING);

/**
 * Writes all fields but pseudo-header fields, in their order. Names of HTTP/1 are made lower-case where they lie.
 *
 * @param dropped tokens, as bits, of fields that do not go on; what HTTP/1 alone has is never written
 * @param clearContext drop every `l5d-*` field as well
 * @returns the end of the block
 */
export function writeFields(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  head: ParsedHead,
  dropped: number,
  clearContext: boolean,
): number {
  const section = head instanceof FieldSection ? head : null;
  const omitted = section === null ? dropped | OF_HTTP1 : dropped;
  const { fields, fieldCount } = head;
  let end = at;
  let i = section === null ? 0 : section.firstRegular;
  for (let place = i * FIELD_STRIDE; i < fieldCount; i++, place += FIELD_STRIDE) {
    if ((omitted & (1 << (fields[place + FIELD_TOKEN] as number))) !== 0) continue;
    const nameAt = fields[place] as number;
    const nameEnd = fields[place + FIELD_NAME_END] as number;
    if (clearContext && startsWithL5d(bytes, nameAt, nameEnd)) continue;
    if (section === null) lowerCase(bytes, nameAt, nameEnd);
    const valueAt = fields[place + FIELD_VALUE_START] as number;
    const valueEnd = fields[place + FIELD_VALUE_END] as number;
    // By its index, a name that is a secret's is known as such.
    const index = section === null ? staticName(bytes, view, nameAt, nameEnd) : (section.nameIndex[i] as number);
    const never = section !== null && section.neverIndexed[i] === 1;
    end =
      index > 0
        ? writeStaticName(bytes, view, end, index, valueAt, valueEnd, never)
        : writeNamed(bytes, view, end, nameAt, nameEnd, valueAt, valueEnd, never);
  }
  return end;
}

/** HTTP/2 has no upper-case names (RFC 9113 section 8.2.1). Done where they lie: nobody reads the head after this. */
function lowerCase(bytes: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    if (byte >= 0x41 && byte <= 0x5a) bytes[i] = byte | 0x20;
  }
}

/** The values of `via` that there were, in order, and Weft's own. */
export function joinedVia(bytes: Uint8Array, head: ParsedHead): string {
  const values: string[] = [];
  for (let i = 0; i < head.fieldCount; i++) {
    const place = i * FIELD_STRIDE;
    if (head.fields[place + FIELD_TOKEN] !== TOKEN_VIA) continue;
    const from = head.fields[place + FIELD_VALUE_START] as number;
    values.push(Buffer.from(bytes.subarray(from, head.fields[place + FIELD_VALUE_END] as number)).toString('latin1'));
  }
  values.push(VIA_VALUE);
  return values.join(', ');
}
