/** The heads and trailers that one endpoint keeps sending, as they go to clients that speak HTTP/2. */
import type { Piece } from '../http1/field-lines.ts';
import type { ServiceStack } from '../router/service-stack.ts';
import { BlockMemory, type KnownBlock, type Remembered } from './block-memory.ts';

const SLOTS = 16;

/** A field block of an endpoint, and what it says. */
export interface RememberedResponse extends Remembered {
  readonly block: KnownBlock;
  /** It is a trailer section; else the head of a final response. */
  readonly trailers: boolean;
  /** Of trailers: that of the head which they followed. */
  readonly status: number;
  /** -1 for none. */
  readonly grpcStatus: number;
  /** As `BodyLength.remaining` begins. */
  readonly bodyBytes: number;
  /** Whose classifier judged it: another service may take the same response for something else. */
  readonly service: ServiceStack;
  readonly rewritten: Piece;
}

/** What one endpoint keeps sending. */
export class ResponseMemory extends BlockMemory<RememberedResponse> {
  constructor() {
    super(SLOTS);
  }
}
