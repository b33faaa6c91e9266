/** Loop protection: how many proxies a request has come through, by its `Via` (spec 03 section 5.5; RFC 9110 section 7.6.3). */
import { FIELD_STRIDE, FIELD_TOKEN, FIELD_VALUE_END, FIELD_VALUE_START, type ParsedHead } from './parsed-head.ts';
import { TOKEN_VIA } from './tokens.ts';

const COMMA = 0x2c;

/**
 * Entries of all `Via` fields. Linkerd counts those of the first, and would not see a loop with a proxy that adds a field of
 * its own.
 */
export function callDepth(bytes: Uint8Array, { fields, fieldCount }: ParsedHead): number {
  let depth = 0;
  for (let i = 0; i < fieldCount; i++) {
    const field = i * FIELD_STRIDE;
    if (fields[field + FIELD_TOKEN] !== TOKEN_VIA) continue;
    depth++;
    const end = fields[field + FIELD_VALUE_END] as number;
    for (let at = fields[field + FIELD_VALUE_START] as number; at < end; at++) if (bytes[at] === COMMA) depth++;
  }
  return depth;
}
