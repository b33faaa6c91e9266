/** The h2 router (spec 02 sections 5 and 5.2). Its limits and flow control belong to its servers and its client. */
import { accessLog } from '../access-log.ts';
import { h2Client } from '../client.ts';
import { h2Identifiers } from '../identifiers/registry.ts';
import { protocol } from '../kinds.ts';
import { nonEmptyText } from '../scalars.ts';
import { list, section, withDefault } from '../schema.ts';
import { h2Server } from '../server.ts';
import { h2Service } from '../service.ts';
import { binding, refused, tracing } from './common.ts';

/** `h2`. */
export const h2 = protocol('h2', {
  /** Scope in metrics and admin pages; unique. */
  label: withDefault(nonEmptyText, 'h2'),
  servers: withDefault(list(h2Server), []),
  client: section(h2Client),
  service: section(h2Service),
  /** Tried in order. */
  identifier: withDefault(h2Identifiers, [{ kind: 'io.l5d.header.token', header: ':authority', experimental: false }]),
  ...binding,
  ...tracing,
  h2AccessLog: accessLog.file,
  h2AccessLogRollPolicy: accessLog.rollPolicy,
  h2AccessLogAppend: accessLog.append,
  h2AccessLogRotateCount: accessLog.rotateCount,
  ...refused,
});
