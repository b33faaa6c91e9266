/** `/delegator.json`: how a path binds, step by step (spec 01 section 8.3). */

import { empty, json, text } from './answers.ts';
import type { AdminContext, Delegation } from './context.ts';
import type { AdminRequest, AdminResponse } from './transport.ts';

interface DelegationRequest {
  readonly namespace: string | undefined;
  readonly dtab: string;
  readonly path: string;
}

/** Answers a GET with query parameters or a POST with a JSON body. */
export async function delegator(context: AdminContext, request: AdminRequest): Promise<AdminResponse> {
  if (request.method === 'POST' && request.contentType !== 'application/json') return empty(415);
  const wanted = request.method === 'POST' ? fromBody(request.body) : fromQuery(request.query);
  if (wanted === undefined) return text(`Malformed delegation request: ${request.body}`, 400);
  return answer(await context.delegate(wanted.namespace, wanted.dtab, wanted.path), wanted.namespace);
}

function fromQuery(query: URLSearchParams): DelegationRequest {
  return {
    namespace: query.get('namespace') ?? undefined,
    dtab: query.get('dtab') ?? '',
    path: query.get('path') ?? '',
  };
}

function fromBody(body: string): DelegationRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { namespace, dtab, path } = value as Record<'namespace' | 'dtab' | 'path', unknown>;
  if (typeof dtab !== 'string' || typeof path !== 'string') return undefined;
  if (namespace === undefined || namespace === null) return { namespace: undefined, dtab, path };
  return typeof namespace === 'string' ? { namespace, dtab, path } : undefined;
}

function answer(delegation: Delegation, namespace: string | undefined): AdminResponse {
  switch (delegation.kind) {
    case 'tree':
      return json(delegation.tree);
    case 'invalid_dtab':
      return text(`Invalid dtab: ${delegation.message}`, 400);
    case 'invalid_path':
      return text(`Invalid path: ${delegation.message}`, 400);
    case 'unsupported':
      return text(`Name Interpreter for ${namespace ?? ''} cannot show delegations`, 501);
    case 'timeout':
      return text('Request timed out.', 503);
  }
}
