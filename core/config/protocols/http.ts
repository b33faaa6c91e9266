/** The http router (spec 02 sections 5 and 5.1). */
import { accessLog } from '../access-log.ts';
import { httpClient } from '../client.ts';
import { httpIdentifiers } from '../identifiers/registry.ts';
import { protocol } from '../kinds.ts';
import { type ConfigNode, child } from '../node.ts';
import { type Reading, SILENT } from '../reading.ts';
import { boolean, INT_MAX, int, nonEmptyText } from '../scalars.ts';
import { checked, list, only, section, withDefault } from '../schema.ts';
import { httpServer } from '../server.ts';
import { httpService } from '../service.ts';
import { binding, refused, tracing } from './common.ts';

/** Sizes are given in KB and held in bytes: both must be ints. */
const kilobytes = int(1, INT_MAX >> 10);

const router = protocol('http', {
  /** Scope in metrics and admin pages; unique. */
  label: withDefault(nonEmptyText, 'http'),
  servers: withDefault(list(httpServer), []),
  client: section(httpClient),
  service: section(httpService),
  /** Tried in order. */
  identifier: withDefault(httpIdentifiers, [{ kind: 'io.l5d.header.token', header: 'Host', experimental: false }]),
  ...binding,
  ...tracing,
  maxHeadersKB: withDefault(kilobytes, 8),
  maxInitialLineKB: withDefault(kilobytes, 4),
  maxErrResponseKB: withDefault(kilobytes, 5120),
  streamingEnabled: withDefault(only(boolean, true), true),
  compressionLevel: withDefault(int(-1, 9), -1),
  /** Bodies are streamed whatever their length; up to this one they are kept too, so that their requests can be sent again. */
  streamAfterContentLengthKB: withDefault(int(0, INT_MAX >> 10), 5),
  httpAccessLog: accessLog.file,
  httpAccessLogRollPolicy: accessLog.rollPolicy,
  httpAccessLogAppend: accessLog.append,
  httpAccessLogRotateCount: accessLog.rotateCount,
  ...refused,
});

/** Bodies that are collected whole are not streamed from some length on. */
function refuseConflictingStreaming(node: ConfigNode, path: string, reading: Reading): void {
  const after = child(node, 'streamAfterContentLengthKB');
  const enabled = child(node, 'streamingEnabled');
  if (after === undefined || enabled === undefined || boolean.read(enabled, '', SILENT) !== false) return;
  const label = child(node, 'label');
  const name = label?.type === 'scalar' ? label.text : router.id;
  reading.report({
    at: after,
    path: `${path}.streamAfterContentLengthKB`,
    what: `router '${name}' has conflicting streaming options: streamAfterContentLengthKB with streamingEnabled: false`,
    remedy: 'Leave one of them out.',
  });
}

/** `http`. */
export const http: typeof router = {
  ...router,
  schema: checked(router.schema, (_config, node, path, reading) => refuseConflictingStreaming(node, path, reading)),
};
