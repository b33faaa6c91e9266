/**
 * Which responses count as successes (spec 05 sections 10 and 11). What a head alone says may be no verdict yet: a response
 * of HTTP/2 is judged early where its head decides, otherwise when it has ended.
 *
 *     kind                 head                                         end
 *     nonRetryable5XX      5xx: failure; otherwise open                 success
 *     allSuccessful        open                                         success
 *     grpc.neverRetryable  grpc-status there: by it; 4xx, 5xx: failure  by grpc-status, without one failure
 */
import type { ResponseClassifierConfig } from '../../core/config/types.ts';

/** What is known of a response's success. */
export const VERDICT = { open: 0, success: 1, failure: 2 } as const;

/** Judges the responses of one router. */
export class Classifier {
  readonly #successAlways: boolean;
  /** Values of `grpc-status` that are successes; null where the HTTP status decides. */
  readonly #successCodes: ReadonlySet<number> | null;

  constructor(config: ResponseClassifierConfig) {
    this.#successAlways = config.kind === 'io.l5d.http.allSuccessful' || config.kind === 'io.l5d.h2.allSuccessful';
    this.#successCodes = config.kind === 'io.l5d.h2.grpc.neverRetryable' ? new Set(config.successStatusCodes) : null;
  }

  /**
   * Judges a response, or its head.
   *
   * @param grpcStatus -1 for none
   * @param ended there is nothing more to come of it
   * @returns one of {@link VERDICT}; never `open` when it has ended
   */
  judge(status: number, grpcStatus: number, ended: boolean): number {
    if (this.#successCodes !== null) {
      if (grpcStatus >= 0) return this.#successCodes.has(grpcStatus) ? VERDICT.success : VERDICT.failure;
      return ended || status >= 400 ? VERDICT.failure : VERDICT.open;
    }
    if (status >= 500 && !this.#successAlways) return VERDICT.failure;
    return ended ? VERDICT.success : VERDICT.open;
  }
}
