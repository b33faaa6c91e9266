/**
 * Hostile HTTP/1 messages and the answer to each, as data: rows 1 to 27 of the hostile-inputs table, in both directions.
 * The codec's tests read them here; the tests of the whole process send them over sockets.
 *
 * Ideas are from Http11Probe, HTTP Garden's trophies, h1spec, PortSwigger's and defparam's Transfer-Encoding mutations.
 * `request` entries come from a client, `response` entries from an upstream.
 */
import type { HostileMessage } from './hostile-message.ts';
import { HOSTILE_REQUESTS } from './hostile-requests.ts';
import { HOSTILE_RESPONSES } from './hostile-responses.ts';

/** All entries. */
export const HOSTILE_MESSAGES: readonly HostileMessage[] = [...HOSTILE_REQUESTS, ...HOSTILE_RESPONSES];

/** Row 27: texts that must not be written as a field value. */
export const HOSTILE_VALUES: readonly string[] = [
  'a\r\nb: c',
  'a\nb',
  'a\rb',
  'a\0b',
  'a\x0bb',
  'a\x7fb',
  '\u560a',
  'ä€',
  ' a',
  'a\t',
  decodeURIComponent('%0d%0aset-cookie:%20x'),
];

/** Row 27: texts that must not be written as a field name. */
export const HOSTILE_NAMES: readonly string[] = ['', 'a b', 'a:', 'a\r\n', 'a\0', 'é', '\u560a', '(x)', 'a/b'];
