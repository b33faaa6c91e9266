/** The transformer `io.l5d.port`: every address with another port, that of a proxy on its host (spec 04 section 2). */
import { Path } from '../path.ts';
import { addrTransformer, type BoundTransformer } from './transformer.ts';

/** Replaces the port of every address. @param prefix `/io.l5d.port/<port>` unless configured */
export function portTransformer(port: number, prefix = Path.of('io.l5d.port', String(port))): BoundTransformer {
  return addrTransformer('PortTransformer', prefix, (addr) => {
    if (addr.state !== 'bound') return addr;
    return { ...addr, addresses: addr.addresses.map((address) => ({ ...address, port })) };
  });
}
