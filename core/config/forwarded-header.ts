/**
 * A server's `addForwardedHeader` (spec 02 section 6.1, spec 03 section 4.4): how `by` and `for` of the `Forwarded` field name
 * the two ends of the client's connection.
 */
import { kind, kinds } from './kinds.ts';
import { nonEmptyText } from './scalars.ts';
import { checked, object, required, section } from './schema.ts';

/** What RFC 7239 section 6.3 lets an obfuscated identifier hold: anything else could pass for another parameter. */
const OBFUSCATED = /^[A-Za-z0-9._-]+$/;

const staticLabel = checked(nonEmptyText, (label, node, path, reading) => {
  if (OBFUSCATED.test(label)) return;
  const what = `${JSON.stringify(label)} is not an identifier of RFC 7239`;
  reading.report({ at: node, path, what, remedy: 'Use letters, digits, ".", "_" and "-".' });
});

const label = kinds('forwarded label kind', [
  kind('ip', {}),
  kind('ip:port', {}),
  kind('connectionRandom', {}),
  kind('requestRandom', {}),
  kind('router', {}),
  kind('static', { label: required(staticLabel) }),
]);

/** Reads `addForwardedHeader`; its presence, as `{}` too, turns the field on. */
export const forwardedHeader = object({
  by: section(label, 'requestRandom'),
  for: section(label, 'requestRandom'),
});
