/**
 * Every way in which a header block can fail, as a negative number that the decoder or the encoder returns.
 *
 * After any error of the decoder its table no longer follows the peer's: the connection must be closed
 * (RFC 9113 section 4.3), with COMPRESSION_ERROR for all but {@link ERR_LIST_BYTES}, which is ENHANCE_YOUR_CALM.
 */

/** The block ends within a representation. */
export const ERR_TRUNCATED = -1;
/** Index 0, or one past the end of both tables (RFC 7541 sections 2.3.3, 6.1). */
export const ERR_INDEX = -2;
/** An integer above 2^31 - 1, or of more than five continuation bytes (RFC 7541 section 5.1). */
export const ERR_INTEGER = -3;
/** EOS within a string, or padding that is too long or not of ones (RFC 7541 section 5.2). */
export const ERR_HUFFMAN = -4;
/** A table size above what our SETTINGS allow (RFC 7541 section 6.3). */
export const ERR_TABLE_SIZE = -5;
/** A table size behind the first field of a block (RFC 7541 section 4.2). */
export const ERR_TABLE_SIZE_LATE = -6;
/** No table size small enough at the start of the first block after our SETTINGS lowered it (RFC 7541 section 4.2). */
export const ERR_TABLE_SIZE_MISSING = -7;
/** A section far larger than what is stored of it: references that unpack to megabytes (RFC 9113 section 10.5.1). */
export const ERR_LIST_BYTES = -8;
/** Of the encoder alone: the block does not fit its bound. Its table is as if the block had not been begun. */
export const ERR_ROOM = -9;
