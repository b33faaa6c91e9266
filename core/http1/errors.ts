/**
 * Every way in which bytes can fail to be HTTP/1, as a negative number that a parser returns, and what is answered.
 *
 * A parser's result is one number:
 *
 *     >= 0   the offset just past what was parsed
 *       -1   incomplete: call again with more bytes
 *    <= -2   one of the constants below
 *
 * A client that sends such bytes is answered with the status here and its connection closed; whatever an upstream does
 * wrong is a 502 to the client, and its connection closed (hostile-inputs rows 1 to 27).
 */
import type { CountedLimitName } from '../limits.ts';
import type { Reason } from '../reasons.ts';

/** More bytes are needed. */
export const INCOMPLETE = -1;
export const ERR_EMPTY_LINES = -2;
export const ERR_METHOD = -3;
export const ERR_START_LINE = -4;
export const ERR_TARGET_CHAR = -5;
export const ERR_TARGET_FORM = -6;
export const ERR_LINE_TOO_LONG = -7;
export const ERR_VERSION = -8;
export const ERR_VERSION_UNSUPPORTED = -9;
export const ERR_STATUS = -10;
export const ERR_BARE_CR = -11;
export const ERR_BARE_LF = -12;
export const ERR_FIELD_NAME = -13;
export const ERR_SPACE_BEFORE_COLON = -14;
export const ERR_FIELD_VALUE = -15;
export const ERR_LEADING_SPACE = -16;
export const ERR_LOOKALIKE = -17;
export const ERR_FIELD_COUNT = -18;
export const ERR_HEAD_TOO_LARGE = -19;
export const ERR_HOST_MISSING = -20;
export const ERR_HOST_REPEATED = -21;
export const ERR_HOST = -22;
export const ERR_CONTENT_LENGTH = -23;
export const ERR_CONTENT_LENGTH_REPEATED = -24;
export const ERR_LENGTH_AND_CODING = -25;
export const ERR_CODING_IN_HTTP10 = -26;
export const ERR_CODING = -27;
export const ERR_CODING_UNSUPPORTED = -28;
export const ERR_EXPECTATION = -29;
export const ERR_CONNECTION_OPTIONS = -30;
export const ERR_CHUNK_SIZE = -31;
export const ERR_CHUNK_SIZE_RANGE = -32;
export const ERR_CHUNK_EXTENSION = -33;
export const ERR_CHUNK_LINE_TOO_LONG = -34;
export const ERR_CHUNK_DATA_END = -35;
export const ERR_TRAILERS_TOO_LARGE = -36;

/** The bound of core/limits.ts that an error says was met; undefined for one that says something else. */
export function limitOf(code: number): CountedLimitName | undefined {
  switch (code) {
    case ERR_FIELD_COUNT:
      return 'headerCountMax';
    case ERR_CHUNK_LINE_TOO_LONG:
      return 'chunkLineBytesMax';
    case ERR_TRAILERS_TOO_LARGE:
      return 'trailerBytesMax';
    default:
      return undefined;
  }
}

/** What is answered for a failure. */
export interface Http1Failure {
  readonly status: number;
  readonly reason: Reason;
  readonly message: string;
}

function badRequest(message: string): Http1Failure {
  return { status: 400, reason: 'bad_request', message };
}

function tooLarge(message: string): Http1Failure {
  return { status: 431, reason: 'headers_too_large', message };
}

/** By `-code`; the first two places are no errors. */
const REQUEST_FAILURES: readonly (Http1Failure | undefined)[] = [
  undefined,
  undefined,
  badRequest('too many empty lines before the request line'),
  badRequest('the method is not a token'),
  badRequest('the start line is not three parts with single spaces'),
  badRequest('the request target holds a character other than visible ASCII, or a fragment'),
  badRequest('the request target has no form that its method allows'),
  { status: 414, reason: 'uri_too_long', message: 'the start line is too long' },
  badRequest('the start line holds no HTTP version'),
  { status: 505, reason: 'unsupported_version', message: 'the major version is not 1' },
  badRequest('the status code is not three digits from 100 on'),
  badRequest('a CR without LF'),
  badRequest('a LF without CR'),
  badRequest('a field name is empty or not a token'),
  badRequest('whitespace between a field name and its colon'),
  badRequest('a field value holds a control character'),
  badRequest('a field line begins with whitespace'),
  badRequest('a field name imitates a framing field with an underscore'),
  tooLarge('too many field lines'),
  tooLarge('the field lines are too large'),
  badRequest('no Host'),
  badRequest('more than one Host'),
  badRequest('the host is not a host with an optional port'),
  badRequest('the Content-Length is not a number in range'),
  badRequest('conflicting `Content-Length` headers'),
  badRequest('both Content-Length and Transfer-Encoding'),
  badRequest('Transfer-Encoding in an HTTP/1.0 message'),
  badRequest('the Transfer-Encoding does not end with one chunked'),
  {
    status: 501,
    reason: 'unsupported_transfer_coding',
    message: 'the Transfer-Encoding holds a coding other than chunked',
  },
  { status: 417, reason: 'expectation_failed', message: 'the Expect value is not 100-continue' },
  tooLarge('too many Connection options'),
  badRequest('a chunk size is not hexadecimal digits'),
  badRequest('a chunk size is out of range'),
  badRequest('a chunk extension is malformed'),
  badRequest('a chunk-size line is too long'),
  badRequest('chunk data is not followed by CRLF'),
  tooLarge('the trailer section is too large'),
];

const RESPONSE_FAILURES: readonly (Http1Failure | undefined)[] = REQUEST_FAILURES.map(
  (failure) => failure && { status: 502, reason: 'upstream_malformed', message: failure.message },
);

/** What a client is answered whose request failed with `code`. @throws RangeError when `code` is no error constant */
export function requestFailure(code: number): Http1Failure {
  return lookUp(REQUEST_FAILURES, code);
}

/** What a client is answered when its upstream's response failed with `code`. @throws RangeError as above */
export function responseFailure(code: number): Http1Failure {
  return lookUp(RESPONSE_FAILURES, code);
}

function lookUp(failures: readonly (Http1Failure | undefined)[], code: number): Http1Failure {
  const failure = failures[-code];
  if (failure === undefined) throw new RangeError(`${code} is not an HTTP/1 error code`);
  return failure;
}
