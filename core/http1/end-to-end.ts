/**
 * Names that neither a Connection field may strip from a message (hostile-inputs row 19) nor a trailer may add to it
 * (row 12, RFC 9110 section 6.5.1): credentials, routing, response control and content format. The fields that have a
 * token are told apart by it; these are the others.
 */
import { asciiBytes, equalsIgnoreCase } from './ascii.ts';

export const END_TO_END_NAMES: readonly string[] = [
  'age',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'expires',
  'forwarded',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'location',
  'pragma',
  'range',
  'retry-after',
  'set-cookie',
  'vary',
  'warning',
  'www-authenticate',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
];

const NAME_BYTES = END_TO_END_NAMES.map(asciiBytes);

/** Whether the name in `bytes[start, end)` is one of {@link END_TO_END_NAMES}, letters in either case. */
export function isEndToEndName(bytes: Uint8Array, start: number, end: number): boolean {
  for (const name of NAME_BYTES) {
    if (equalsIgnoreCase(bytes, start, end, name)) return true;
  }
  return false;
}
