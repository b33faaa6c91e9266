/** How much room workers need for one head, the largest that any router's server or client takes, and for what is kept behind it. */
import { anySpeaks, clientHeaderListBytes, headerListBytes } from '../core/config/client-needs.ts';
import type { H2RouterConfig, HttpRouterConfig, RouterConfig } from '../core/config/types.ts';
import type { LimitValues } from '../core/limits.ts';

/** What Weft adds to a client's head, and its own lines, at most. */
const HEAD_SLACK_BYTES = 4096;

type Limits = Pick<LimitValues, 'h2HeaderListBytes'>;

/** Bytes of the largest head of any router, with what Weft adds. */
export function headBytesMax(routers: readonly RouterConfig[], limits: Limits): number {
  const sizes = routers.map((router) =>
    router.protocol === 'http' ? httpHeadBytes(router, limits) : h2HeadBytes(router, limits),
  );
  return Math.max(...sizes) + HEAD_SLACK_BYTES;
}

function httpHeadBytes({ maxHeadersKB, maxInitialLineKB, client }: HttpRouterConfig, limits: Limits): number {
  const ownBytes = (maxHeadersKB + maxInitialLineKB) * 1024;
  return anySpeaks(client, 'h2') ? Math.max(ownBytes, clientHeaderListBytes(client, limits)) : ownBytes;
}

function h2HeadBytes({ servers, client }: H2RouterConfig, limits: Limits): number {
  return Math.max(...servers.map((server) => headerListBytes(server, limits)), clientHeaderListBytes(client, limits));
}

/** Bytes of the largest body that any router keeps behind its head. */
export function keptBodyBytesMax(
  routers: readonly RouterConfig[],
  { replayBodyBytesMax }: Pick<LimitValues, 'replayBodyBytesMax'>,
): number {
  const sizes = routers.map((router) => (router.protocol === 'http' ? router.streamAfterContentLengthKB * 1024 : 0));
  return Math.min(Math.max(0, ...sizes), replayBodyBytesMax);
}
