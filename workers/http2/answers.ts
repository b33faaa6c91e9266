/** Responses of Weft's own on HTTP/2 streams: with a status and a body, or gRPC's trailers without a head. */

import { formUrlEncodeLatin1 } from '../../core/http1/write.ts';
import { grpcStatusOfReason, writeGrpcMessage } from '../../core/http2/grpc-status.ts';
import { copyPiece, viewOf } from '../http1/field-lines.ts';
import type { Net } from '../net/net.ts';
import type { TracedResponse } from '../router/diagnostic-tracer.ts';
import type { Failure } from '../router/exchange.ts';
import { FAILURE, field, SUCCESS, VIA, VIA_VALUE } from './prepared-fields.ts';
import { writeStatus } from './response-encoder.ts';
import type { Http2Server } from './server.ts';

const MESSAGE_BYTES_MAX = 1024;
const ERROR_BYTES_MAX = 8192;
const CONTENT_TYPE_TEXT = field('content-type', 'text/plain');
const CONTENT_TYPE_GRPC = field('content-type', 'application/grpc');
const RETRYABLE = field('l5d-retryable', 'true');

/** Writes the head of an answer. @param bodyBytes of the text that follows @returns the end of the block */
export function writeAnswer(
  net: Net,
  at: number,
  cause: Failure,
  bodyBytes: number,
  success: boolean,
  clearContext: boolean,
): number {
  const { bytes } = net;
  let end = writeStatus(bytes, viewOf(bytes), at, cause.status);
  if (!clearContext) {
    if (cause.message !== '') {
      end = copyPiece(bytes, end, CONTENT_TYPE_TEXT);
      end = copyPiece(bytes, end, field('l5d-err', formUrlEncodeLatin1(cause.message, ERROR_BYTES_MAX)));
      if (cause.retryable) end = copyPiece(bytes, end, RETRYABLE);
    }
    end = copyPiece(bytes, end, success ? SUCCESS : FAILURE);
    end = copyPiece(bytes, end, VIA);
  }
  // RFC 9110 section 8.6.
  if (cause.status < 200 || cause.status === 204) return end;
  return copyPiece(bytes, end, field('content-length', String(bodyBytes)));
}

/** Writes the head of the response to a TRACE request, whose content is so long with what the router appends. @returns its end */
export function writeTraced(net: Net, at: number, response: TracedResponse, contentBytes: number): number {
  const { bytes } = net;
  let end = writeStatus(bytes, viewOf(bytes), at, response.status);
  end = copyPiece(bytes, end, response.success ? SUCCESS : FAILURE);
  end = copyPiece(bytes, end, response.via === '' ? VIA : field('via', `${response.via}, ${VIA_VALUE}`));
  for (const [name, value] of response.fields) end = copyPiece(bytes, end, field(name, value));
  return contentBytes === 0 ? end : copyPiece(bytes, end, field('content-length', String(contentBytes)));
}

/** Writes an answer to a call of gRPC, all of it. @returns the end of the block */
export function writeGrpcAnswer(net: Net, at: number, cause: Failure, server: Http2Server): number {
  const { bytes } = net;
  let end = writeStatus(bytes, viewOf(bytes), at, 200);
  end = copyPiece(bytes, end, CONTENT_TYPE_GRPC);
  end = copyPiece(bytes, end, field('grpc-status', String(grpcStatusOfReason(cause.reason))));
  if (server.config.clearContext) return end;
  const messageAt = end + MESSAGE_BYTES_MAX;
  const messageEnd = writeGrpcMessage(bytes, messageAt, cause.message, MESSAGE_BYTES_MAX);
  const message = Buffer.from(bytes.subarray(messageAt, messageEnd)).toString('latin1');
  end = copyPiece(bytes, end, field('grpc-message', message));
  end = copyPiece(bytes, end, field('l5d-err', formUrlEncodeLatin1(cause.message, ERROR_BYTES_MAX)));
  if (cause.retryable) end = copyPiece(bytes, end, RETRYABLE);
  end = copyPiece(bytes, end, FAILURE);
  return copyPiece(bytes, end, VIA);
}
