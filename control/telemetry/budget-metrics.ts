/**
 * The gauge `retries/budget` (spec 05 section 6.1): retries that a service, or requeues that a client, can afford now. Nobody
 * counts it: it is read out of the shared budgets when somebody looks.
 */
import type { BudgetConfig } from '../../core/config/types.ts';
import { BudgetTerms } from '../../core/resilience/retry-budget.ts';
import type { RetryBudgets } from '../../core/shared/retry-budgets.ts';
import type { MetricSource } from './metrics-tree.ts';

/** Shows a scope's budget. */
export function budgetMetrics(budgets: RetryBudgets, scope: number, config: BudgetConfig): MetricSource {
  const terms = new BudgetTerms(config);
  const read = () => budgets.balance(scope, terms, nowTenths());
  return { fill: (into) => into.put(['retries', 'budget'], { kind: 'gauge', read }) };
}

/** The clock of all threads of the machine, as workers read it. */
function nowTenths(): number {
  return Number(process.hrtime.bigint() / 100_000_000n);
}
