/**
 * Which fields the encoder may put into its table. What differs from message to message would push out what repeats, and
 * change the table for nothing; what is secret must not be there at all (RFC 7541 section 7.1): who can add fields to a
 * connection and sees their sizes could guess it piece by piece.
 */
import { TOKEN_L5D_CTX_TRACE, TOKEN_L5D_REQID } from '../../http1/tokens.ts';
import { STATIC_ENTRIES, STATIC_FIELDS } from './static-table.ts';

/** Into the table once it has been met twice. */
export const POLICY_INDEX = 0;
/** A literal, each time. */
export const POLICY_LITERAL = 1;
/** A literal that no one on the way may index either (RFC 7541 section 6.2.3). */
export const POLICY_NEVER = 2;

/** A cookie shorter than this is a secret short enough to be guessed; nghttp2 draws the line at the same length. */
const COOKIE_BYTES_MIN = 20;

const FLEETING: readonly string[] = [
  ':path',
  'age',
  'content-length',
  'date',
  'etag',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'location',
  'set-cookie',
];
const SECRET: readonly string[] = ['authorization', 'proxy-authorization'];
const FLEETING_TOKENS = (1 << TOKEN_L5D_CTX_TRACE) | (1 << TOKEN_L5D_REQID);
/** `grpc-timeout`, which is in neither table, as three words. */
const GRPC_TIMEOUT_BYTES = 12;
const GRPC = 0x67727063;
const TIM = 0x2d74696d;
const EOUT = 0x656f7574;

const INDEX_COOKIE = STATIC_FIELDS.findIndex(([name]) => name === 'cookie') + 1;
const staticPolicy = new Uint8Array(STATIC_ENTRIES + 1);
for (const [place, [name]] of STATIC_FIELDS.entries()) {
  if (FLEETING.includes(name)) staticPolicy[place + 1] = POLICY_LITERAL;
  if (SECRET.includes(name)) staticPolicy[place + 1] = POLICY_NEVER;
}

/** What to do with a field whose name the static table has, at `nameIndex`. */
export function policyOfStatic(nameIndex: number, valueBytes: number): number {
  if (nameIndex === INDEX_COOKIE && valueBytes < COOKIE_BYTES_MIN) return POLICY_NEVER;
  return staticPolicy[nameIndex]!;
}

/** What to do with a field whose name the static table has not. */
export function policyOfOther(view: DataView, nameAt: number, nameEnd: number, token: number): number {
  if (((1 << token) & FLEETING_TOKENS) !== 0) return POLICY_LITERAL;
  const isGrpcTimeout =
    nameEnd - nameAt === GRPC_TIMEOUT_BYTES &&
    view.getInt32(nameAt + 4) === TIM &&
    view.getInt32(nameAt) === GRPC &&
    view.getInt32(nameAt + 8) === EOUT;
  return isGrpcTimeout ? POLICY_LITERAL : POLICY_INDEX;
}
