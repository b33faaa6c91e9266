/** What a router's clients need, whatever they are bound to: protocols that they speak, and room for field sections. */
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

/** Whether any of a router's clients speaks a protocol. */
export function anySpeaks(client: RouterConfig['client'], protocol: ClientConfig['protocol']): boolean {
  return valuesOf<ClientConfig, 'protocol'>(client, 'protocol').includes(protocol);
}
