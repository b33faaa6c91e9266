/** When a log file is put aside for a new one: the policies of Twitter's logging, which Linkerd's files name (spec 02 section 5.1). */
import { show } from './node.ts';
import { Complaint, scalar } from './scalars.ts';

/** When a file is rolled. */
export type RollPolicy =
  | { readonly kind: 'never' | 'hourly' | 'daily' | 'sighup' }
  /** @property day 1 is Sunday, 7 Saturday */
  | { readonly kind: 'weekly'; readonly day: number }
  | { readonly kind: 'size'; readonly bytes: number };

const NAMED = ['never', 'hourly', 'daily', 'sighup'] as const;
const WEEKLY = /^weekly\(([1-7])\)$/i;
const SIZE = /^(\d{1,15}) ?\.?(bytes?|kilobytes?|kb|megabytes?|mb|gigabytes?|gb|terabytes?|tb)$/i;
const UNITS = ['b', 'k', 'm', 'g', 't'];
const REMEDY =
  'Write never, hourly, daily, weekly(n) with n from 1 (Sunday) to 7, sighup, or a size such as 100.megabytes.';

/** Reads a policy; undefined when the text is none. */
export function parseRollPolicy(text: string): RollPolicy | undefined {
  const named = NAMED.find((name) => name === text.toLowerCase());
  if (named !== undefined) return { kind: named };
  const day = WEEKLY.exec(text)?.[1];
  if (day !== undefined) return { kind: 'weekly', day: Number(day) };
  const [, amount, unit] = SIZE.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  const bytes = Number(amount) * 1024 ** UNITS.indexOf(unit.charAt(0).toLowerCase());
  return bytes > 0 && Number.isSafeInteger(bytes) ? { kind: 'size', bytes } : undefined;
}

/** A roll policy, in Linkerd's spelling. */
export const rollPolicy = scalar<RollPolicy>('a roll policy', (node) => {
  return parseRollPolicy(node.text) ?? new Complaint(`${show(node)} is not a roll policy`, REMEDY);
});
