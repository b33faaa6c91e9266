/**
 * The pseudo-header fields of HTTP/2 (RFC 9113 section 8.3), as small integers. All of them stand at the start of HPACK's
 * static table (RFC 7541 appendix A), so the decoder has already found out which a name is:
 *
 *     nameIndex   1            2        4       6         8
 *                 :authority   :method  :path   :scheme   :status
 */

export const PSEUDO_AUTHORITY = 0;
export const PSEUDO_METHOD = 1;
export const PSEUDO_PATH = 2;
export const PSEUDO_SCHEME = 3;
export const PSEUDO_STATUS = 4;
/** Number of pseudo-header fields. */
export const PSEUDO_FIELDS = 5;
/** The name is that of no pseudo-header field that Weft knows. */
export const PSEUDO_UNKNOWN = -1;

/** Names by number. `:protocol` (RFC 8441) is not among them: Weft does not announce that it understands it. */
export const PSEUDO_NAMES: readonly string[] = [':authority', ':method', ':path', ':scheme', ':status'];

const NAME_INDEXES: readonly number[] = [1, 2, 4, 6, 8];
const FIELD_BY_INDEX = new Int8Array(256).fill(PSEUDO_UNKNOWN);
for (const [field, index] of NAME_INDEXES.entries()) FIELD_BY_INDEX[index] = field;

/** The pseudo-header field with this `FieldSection.nameIndex`, or PSEUDO_UNKNOWN. */
export function pseudoField(nameIndex: number): number {
  return FIELD_BY_INDEX[nameIndex]!;
}
