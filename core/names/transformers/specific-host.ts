/** The transformer `io.l5d.specificHost`: the addresses of one host alone (spec 04 section 2). */
import { canonicalIp } from '../../config/ip-literal.ts';
import type { Path } from '../path.ts';
import { addressFilter, type BoundTransformer } from './transformer.ts';

/** Keeps the addresses with one IP. @param host canonical */
export function specificHostTransformer(prefix: Path, host: string): BoundTransformer {
  const keeps = (ip: string) => canonicalIp(ip) === host;
  return addressFilter('SpecificHostTransformer', prefix, () => keeps);
}
