/** `compressionLevel` (spec 02 section 5.1): -1 compresses text alone, 0 nothing, 1 to 9 everything, at that level. */
import type { RouterConfig } from './types.ts';

/** Whether a router compresses responses. */
export function isCompressing(router: RouterConfig): boolean {
  return router.protocol === 'http' && router.compressionLevel !== 0;
}
