/** The document (spec 02 section 3). */
import { admin } from './admin.ts';
import { checkRouters } from './conflicts.ts';
import { namer } from './namers/registry.ts';
import { router } from './protocols/registry.ts';
import { removedTopKeys } from './removed.ts';
import { boolean, text } from './scalars.ts';
import { checked, list, object, optional, required, section, withDefault } from './schema.ts';
import { telemeter } from './telemeters/registry.ts';

const routers = checked(list(router), (_routers, node, path, reading) => {
  if (node.type === 'list') checkRouters(node, path, reading);
});

/** Accepted for compatibility: Weft reports its use to nobody. */
const usage = object({
  orgId: optional(text),
  enabled: withDefault(boolean, true),
});

/** Reads the whole of a linkerd.yaml. */
export const linker = object({
  admin: section(admin),
  /** In the file's order; later ones are consulted first. */
  namers: withDefault(list(namer), []),
  routers: required(routers),
  telemetry: withDefault(list(telemeter), []),
  usage: section(usage),
  ...removedTopKeys,
});
