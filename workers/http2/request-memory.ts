/**
 * The request heads that one server remembers. Only plain ones: nothing whose meaning depends on more than its bytes and its
 * route, as for HTTP/1 (workers/http1/remembered-heads.ts).
 */

import { TOKEN_L5D_CTX_DEADLINE, TOKEN_VIA } from '../../core/http1/tokens.ts';
import type { FieldSection } from '../../core/http2/field-section.ts';
import type { Piece } from '../http1/field-lines.ts';
import type { Route, RouteBranch } from '../router/routes.ts';
import { BlockMemory, type KnownBlock, type Remembered } from './block-memory.ts';

const SLOTS = 1024;

/** Fields that make a request more than its bytes and its route. */
const NOT_PLAIN = (1 << TOKEN_VIA) | (1 << TOKEN_L5D_CTX_DEADLINE);

/** A request head and where it leads. */
export interface RememberedRequest extends Remembered {
  readonly block: KnownBlock;
  readonly method: number;
  /** As `BodyLength.remaining` begins. */
  readonly bodyBytes: number;
  readonly grpc: boolean;
  readonly route: Route;
  /** The branches that the head was composed for: a route that is bound anew has others. */
  readonly branches: readonly RouteBranch[];
  /** The head as it goes to an endpoint, up to the fields that are made for each request. */
  readonly composed: Piece;
}

/** Request heads met before. */
export class RequestMemory extends BlockMemory<RememberedRequest> {
  constructor() {
    super(SLOTS);
  }
}

/** Whether a request's head says all there is to be said of it. @param traceFields tokens that a trace is read from */
export function isPlain(section: FieldSection, route: Route, traceFields: number): boolean {
  return (section.seen & (NOT_PLAIN | traceFields)) === 0 && route.draw === null && route.cached;
}
