/**
 * The standard methods as small integers (RFC 9110 section 9, RFC 5789), so that framing and routing compare numbers.
 * Methods are case-sensitive: `get` is an extension method, not GET.
 */
import { asciiBytes } from './ascii.ts';

/** A method that is not in the list: forwarded by its bytes. */
export const METHOD_OTHER = 0;
export const METHOD_GET = 1;
export const METHOD_HEAD = 2;
export const METHOD_POST = 3;
export const METHOD_PUT = 4;
export const METHOD_DELETE = 5;
export const METHOD_CONNECT = 6;
export const METHOD_OPTIONS = 7;
export const METHOD_TRACE = 8;
export const METHOD_PATCH = 9;

/** Names by method id; the first stands for all others. */
export const METHOD_NAMES: readonly string[] = [
  '',
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
];

const NAME_BYTES = METHOD_NAMES.map(asciiBytes);

/** The id of the method in `bytes[start, end)`, which is not empty. */
export function methodId(bytes: Uint8Array, start: number, end: number): number {
  switch (bytes[start]) {
    case 0x47:
      return ifSpelled(bytes, start, end, METHOD_GET);
    case 0x48:
      return ifSpelled(bytes, start, end, METHOD_HEAD);
    case 0x50: {
      const second = bytes[start + 1];
      if (second === 0x4f) return ifSpelled(bytes, start, end, METHOD_POST);
      if (second === 0x55) return ifSpelled(bytes, start, end, METHOD_PUT);
      return ifSpelled(bytes, start, end, METHOD_PATCH);
    }
    case 0x44:
      return ifSpelled(bytes, start, end, METHOD_DELETE);
    case 0x43:
      return ifSpelled(bytes, start, end, METHOD_CONNECT);
    case 0x4f:
      return ifSpelled(bytes, start, end, METHOD_OPTIONS);
    case 0x54:
      return ifSpelled(bytes, start, end, METHOD_TRACE);
    default:
      return METHOD_OTHER;
  }
}

function ifSpelled(bytes: Uint8Array, start: number, end: number, id: number): number {
  const name = NAME_BYTES[id]!;
  if (name.length !== end - start) return METHOD_OTHER;
  for (let i = 0; i < name.length; i++) {
    if (bytes[start + i] !== name[i]) return METHOD_OTHER;
  }
  return id;
}
