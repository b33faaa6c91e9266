/** How large field sections of HTTP/2 may be: what memory for them is sized by, in the supervisor and in workers. */
import type { LimitValues } from '../limits.ts';
import { valuesOf } from './configs-by-prefix.ts';
import type { ClientConfig, Http2EndpointConfig, RouterConfig } from './types.ts';

type Limits = Pick<LimitValues, 'h2HeaderListBytes'>;

/** Bytes of the largest field section that a server or a client takes. */
export function headerListBytes(
  { maxHeaderListBytes }: Pick<Http2EndpointConfig, 'maxHeaderListBytes'>,
  { h2HeaderListBytes }: Limits,
): number {
  return maxHeaderListBytes ?? h2HeaderListBytes;
}

/** The same of whichever of a router's clients takes the most. */
export function clientHeaderListBytes(client: RouterConfig['client'], limits: Limits): number {
  const bounds = valuesOf<ClientConfig, 'maxHeaderListBytes'>(client, 'maxHeaderListBytes');
  return Math.max(...bounds.map((maxHeaderListBytes) => headerListBytes({ maxHeaderListBytes }, limits)));
}

/** Whether any of a router's clients speaks HTTP/2. */
export function speaksHttp2(client: RouterConfig['client']): boolean {
  return valuesOf<ClientConfig, 'protocol'>(client, 'protocol').includes('h2');
}
