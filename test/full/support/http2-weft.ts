/** Weft as an HTTP/2 proxy for clients that can only name what they connect to. */
import { IP, Weft, type WeftOptions } from '../../support/weft.ts';

/** Starts a Weft whose own `ip:port` is a name too. @param endpoints lines of that name's disco file */
export async function startHttp2Weft(endpoints: readonly string[], options: WeftOptions = {}): Promise<Weft> {
  const weft = await Weft.start({ ...options, protocol: 'h2' });
  weft.disco(`${IP}:${weft.port}`, endpoints);
  return weft;
}
