/** The response classifier kinds (spec 02 section 8.1). A new kind is a file beside this one and a line here. */
import { kinds, misplacedKind } from '../kinds.ts';
import { h2AllSuccessful, httpAllSuccessful } from './all-successful.ts';
import {
  grpcAlwaysRetryable,
  grpcCompliant,
  grpcDefault,
  grpcNeverRetryable,
  grpcRetryableStatusCodes,
} from './grpc.ts';
import { h2RetryableAll5XX, h2RetryableIdempotent5XX, h2RetryableRead5XX } from './h2-retryable-5xx.ts';
import { httpRetryableAll5XX, httpRetryableIdempotent5XX, httpRetryableRead5XX } from './http-retryable-5xx.ts';
import { h2NonRetryable5XX, httpNonRetryable5XX } from './non-retryable-5xx.ts';

/** Reads `responseClassifier` of an http router. */
export const httpResponseClassifier = kinds('responseClassifier kind', [
  httpNonRetryable5XX,
  httpRetryableRead5XX,
  httpRetryableIdempotent5XX,
  httpRetryableAll5XX,
  httpAllSuccessful,
  misplacedKind('io.l5d.h2.nonRetryable5XX', 'h2'),
  misplacedKind('io.l5d.h2.retryableRead5XX', 'h2'),
  misplacedKind('io.l5d.h2.retryableIdempotent5XX', 'h2'),
  misplacedKind('io.l5d.h2.retryableAll5XX', 'h2'),
  misplacedKind('io.l5d.h2.allSuccessful', 'h2'),
  misplacedKind('io.l5d.h2.grpc.default', 'h2'),
  misplacedKind('io.l5d.h2.grpc.compliant', 'h2'),
  misplacedKind('io.l5d.h2.grpc.alwaysRetryable', 'h2'),
  misplacedKind('io.l5d.h2.grpc.neverRetryable', 'h2'),
  misplacedKind('io.l5d.h2.grpc.retryableStatusCodes', 'h2'),
]);

/** Reads `responseClassifier` of an h2 router. */
export const h2ResponseClassifier = kinds('responseClassifier kind', [
  h2NonRetryable5XX,
  h2RetryableRead5XX,
  h2RetryableIdempotent5XX,
  h2RetryableAll5XX,
  h2AllSuccessful,
  grpcDefault,
  grpcCompliant,
  grpcAlwaysRetryable,
  grpcNeverRetryable,
  grpcRetryableStatusCodes,
  misplacedKind('io.l5d.http.nonRetryable5XX', 'http'),
  misplacedKind('io.l5d.http.retryableRead5XX', 'http'),
  misplacedKind('io.l5d.http.retryableIdempotent5XX', 'http'),
  misplacedKind('io.l5d.http.retryableAll5XX', 'http'),
  misplacedKind('io.l5d.http.allSuccessful', 'http'),
]);
