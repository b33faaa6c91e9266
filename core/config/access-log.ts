/** A router's access log (spec 02 sections 5.1 and 5.2): http and h2 have the same four keys under names of their own. */
import { type RollPolicy, rollPolicy } from './roll-policy.ts';
import { boolean, int, nonEmptyText } from './scalars.ts';
import { optional, withDefault } from './schema.ts';
import type { RouterConfig } from './types.ts';

/** The fields behind the four keys. */
export const accessLog = {
  /** The file; undefined for no log. */
  file: optional(nonEmptyText),
  rollPolicy: withDefault<RollPolicy>(rollPolicy, { kind: 'never' }),
  /** What is there at the start is kept. */
  append: withDefault(boolean, true),
  /** Rolled files that are kept; -1 for all. */
  rotateCount: withDefault(int(-1), -1),
};

/** Where and how a router's requests are logged. */
export interface AccessLogConfig {
  readonly file: string;
  readonly rollPolicy: RollPolicy;
  readonly append: boolean;
  readonly rotateCount: number;
}

/** The access log of a router, undefined when it has none. */
export function accessLogOf(router: RouterConfig): AccessLogConfig | undefined {
  if (router.protocol === 'http') {
    const { httpAccessLog: file, httpAccessLogRollPolicy: policy } = router;
    if (file === undefined) return undefined;
    const { httpAccessLogAppend: append, httpAccessLogRotateCount: rotateCount } = router;
    return { file, rollPolicy: policy, append, rotateCount };
  }
  const { h2AccessLog: file, h2AccessLogRollPolicy: policy } = router;
  if (file === undefined) return undefined;
  const { h2AccessLogAppend: append, h2AccessLogRotateCount: rotateCount } = router;
  return { file, rollPolicy: policy, append, rotateCount };
}
