/**
 * Which fields do not go on as they came (spec 03 sections 4.2 and 5.4, RFC 9110 section 7.6.1): sets of tokens, one bit each,
 * for the writers of all four ways between HTTP/1 and HTTP/2.
 */
import {
  TOKEN_CONNECTION,
  TOKEN_EXPECT,
  TOKEN_HOP_NAMED,
  TOKEN_KEEP_ALIVE,
  TOKEN_L5D_CTX_DTAB,
  TOKEN_L5D_DST_CLIENT,
  TOKEN_L5D_DST_RESIDUAL,
  TOKEN_L5D_DST_SERVICE,
  TOKEN_L5D_DTAB,
  TOKEN_L5D_SUCCESS_CLASS,
  TOKEN_OF_PROXIES,
  TOKEN_PROXY_AUTHENTICATE,
  TOKEN_PROXY_AUTHORIZATION,
  TOKEN_PROXY_CONNECTION,
  TOKEN_TE,
  TOKEN_TRAILER,
  TOKEN_UPGRADE,
  TOKEN_VIA,
} from '../../core/http1/tokens.ts';

/** What an HTTP/1 message says to the next hop alone. Its framing, Transfer-Encoding, is the writers' own matter. */
export const HOP_BY_HOP =
  (1 << TOKEN_CONNECTION) |
  (1 << TOKEN_KEEP_ALIVE) |
  (1 << TOKEN_PROXY_CONNECTION) |
  (1 << TOKEN_TE) |
  (1 << TOKEN_TRAILER) |
  (1 << TOKEN_UPGRADE);

/** What is between a client and its proxy. */
export const OF_PROXY = (1 << TOKEN_PROXY_AUTHENTICATE) | (1 << TOKEN_PROXY_AUTHORIZATION);

/**
 * What a request has to lose whatever it came over: what ends here, and what Weft says anew. Those of its trace are the
 * propagator's matter (trace-propagator.ts).
 */
export const REPLACED_IN_REQUEST =
  OF_PROXY |
  (1 << TOKEN_VIA) |
  (1 << TOKEN_L5D_DTAB) |
  (1 << TOKEN_L5D_CTX_DTAB) |
  (1 << TOKEN_L5D_DST_SERVICE) |
  (1 << TOKEN_L5D_DST_CLIENT) |
  (1 << TOKEN_L5D_DST_RESIDUAL) |
  (1 << TOKEN_OF_PROXIES) |
  (1 << TOKEN_HOP_NAMED);

/** What a request over HTTP/1 has to lose. */
export const DROPPED_FROM_REQUEST = REPLACED_IN_REQUEST | HOP_BY_HOP | (1 << TOKEN_EXPECT);

/** What a response has to lose whatever it came over. */
export const REPLACED_IN_RESPONSE = (1 << TOKEN_VIA) | (1 << TOKEN_L5D_SUCCESS_CLASS) | (1 << TOKEN_HOP_NAMED);

const L5D = Buffer.from('l5d-');

/** Whether a field name begins with `l5d-`, in either case. */
export function startsWithL5d(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < L5D.length) return false;
  for (let i = 0; i < L5D.length; i++) if (((bytes[from + i] as number) | 0x20) !== L5D[i]) return false;
  return true;
}
