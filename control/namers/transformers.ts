/** Makes the transformers that a configuration asks for (spec 04 section 2). */
import { networkInterfaces } from 'node:os';
import { canonicalIp } from '../../core/config/ip-literal.ts';
import type { TransformerConfig } from '../../core/config/types.ts';
import type { Activity } from '../../core/names/activity.ts';
import type { Bound } from '../../core/names/bound.ts';
import type { NameTree } from '../../core/names/name-tree.ts';
import { Path } from '../../core/names/path.ts';
import { constTransformer } from '../../core/names/transformers/const.ts';
import { localhostTransformer } from '../../core/names/transformers/localhost.ts';
import { portTransformer } from '../../core/names/transformers/port.ts';
import { replaceTransformer } from '../../core/names/transformers/replace.ts';
import { specificHostTransformer } from '../../core/names/transformers/specific-host.ts';
import type { Transformer } from '../../core/names/transformers/transformer.ts';

/** Makes one transformer. @param bind binds a name with an empty dtab, for those that bring a name of their own */
export function createTransformer(
  config: TransformerConfig,
  bind: (path: Path) => Activity<NameTree<Bound>>,
): Transformer {
  switch (config.kind) {
    case 'io.l5d.port':
      return portTransformer(config.port, config.prefix === undefined ? undefined : Path.read(config.prefix));
    case 'io.l5d.localhost':
      return localhostTransformer(Path.read(config.prefix), hostIps);
    case 'io.l5d.specificHost':
      return specificHostTransformer(Path.read(config.prefix), config.host);
    case 'io.l5d.replace':
      return replaceTransformer(Path.read(config.prefix), bind(Path.read(config.path)));
    case 'io.l5d.const':
      return constTransformer(Path.read(config.prefix), bind(Path.read(config.path)));
  }
}

/** The addresses of this host's interfaces that are up. */
function hostIps(): ReadonlySet<string> {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set(interfaces.map(({ address }) => canonicalIp(address) ?? address));
}
