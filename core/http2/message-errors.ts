/**
 * Every way in which a message can be malformed although its frames are not (RFC 9113 sections 8.1.1 to 8.5), with what
 * is answered. Each is a stream error of the form that `protocol-errors.ts` draws: a request may be answered with the
 * status here before its stream is reset, a response of an upstream is a 502 to the client.
 */
import type { Http1Failure } from '../http1/errors.ts';
import type { Reason } from '../reasons.ts';
import { ENHANCE_YOUR_CALM, NO_ERROR, PROTOCOL_ERROR } from './error-codes.ts';
import { errorIndex, streamError } from './protocol-errors.ts';

/** What is answered, as for HTTP/1. */
export type MessageFailure = Http1Failure;

/** By `errorIndex`; places of errors that are none of a message stay empty. */
const REQUEST_FAILURES: (MessageFailure | undefined)[] = [];
const RESPONSE_FAILURES: (MessageFailure | undefined)[] = [];

function define(code: number, status: number, reason: Reason, section: string, message: string): number {
  const error = streamError(code, `RFC 9113 ${section}`, message);
  REQUEST_FAILURES[errorIndex(error)] = { status, reason, message };
  RESPONSE_FAILURES[errorIndex(error)] = { status: 502, reason: 'upstream_malformed', message };
  return error;
}

function malformed(section: string, message: string): number {
  return define(PROTOCOL_ERROR, 400, 'bad_request', section, message);
}

/** More or larger fields than SETTINGS_MAX_HEADER_LIST_SIZE or the header count allow: not malformed, but too much. */
export const ERR_FIELDS_TOO_LARGE = define(
  ENHANCE_YOUR_CALM,
  431,
  'headers_too_large',
  '10.5.1',
  'the field section is too large',
);

// Fields (section 8.2).
export const ERR_FIELD_NAME = malformed('8.2.1', 'a field name is empty or not a token');
export const ERR_FIELD_NAME_CASE = malformed('8.2.1', 'a field name holds an upper-case letter');
export const ERR_FIELD_VALUE = malformed('8.2.1', 'a field value holds a control character');
export const ERR_FIELD_VALUE_SPACE = malformed('8.2.1', 'a field value begins or ends with whitespace');
export const ERR_LOOKALIKE = malformed('10.3', 'a field name imitates a framing field with an underscore');
export const ERR_CONNECTION_FIELD = malformed('8.2.2', 'a field that is for one HTTP/1 connection');
export const ERR_TE = malformed('8.2.2', 'the TE value is not trailers');

// Pseudo-header fields (sections 8.3 and 8.5).
export const ERR_PSEUDO_LATE = malformed('8.3', 'a pseudo-header field behind a regular one');
export const ERR_PSEUDO_UNKNOWN = malformed('8.3', 'a pseudo-header field that the message may not have');
export const ERR_PSEUDO_REPEATED = malformed('8.3', 'more than one pseudo-header field of a name');
export const ERR_PSEUDO_IN_TRAILERS = malformed('8.1', 'a pseudo-header field in a trailer section');
export const ERR_METHOD_MISSING = malformed('8.3.1', 'no :method');
export const ERR_METHOD = malformed('8.3.1', 'the :method is not a token');
export const ERR_SCHEME_MISSING = malformed('8.3.1', 'no :scheme');
export const ERR_SCHEME = malformed('8.3.1', 'the :scheme is not a URI scheme');
export const ERR_PATH_MISSING = malformed('8.3.1', 'no :path');
export const ERR_PATH_EMPTY = malformed('8.3.1', 'the :path is empty');
export const ERR_PATH_CHAR = malformed('8.3.1', 'the :path holds a character other than visible ASCII, or a fragment');
export const ERR_PATH_FORM = malformed('8.3.1', 'the :path has no form that its method allows');
export const ERR_AUTHORITY_MISSING = malformed('8.3.1', 'neither :authority nor Host');
export const ERR_AUTHORITY = malformed('8.3.1', 'the authority is not a host with an optional port');
export const ERR_HOST_REPEATED = malformed('8.3.1', 'more than one Host');
export const ERR_HOST_DIFFERS = malformed('8.3.1', 'the Host is not the :authority');
export const ERR_CONNECT_FORM = malformed('8.5', 'a :scheme or :path with CONNECT');
export const ERR_CONNECT_AUTHORITY = malformed('8.5', 'the :authority of CONNECT is not a host with a port');
export const ERR_CONNECT_LENGTH = malformed('8.5', 'a Content-Length with CONNECT, whose DATA are no content');
export const ERR_STATUS_MISSING = malformed('8.3.2', 'no :status');
export const ERR_STATUS = malformed('8.3.2', 'the :status is not three digits from 100 on');
export const ERR_STATUS_SWITCHING = malformed('8.6', 'a :status of 101, which HTTP/2 has not');
/** Has an answer of its own; nothing is wrong with the stream. */
export const ERR_EXPECTATION = define(
  NO_ERROR,
  417,
  'expectation_failed',
  '8.1',
  'the Expect value is not 100-continue',
);

// Length and order (sections 8.1 and 8.1.1).
export const ERR_CONTENT_LENGTH = malformed('8.1.1', 'the Content-Length is not a number in range');
export const ERR_CONTENT_LENGTH_REPEATED = malformed('8.1.1', 'more than one Content-Length');
export const ERR_LENGTH_ENDED = malformed('8.1.1', 'END_STREAM behind a head with a Content-Length above 0');
export const ERR_BODY_TOO_LONG = malformed('8.1.1', 'more DATA than the Content-Length says');
export const ERR_BODY_TOO_SHORT = malformed('8.1.1', 'less DATA than the Content-Length says');
export const ERR_DATA_BEFORE_HEAD = malformed('8.1', 'DATA before the head of the message');
export const ERR_TRAILERS_UNENDED = malformed('8.1', 'HEADERS behind the head without END_STREAM');
export const ERR_INFORMATIONAL_ENDED = malformed('8.1', 'an informational head with END_STREAM');

/** What a client is answered whose request failed with `error`. @throws RangeError when `error` is none of this file */
export function requestFailure(error: number): MessageFailure {
  return lookUp(REQUEST_FAILURES, error);
}

/** What a client is answered when its upstream's response failed with `error`. @throws RangeError as above */
export function responseFailure(error: number): MessageFailure {
  return lookUp(RESPONSE_FAILURES, error);
}

/** Whether the two functions above know the error; the others of `protocol-errors.ts` have no answer but a reset. */
export function isMessageError(error: number): boolean {
  return REQUEST_FAILURES[errorIndex(error)] !== undefined;
}

function lookUp(failures: readonly (MessageFailure | undefined)[], error: number): MessageFailure {
  const failure = failures[errorIndex(error)];
  if (failure === undefined) throw new RangeError(`${error} is not an error of an HTTP/2 message`);
  return failure;
}
