/** Starts the admin server: routes behind the security filter, carried by the best transport that loads. */

import type { LimitValues } from '../../core/limits.ts';
import type { AdminContext } from './context.ts';
import { nodeTransport } from './node-transport.ts';
import { adminHandler } from './routes.ts';
import { type AdminSecurity, securityFilter } from './security.ts';
import type { AdminTransport, Listening } from './transport.ts';
import { loadUwsTransport } from './uws-transport.ts';

/** Where and how to serve. */
export interface AdminOptions {
  readonly ip: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly security: AdminSecurity;
  readonly limits: Pick<LimitValues, 'adminBodyBytesMax' | 'adminConnectionsMax' | 'adminRequestTimeoutMs'>;
  readonly context: AdminContext;
  /** The transport to use instead of the best that loads. */
  readonly transport?: AdminTransport;
}

/**
 * Starts the admin server and says so in the log.
 *
 * @throws AdminListenError when the address cannot be bound; SyntaxError when a path expression is not one
 */
export async function startAdmin(options: AdminOptions): Promise<Listening> {
  const { ip, port, limits, context } = options;
  const handler = adminHandler(context, securityFilter(options.security));
  const transport = options.transport ?? chooseTransport((line) => context.log('info', line));
  const limitMet = context.limitMet.bind(context);
  const listening = await transport.listen({ ip, port, limits, handler, limitMet });
  context.log('info', `serving http admin on /${ip}:${listening.port}`);
  return listening;
}

/**
 * uWebSockets.js where it loads, else node:http. Logs in one line which it is and why.
 *
 * @param load how to get the preferred transport
 */
export function chooseTransport(
  log: (line: string) => void,
  load: () => AdminTransport = loadUwsTransport,
): AdminTransport {
  try {
    const transport = load();
    log(`admin transport: ${transport.name}`);
    return transport;
  } catch (error) {
    const reason = String((error as Error).message)
      .trim()
      .split('\n')
      .at(-1);
    log(`admin transport: ${nodeTransport.name} (uWebSockets.js does not load here: ${reason})`);
    return nodeTransport;
  }
}
