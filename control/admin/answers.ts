/** The few shapes that admin answers have. */

import type { AdminResponse } from './transport.ts';

const TEXT = 'text/plain';
const JSON_TYPE = 'application/json';

/** Plain text. */
export function text(body: string, status = 200): AdminResponse {
  return { status, contentType: TEXT, body };
}

/** JSON that is printed already. */
export function jsonText(body: string, status = 200): AdminResponse {
  return { status, contentType: JSON_TYPE, body };
}

/** A value as JSON. */
export function json(value: unknown): AdminResponse {
  return jsonText(JSON.stringify(value));
}

/** No content but the status. */
export function empty(status: number): AdminResponse {
  return { status, contentType: '', body: '' };
}

/** The method is not one of the route's. */
export function methodNotAllowed(allow: string): AdminResponse {
  return { status: 405, contentType: TEXT, body: `method not allowed; allowed: ${allow}\n`, allow };
}
