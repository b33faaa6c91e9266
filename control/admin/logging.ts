/** `/logging.json`: log levels, read and set while running (spec 06 section 8.1). */

import { empty, json } from './answers.ts';
import type { AdminContext } from './context.ts';
import type { AdminRequest, AdminResponse } from './transport.ts';

/** GET lists the loggers by name; POST takes `logger` and `level` from the query or a form. */
export function logging(context: AdminContext, request: AdminRequest): AdminResponse {
  if (request.method === 'GET') {
    const levels = [...context.logLevels()].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return json(levels.map(([logger, level]) => ({ logger, level })));
  }
  const isForm = request.contentType === 'application/x-www-form-urlencoded';
  const form = new URLSearchParams(isForm ? request.body : '');
  const logger = request.query.get('logger') ?? form.get('logger');
  const level = request.query.get('level') ?? form.get('level');
  if (logger === null || level === null) return empty(400);
  context.setLogLevel(logger, level.toUpperCase());
  return empty(200);
}
