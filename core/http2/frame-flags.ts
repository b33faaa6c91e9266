/**
 * The flags of HTTP/2 frames (RFC 9113 section 6). A flag that a type does not define is ignored (section 4.1).
 *
 *     bit            5          3        2             0
 *     DATA           -          PADDED   -             END_STREAM
 *     HEADERS        PRIORITY   PADDED   END_HEADERS   END_STREAM
 *     CONTINUATION   -          -        END_HEADERS   -
 *     SETTINGS       -          -        -             ACK
 *     PING           -          -        -             ACK
 */

/** DATA, HEADERS: the sender's half of the stream ends here. */
export const FLAG_END_STREAM = 0x01;
/** SETTINGS, PING: an answer, not a question. */
export const FLAG_ACK = 0x01;
/** HEADERS, CONTINUATION: the field block ends here. */
export const FLAG_END_HEADERS = 0x04;
/** DATA, HEADERS: a Pad Length byte comes first and padding last. */
export const FLAG_PADDED = 0x08;
/** HEADERS: five bytes of deprecated priority precede the fragment. */
export const FLAG_PRIORITY = 0x20;
