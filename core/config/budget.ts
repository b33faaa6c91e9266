/**
 * The budgets of requeues and retries (spec 02 section 7.6; core/resilience/retry-budget.ts says what they mean). Linkerd
 * finds wrong ones only when it builds the client or the path; here they do not load.
 */
import { int, numberBetween } from './scalars.ts';
import { object, withDefault } from './schema.ts';

/** Linkerd's default of both. */
export const DEFAULT_BUDGET = { ttlSecs: 10, minRetriesPerSec: 10, percentCanRetry: 0.2 } as const;

/** Reads `requeueBudget`, and `retries.budget`. */
export const budget = object({
  /** Time after which requests and retries count no more. */
  ttlSecs: withDefault(int(1, 60), DEFAULT_BUDGET.ttlSecs),
  /** Retries that are affordable without requests. */
  minRetriesPerSec: withDefault(int(0), DEFAULT_BUDGET.minRetriesPerSec),
  /** Retries for each request: 0.2 is one in five. */
  percentCanRetry: withDefault(numberBetween(0, 1000), DEFAULT_BUDGET.percentCanRetry),
});
