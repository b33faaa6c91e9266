/** The http router (spec 02 sections 5 and 5.1). */
import { accessLog } from '../access-log.ts';
import { httpClient } from '../client.ts';
import { httpIdentifiers } from '../identifiers/registry.ts';
import { protocol } from '../kinds.ts';
import { boolean, INT_MAX, int, nonEmptyText } from '../scalars.ts';
import { later, list, only, section, withDefault } from '../schema.ts';
import { httpServer } from '../server.ts';
import { httpService } from '../service.ts';
import { binding, refused, tracing } from './common.ts';

/** Sizes are given in KB and held in bytes: both must be ints. */
const kilobytes = int(1, INT_MAX >> 10);

/** `http`. */
export const http = protocol('http', {
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
  /** Linkerd's default is -1; Weft does not compress yet. */
  compressionLevel: withDefault(only(int(-1, 9), 0), 0),
  streamAfterContentLengthKB: later(),
  httpAccessLog: accessLog.file,
  httpAccessLogRollPolicy: accessLog.rollPolicy,
  httpAccessLogAppend: accessLog.append,
  httpAccessLogRotateCount: accessLog.rotateCount,
  ...refused,
});
