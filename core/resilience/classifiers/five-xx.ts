/**
 * Classifiers by HTTP status (spec 05 section 10): 5xx is a failure. They differ in the methods whose failures are
 * retryable:
 *
 *     nonRetryable5XX          none
 *     retryableRead5XX         GET HEAD OPTIONS TRACE
 *     retryableIdempotent5XX   GET HEAD OPTIONS TRACE PUT DELETE
 *     retryableAll5XX          GET HEAD OPTIONS TRACE PUT DELETE POST PATCH
 */
import {
  METHOD_DELETE,
  METHOD_GET,
  METHOD_HEAD,
  METHOD_OPTIONS,
  METHOD_PATCH,
  METHOD_POST,
  METHOD_PUT,
  METHOD_TRACE,
} from '../../http1/methods.ts';
import { type ClassifierKind, isRetryableEnding, VERDICT } from '../response-classifier.ts';

function maskOf(...methods: readonly number[]): number {
  return methods.reduce((mask, method) => mask | (1 << method), 0);
}

/** No method. */
export const NO_METHODS = 0;
/** Methods that read (RFC 9110 section 9.2.1), as a mask of bits `1 << method`. */
export const READ_METHODS = maskOf(METHOD_GET, METHOD_HEAD, METHOD_OPTIONS, METHOD_TRACE);
/** Methods whose request may be sent twice (RFC 9110 section 9.2.2). */
export const IDEMPOTENT_METHODS = READ_METHODS | maskOf(METHOD_PUT, METHOD_DELETE);
/** The methods that Linkerd's `All` means: neither CONNECT nor extensions. */
export const ALL_METHODS = IDEMPOTENT_METHODS | maskOf(METHOD_POST, METHOD_PATCH);

/** 5xx is a failure. */
export class FiveXX implements ClassifierKind {
  /** Its end can only be a success, or an ending: by then the head has long been passed on. */
  readonly retriesAtEnd = false;
  readonly #retryable: number;

  /** @param retryable mask of the methods whose failures are retryable */
  constructor(retryable: number) {
    this.#retryable = retryable;
  }

  retries(method: number): boolean {
    return (this.#retryable & (1 << method)) !== 0;
  }

  response(method: number, status: number, _grpcStatus: number, ended: boolean): number {
    if (status >= 500) return this.#failure(method);
    return ended ? VERDICT.success : VERDICT.open;
  }

  ending(method: number, ending: number): number {
    return isRetryableEnding(ending) ? this.#failure(method) : VERDICT.failure;
  }

  #failure(method: number): number {
    return this.retries(method) ? VERDICT.retryable : VERDICT.failure;
  }
}
