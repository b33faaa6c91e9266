/** Makes a service's classifier as it is configured. A new kind is a file beside this one and a case here. */
import type { ResponseClassifierConfig } from '../../config/types.ts';
import { type ClassifierKind, ResponseClassifier } from '../response-classifier.ts';
import { AllSuccessful } from './all-successful.ts';
import { ALL_METHODS, FiveXX, IDEMPOTENT_METHODS, NO_METHODS, READ_METHODS } from './five-xx.ts';
import { ALWAYS, COMPLIANT, Grpc, NEVER, UNAVAILABLE } from './grpc.ts';

/** Makes a classifier. */
export function createClassifier(config: ResponseClassifierConfig): ResponseClassifier {
  return new ResponseClassifier(kindOf(config));
}

function kindOf(config: ResponseClassifierConfig): ClassifierKind {
  switch (config.kind) {
    case 'io.l5d.http.nonRetryable5XX':
    case 'io.l5d.h2.nonRetryable5XX':
      return new FiveXX(NO_METHODS);
    case 'io.l5d.http.retryableRead5XX':
      return new FiveXX(READ_METHODS);
    case 'io.l5d.http.retryableIdempotent5XX':
      return new FiveXX(IDEMPOTENT_METHODS);
    case 'io.l5d.http.retryableAll5XX':
      return new FiveXX(ALL_METHODS);
    case 'io.l5d.http.allSuccessful':
    case 'io.l5d.h2.allSuccessful':
      return new AllSuccessful();
    case 'io.l5d.h2.retryableRead5XX':
      return new FiveXX(READ_METHODS);
    case 'io.l5d.h2.retryableIdempotent5XX':
      return new FiveXX(IDEMPOTENT_METHODS);
    case 'io.l5d.h2.retryableAll5XX':
      return new FiveXX(ALL_METHODS);
    case 'io.l5d.h2.grpc.neverRetryable':
      return new Grpc(config.successStatusCodes, NEVER);
    case 'io.l5d.h2.grpc.default':
      return new Grpc(config.successStatusCodes, UNAVAILABLE);
    case 'io.l5d.h2.grpc.compliant':
      return new Grpc(config.successStatusCodes, COMPLIANT);
    case 'io.l5d.h2.grpc.alwaysRetryable':
      return new Grpc(config.successStatusCodes, ALWAYS);
    case 'io.l5d.h2.grpc.retryableStatusCodes':
      return new Grpc(config.successStatusCodes, { codes: config.retryableStatusCodes, http: false });
  }
}
