/**
 * Whether an attempt was a success, and if not, whether it is worth another (spec 05 sections 10 and 11).
 *
 *     open ---- what has come of the response says nothing yet: judge again when it has ended
 *     success
 *     failure
 *     retryable ---- a failure; another attempt may be made, if the budget allows
 *
 * A kind of classifier is a table: rows for responses, and rows for attempts that ended without one. Each kind is a file in
 * classifiers/ that implements {@link ClassifierKind}; classifiers/create.ts knows them all. Two rules hold whatever the
 * kind, and are {@link ResponseClassifier}'s:
 *
 *     failure     and the response says l5d-retryable: true        -> retryable
 *     retryable   and the request's body is not at hand any more   -> failure
 *
 * The contract with the callers: a head is judged before anything of it has gone to the client (`ended` false unless it
 * ends the response). What is not open then is final: the same response judged at its end gives the same verdict. An open
 * response is judged once more, ended. So a head that is held back until a verdict is known must not be judged `ended`
 * early. No method allocates.
 */
import type { Reason } from '../reasons.ts';

/** What is known of an attempt's success. */
export const VERDICT = { open: 0, success: 1, failure: 2, retryable: 3 } as const;

/** How an attempt ended that brought no whole response, as far as classifiers tell endings apart. */
export const ENDING = {
  /** Nothing that another attempt would mend, or nothing that an endpoint has done. */
  other: 0,
  /** Time ran out at the endpoint. */
  timeout: 1,
  /** The request, or all of it, never reached the endpoint: no connection, a failed write, a pool without room. */
  unsent: 2,
  /** The endpoint's connection ended. */
  closed: 3,
  /** What the endpoint sent is no response. */
  malformed: 4,
  /** The endpoint says that it has not looked at the request: a nack, REFUSED_STREAM. */
  refused: 5,
  /** The endpoint has reset the stream with a code of another meaning. */
  reset: 6,
} as const;

const ENDING_OF_REASON: Readonly<Partial<Record<Reason, number>>> = {
  connect_refused: ENDING.unsent,
  connect_timeout: ENDING.unsent,
  connect_failed: ENDING.unsent,
  fail_fast: ENDING.unsent,
  pool_exhausted: ENDING.unsent,
  upstream_stalled: ENDING.timeout,
  attempt_timeout: ENDING.timeout,
  upstream_closed: ENDING.closed,
  upstream_reset: ENDING.closed,
  upstream_truncated: ENDING.closed,
  upstream_malformed: ENDING.malformed,
  upstream_refused: ENDING.refused,
};

/** The ending that a failure's reason tells of: one of {@link ENDING}. @param reset an endpoint has reset the stream */
export function endingOf(reason: Reason, reset = false): number {
  if (reset && reason === 'upstream_reset') return ENDING.reset;
  return ENDING_OF_REASON[reason] ?? ENDING.other;
}

/** Whether an ending is what Linkerd calls a retryable exception: time-outs, writes, closed channels, framing. */
export function isRetryableEnding(ending: number): boolean {
  return ending >= ENDING.timeout && ending <= ENDING.refused;
}

/** The rows of one kind. Stateless, so that one object serves every service that is configured alike. */
export interface ClassifierKind {
  /** A head that is open may turn out retryable at its end: it is worth being held until then. */
  readonly retriesAtEnd: boolean;
  /** Whether any attempt of a request with that method can be retryable: its body is worth being kept. */
  retries(method: number): boolean;
  /**
   * Judges a response, or its head.
   *
   * @param method of core/http1/methods.ts
   * @param grpcStatus -1 for none
   * @param ended nothing more of it is to come
   * @returns one of {@link VERDICT}; never `open` when it has ended
   */
  response(method: number, status: number, grpcStatus: number, ended: boolean): number;
  /** Judges an attempt that ended otherwise. @param ending one of {@link ENDING} @returns `failure` or `retryable` */
  ending(method: number, ending: number): number;
}

/** Judges the attempts of a service. */
export class ResponseClassifier {
  /** As {@link ClassifierKind.retriesAtEnd}. */
  readonly retriesAtEnd: boolean;
  readonly #kind: ClassifierKind;

  constructor(kind: ClassifierKind) {
    this.retriesAtEnd = kind.retriesAtEnd;
    this.#kind = kind;
  }

  /** As {@link ClassifierKind.retries}. */
  retries(method: number): boolean {
    return this.#kind.retries(method);
  }

  /**
   * Judges a response, or its head: parameters as {@link ClassifierKind.response} has them.
   *
   * @param asksForRetry it has `l5d-retryable: true`
   * @param replayable all of the request is at hand, to be sent again
   * @returns one of {@link VERDICT}; never `open` when it has ended
   */
  judge(
    method: number,
    status: number,
    grpcStatus: number,
    ended: boolean,
    asksForRetry: boolean,
    replayable: boolean,
  ): number {
    const verdict = this.#kind.response(method, status, grpcStatus, ended);
    if (verdict < VERDICT.failure) return verdict;
    return replayable && (asksForRetry || verdict === VERDICT.retryable) ? VERDICT.retryable : VERDICT.failure;
  }

  /** Judges an attempt that ended without a whole response. @param ending one of {@link ENDING} @returns `failure` or `retryable` */
  judgeEnding(method: number, ending: number, replayable: boolean): number {
    return replayable ? this.#kind.ending(method, ending) : VERDICT.failure;
  }
}
