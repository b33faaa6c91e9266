/**
 * What holds for service names that are configured alike, whichever endpoint answers (Linkerd's path stack): how responses
 * are judged, how long to wait before another attempt, and how long all of it may take.
 */
import type { ServiceConfig } from '../../core/config/types.ts';
import { type Backoff, backoffOf } from '../../core/resilience/backoff.ts';
import { createClassifier } from '../../core/resilience/classifiers/create.ts';
import type { ResponseClassifier } from '../../core/resilience/response-classifier.ts';
import { BudgetTerms } from '../../core/resilience/retry-budget.ts';

/** The path stack of one service configuration in one worker. */
export class ServiceStack {
  readonly config: ServiceConfig;
  readonly classifier: ResponseClassifier;
  /** Pauses between attempts. */
  readonly backoff: Backoff;
  /** Of the retry budget, of which each service name has its own. */
  readonly budgetTerms: BudgetTerms;
  /** Time for a request with all its attempts, pauses, and the binding of its name; 0 for no bound. */
  readonly totalTimeoutMs: number;
  /** Content of an HTTP/2 request that is kept, so that it can be retried; no bound of its own for others. */
  readonly requestBytes: number;
  /** Content of an HTTP/2 response that is held for its verdict, and for how long. */
  readonly responseBytes: number;
  readonly classificationTimeoutMs: number;
  /** HTTP/2 responses whose heads decide nothing are held for what their ends may ask for. */
  readonly holds: boolean;

  constructor(config: ServiceConfig) {
    this.config = config;
    const ofStreams = 'retryBufferSize' in config;
    this.requestBytes = ofStreams ? config.retryBufferSize.requestBytes : Number.POSITIVE_INFINITY;
    this.responseBytes = ofStreams ? config.retryBufferSize.responseBytes : 0;
    this.classificationTimeoutMs = ofStreams ? config.classificationTimeoutMs : 0;
    this.classifier = createClassifier(config.responseClassifier);
    this.holds = this.classifier.retriesAtEnd && this.classificationTimeoutMs > 0;
    this.backoff = backoffOf(config.retries.backoff);
    this.budgetTerms = new BudgetTerms(config.retries.budget);
    this.totalTimeoutMs = config.totalTimeoutMs ?? 0;
  }
}
