/**
 * The field names that a mesh proxy must know, as small integers, so that a head can be asked with one bit mask
 * whether it holds any of them, and no name is ever compared twice.
 *
 * A perfect hash leaves one candidate for a name, its bytes decide, four at a time and in either letter case:
 *
 *     c o n t e n t - l e n g t h        hash of first and last word, middle byte and length -> one of 256 slots
 *     |-----|       ^       |-----|
 *
 * Common names that need no token are in the table too: a name that is found there need not be checked byte by byte for
 * characters that no name may hold. The table is built when the module is loaded, and a collision (after an addition
 * to a list) is an error there and then.
 */
import { asciiBytes } from './ascii.ts';

/** The name is not in the table: whether it is a valid name at all is for the caller to find out. */
export const TOKEN_UNKNOWN = -1;

/** The field is none of the known ones. */
export const TOKEN_NONE = 0;
export const TOKEN_HOST = 1;
export const TOKEN_CONTENT_LENGTH = 2;
export const TOKEN_TRANSFER_ENCODING = 3;
export const TOKEN_CONNECTION = 4;
export const TOKEN_KEEP_ALIVE = 5;
export const TOKEN_PROXY_CONNECTION = 6;
export const TOKEN_PROXY_AUTHENTICATE = 7;
export const TOKEN_PROXY_AUTHORIZATION = 8;
export const TOKEN_TE = 9;
export const TOKEN_TRAILER = 10;
export const TOKEN_UPGRADE = 11;
export const TOKEN_EXPECT = 12;
export const TOKEN_VIA = 13;
export const TOKEN_L5D_DTAB = 14;
export const TOKEN_L5D_CTX_DTAB = 15;
export const TOKEN_L5D_CTX_TRACE = 16;
export const TOKEN_L5D_CTX_DEADLINE = 17;
export const TOKEN_L5D_SAMPLE = 18;
export const TOKEN_L5D_REQID = 19;
export const TOKEN_L5D_DST_SERVICE = 20;
export const TOKEN_L5D_DST_CLIENT = 21;
export const TOKEN_L5D_DST_RESIDUAL = 22;
export const TOKEN_L5D_ERR = 23;
export const TOKEN_L5D_SUCCESS_CLASS = 24;
export const TOKEN_L5D_RETRYABLE = 25;
export const TOKEN_MAX_FORWARDS = 26;
/** Either of two fields that proxies alone say to endpoints: of a client they do not pass. */
export const TOKEN_OF_PROXIES = 27;
/** Any field of a B3 trace context: which one it is, its name tells. */
export const TOKEN_B3 = 29;
/** An underscore spelling of a framing field, which some peers take for the field itself. Never leaves the parser. */
export const TOKEN_LOOKALIKE = 28;
/** Which content codings a client takes: asked of every request where responses are compressed. */
export const TOKEN_ACCEPT_ENCODING = 31;
/** The field is not to be forwarded: Connection names it, or it is a trailer that may not be one. */
export const TOKEN_HOP_NAMED = 30;

/** Known names in lower case; a name's place is its token. */
export const TOKEN_NAMES: readonly string[] = [
  '',
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'via',
  'l5d-dtab',
  'l5d-ctx-dtab',
  'l5d-ctx-trace',
  'l5d-ctx-deadline',
  'l5d-sample',
  'l5d-reqid',
  'l5d-dst-service',
  'l5d-dst-client',
  'l5d-dst-residual',
  'l5d-err',
  'l5d-success-class',
  'l5d-retryable',
  'max-forwards',
  'x-forwarded-client-cert',
];

const LOOKALIKES: readonly string[] = ['content_length', 'transfer_encoding'];

/** The other is among the known names. */
const NAMES_OF_PROXIES: readonly string[] = ['finagle-http-retryable-request'];

const B3_NAMES: readonly string[] = [
  'b3',
  'x-b3-flags',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-spanid',
  'x-b3-traceid',
];

const ORDINARY_NAMES: readonly string[] = [
  'accept',
  'accept-language',
  'accept-ranges',
  'age',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-type',
  'cookie',
  'date',
  'etag',
  'expires',
  'forwarded',
  'if-modified-since',
  'if-none-match',
  'last-modified',
  'location',
  'origin',
  'priority',
  'referer',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'server',
  'set-cookie',
  'traceparent',
  'upgrade-insecure-requests',
  'user-agent',
  'vary',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-powered-by',
  'x-request-id',
];

const LETTER_CASE = 0x20202020;
/** Found by trying random odd numbers until no two names met; of no meaning otherwise. */
const MULTIPLIER = 0x03960851;
const SLOT_BITS = 8;
/** Names lie at `slot * NAME_STRIDE`, with bit 0x20 set in every byte. */
const NAME_STRIDE = 32;

const slotToken = new Int8Array(1 << SLOT_BITS).fill(TOKEN_UNKNOWN);
const slotLength = new Uint8Array(1 << SLOT_BITS);
const slotName = new Uint8Array(NAME_STRIDE << SLOT_BITS);
const slotNameView = new DataView(slotName.buffer);

function addName(name: string, token: number): void {
  const bytes = asciiBytes(name);
  const slot = slotOf(bytes, new DataView(bytes.buffer), 0, bytes.length);
  if (slotLength[slot] !== 0) throw new Error(`field name ${name} collides: choose another MULTIPLIER`);
  slotToken[slot] = token;
  slotLength[slot] = bytes.length;
  for (const [i, byte] of bytes.entries()) slotName[slot * NAME_STRIDE + i] = byte | 0x20;
}

function slotOf(bytes: Uint8Array, view: DataView, start: number, length: number): number {
  let first = bytes[start]! | 0x20;
  let last = bytes[start + length - 1]! | 0x20;
  if (length >= 4) {
    first = view.getInt32(start) | LETTER_CASE;
    last = view.getInt32(start + length - 4) | LETTER_CASE;
  }
  const middle = bytes[start + (length >> 1)]! | 0x20;
  return Math.imul(Math.imul(first, 31) + last + length + middle, MULTIPLIER) >>> (32 - SLOT_BITS);
}

for (const [token, name] of TOKEN_NAMES.entries()) {
  if (token !== TOKEN_NONE) addName(name, token);
}
for (const name of LOOKALIKES) addName(name, TOKEN_LOOKALIKE);
for (const name of B3_NAMES) addName(name, TOKEN_B3);
for (const name of NAMES_OF_PROXIES) addName(name, TOKEN_OF_PROXIES);
addName('accept-encoding', TOKEN_ACCEPT_ENCODING);
for (const name of ORDINARY_NAMES) addName(name, TOKEN_NONE);

/**
 * The token of the field name in `bytes[start, end)`: {@link TOKEN_NONE} when it is a name without one,
 * {@link TOKEN_UNKNOWN} when it is not in the table.
 *
 * The name is not empty and holds no control characters; letters match in either case.
 *
 * @param view over the same bytes as `bytes`, offsets alike
 */
export function fieldToken(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  const length = end - start;
  const slot = slotOf(bytes, view, start, length);
  if (slotLength[slot] !== length) return TOKEN_UNKNOWN;
  const name = slot * NAME_STRIDE;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    if ((view.getInt32(start + i) | LETTER_CASE) !== slotNameView.getInt32(name + i)) return TOKEN_UNKNOWN;
  }
  for (; i < length; i++) {
    if ((bytes[start + i]! | 0x20) !== slotName[name + i]) return TOKEN_UNKNOWN;
  }
  return slotToken[slot]!;
}
