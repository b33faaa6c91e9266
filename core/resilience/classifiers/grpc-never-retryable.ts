/**
 * The classifier that goes by the status of gRPC and retries nothing (spec 05 section 11):
 *
 *     grpc-status, in the head or in trailers    by it
 *     HTTP 4xx, 5xx without one                  failure, of the head already
 *     none at the end                            failure
 */
import { type ClassifierKind, VERDICT } from '../response-classifier.ts';

/** `io.l5d.h2.grpc.neverRetryable`. */
export class GrpcNeverRetryable implements ClassifierKind {
  readonly #successCodes: ReadonlySet<number>;

  /** @param successCodes values of `grpc-status` that are successes */
  constructor(successCodes: readonly number[]) {
    this.#successCodes = new Set(successCodes);
  }

  response(_method: number, status: number, grpcStatus: number, ended: boolean): number {
    if (grpcStatus >= 0) return this.#successCodes.has(grpcStatus) ? VERDICT.success : VERDICT.failure;
    return ended || status >= 400 ? VERDICT.failure : VERDICT.open;
  }

  ending(): number {
    return VERDICT.failure;
  }
}
