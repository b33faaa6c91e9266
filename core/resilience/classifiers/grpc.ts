/**
 * Classifiers by the status of gRPC (spec 02 section 8.1, spec 05 section 11). A call is judged by the first of these there is:
 *
 *     grpc-status, in the head or in trailers    by it
 *     HTTP 4xx, 5xx                              failure, of the head already
 *     the end, without a status                  failure
 *
 * They differ in which failures are retryable:
 *
 *     kind                    grpc-status      HTTP status            ending
 *     neverRetryable          none             none                   none
 *     default                 14               none                   none
 *     alwaysRetryable         all              none                   none
 *     retryableStatusCodes    those listed     none                   none
 *     compliant               14               429, 502, 503, 504     REFUSED_STREAM
 *
 * 14 is UNAVAILABLE, and those four are what gRPC's http-grpc-status-mapping.md takes for it.
 */
import { GRPC_OK, GRPC_UNAUTHENTICATED, GRPC_UNAVAILABLE, grpcStatusOfHttp } from '../../http2/grpc-status.ts';
import { type ClassifierKind, ENDING, VERDICT } from '../response-classifier.ts';

/** Statuses that have a meaning; all others are judged alike, in the place behind theirs. */
const CODES = GRPC_UNAUTHENTICATED + 1;

/** Which failures are retryable. */
export interface GrpcRetries {
  /** Values of `grpc-status`, or all of them. */
  readonly codes: readonly number[] | 'all';
  /** What says UNAVAILABLE in HTTP's words: its statuses, and REFUSED_STREAM. */
  readonly http: boolean;
}

/** `io.l5d.h2.grpc.neverRetryable`. */
export const NEVER: GrpcRetries = { codes: [], http: false };
/** `io.l5d.h2.grpc.default`. */
export const UNAVAILABLE: GrpcRetries = { codes: [GRPC_UNAVAILABLE], http: false };
/** `io.l5d.h2.grpc.alwaysRetryable`. */
export const ALWAYS: GrpcRetries = { codes: 'all', http: false };
/** `io.l5d.h2.grpc.compliant`. */
export const COMPLIANT: GrpcRetries = { codes: [GRPC_UNAVAILABLE], http: true };

/** One of the kinds. */
export class Grpc implements ClassifierKind {
  readonly retriesAtEnd: boolean;
  readonly #verdicts: Uint8Array;
  readonly #http: boolean;

  /** @param successCodes values of `grpc-status` that are successes, whatever is retryable */
  constructor(successCodes: readonly number[], { codes, http }: GrpcRetries) {
    this.#verdicts = new Uint8Array(CODES + 1).fill(codes === 'all' ? VERDICT.retryable : VERDICT.failure);
    if (codes !== 'all') for (const code of codes) this.#verdicts[code] = VERDICT.retryable;
    for (const code of successCodes) this.#verdicts[code] = VERDICT.success;
    this.retriesAtEnd = this.#verdicts.includes(VERDICT.retryable);
    this.#http = http;
  }

  retries(): boolean {
    return this.retriesAtEnd || this.#http;
  }

  response(_method: number, status: number, grpcStatus: number, ended: boolean): number {
    if (grpcStatus >= GRPC_OK) return this.#verdicts[Math.min(grpcStatus, CODES)] as number;
    if (status < 400) return ended ? VERDICT.failure : VERDICT.open;
    return this.#http && grpcStatusOfHttp(status) === GRPC_UNAVAILABLE ? VERDICT.retryable : VERDICT.failure;
  }

  ending(_method: number, ending: number): number {
    return this.#http && ending === ENDING.refused ? VERDICT.retryable : VERDICT.failure;
  }
}
