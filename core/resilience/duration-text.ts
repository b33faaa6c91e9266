/** Durations in the words of Linkerd's messages, which are Twitter's Duration: `50.milliseconds`, `1.minutes+30.seconds`. */

const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['minutes', 60_000],
  ['seconds', 1000],
  ['milliseconds', 1],
];

/** Spells out a time. @param timeMs whole, from 0 */
export function durationText(timeMs: number): string {
  const parts: string[] = [];
  let left = timeMs;
  for (const [name, ms] of UNITS) {
    const count = Math.floor(left / ms);
    left -= count * ms;
    if (count > 0) parts.push(`${count}.${name}`);
  }
  return parts.length === 0 ? '0.seconds' : parts.join('+');
}
