/** The response classifier kinds of http routers (spec 02 section 8.1). A new kind is a file beside this one and a line here. */
import { kinds, laterKind, misplacedKind } from '../kinds.ts';
import { allSuccessful } from './all-successful.ts';
import { nonRetryable5XX } from './non-retryable-5xx.ts';

/** Reads a service's `responseClassifier`. */
export const responseClassifier = kinds('responseClassifier kind', [
  nonRetryable5XX,
  allSuccessful,
  laterKind('io.l5d.http.retryableRead5XX'),
  laterKind('io.l5d.http.retryableIdempotent5XX'),
  laterKind('io.l5d.http.retryableAll5XX'),
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
