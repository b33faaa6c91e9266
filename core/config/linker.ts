/** The document (spec 02 section 3). */
import { admin } from './admin.ts';
import { checkRouters } from './conflicts.ts';
import { namer } from './namers/registry.ts';
import { child } from './node.ts';
import { router } from './protocols/registry.ts';
import { removedTopKeys } from './removed.ts';
import { boolean, text } from './scalars.ts';
import { checked, list, misplaced, object, optional, required, section, withDefault } from './schema.ts';
import { telemeter } from './telemeters/registry.ts';

/** Accepted for compatibility: Weft reports its use to nobody. */
const usage = object({
  orgId: optional(text),
  enabled: withDefault(boolean, true),
});

/** What only namerd's files have. */
const ofNamerd = misplaced((name) => ({
  what: `${name} belongs into a namerd.yaml, and Weft does not do namerd's work yet; see docs/compatibility.md`,
  remedy: '',
}));

const document = object({
  admin: section(admin),
  /** In the file's order; later ones are consulted first. */
  namers: withDefault(list(namer), []),
  routers: required(list(router)),
  telemetry: withDefault(list(telemeter), []),
  usage: section(usage),
  storage: ofNamerd,
  interfaces: ofNamerd,
  ...removedTopKeys,
});

/** Reads the whole of a linkerd.yaml. */
export const linker = checked(document, (_config, node, _path, reading) => {
  const routers = child(node, 'routers');
  if (routers?.type === 'list') checkRouters(routers, 'routers', child(node, 'admin'), reading);
});
