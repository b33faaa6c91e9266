/** The transformer `io.l5d.localhost`: the addresses of this host alone (spec 04 section 2). */
import { canonicalIp } from '../../config/ip-literal.ts';
import type { Path } from '../path.ts';
import { addressFilter, type BoundTransformer } from './transformer.ts';

/**
 * Keeps the addresses of this host.
 *
 * @param hostIps those of all interfaces that are up, canonical; asked for at each change, because they change too
 */
export function localhostTransformer(prefix: Path, hostIps: () => ReadonlySet<string>): BoundTransformer {
  return addressFilter('LocalhostTransformer', prefix, () => {
    const ips = hostIps();
    return (ip) => ips.has(canonicalIp(ip) ?? ip);
  });
}
