/** `POST /admin/shutdown`: begins a graceful shutdown (spec 06 sections 8.1 and 10). */

import { text } from './answers.ts';
import type { AdminContext } from './context.ts';
import type { AdminRequest, AdminResponse } from './transport.ts';

const MILLIS_BY_UNIT: ReadonlyMap<string, number> = new Map([
  ['millisecond', 1],
  ['second', 1000],
  ['minute', 60_000],
  ['hour', 3_600_000],
]);

/** Passes the request on; `grace` is a duration as twitter-server writes it (`10.seconds`). */
export function shutdown(context: AdminContext, request: AdminRequest): AdminResponse {
  const grace = request.query.get('grace');
  const graceMs = grace === null ? undefined : parseDuration(grace);
  if (grace !== null && graceMs === undefined) return text('grace: expected a duration such as 10.seconds\n', 400);
  context.log('info', `POST /admin/shutdown: shutting down${grace === null ? '' : ` within ${graceMs} ms`}`);
  context.shutdown(graceMs);
  return text('quitting\n');
}

function parseDuration(duration: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})\.([a-z]+?)s?$/.exec(duration) ?? [];
  const millis = MILLIS_BY_UNIT.get(unit ?? '');
  return millis === undefined ? undefined : Number(count) * millis;
}
