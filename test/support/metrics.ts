/** Waiting for what the metrics of a running Weft come to say: counts arrive after the response that they count. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Weft } from './weft.ts';

const WAIT_MS = 15_000;
const POLL_MS = 50;

/** Polls the metrics until a check passes. @throws what the check last threw, when time is up */
export async function metricsUntil(weft: Weft, check: (metrics: Record<string, number>) => void): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    try {
      check(await weft.metrics());
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(POLL_MS);
    }
  }
}
