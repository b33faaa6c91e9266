/** The router protocols (spec 02 section 5). A new one is a file beside this one and a line in this list. */
import { kinds, laterKind } from '../kinds.ts';
import { removedRouterKeys } from '../removed.ts';
import { keyShape } from '../schema.ts';
import { http } from './http.ts';

/** Of every protocol; `identifier` belongs to http and h2 only. */
const common = {
  ...keyShape('label', 'servers', 'client', 'service', 'dtab', 'dstPrefix', 'interpreter', 'originator'),
  ...keyShape('bindingTimeoutMs', 'bindingCache', 'announcers'),
  ...removedRouterKeys,
};

const h2 = {
  ...common,
  ...keyShape('identifier', 'h2AccessLog', 'h2AccessLogRollPolicy', 'h2AccessLogAppend', 'h2AccessLogRotateCount'),
  ...keyShape('tracePropagator'),
};

const thrift = { ...common, ...keyShape('thriftMethodInDst', 'thriftProtocol') };

/** Reads one of `routers`. */
export const router = kinds(
  'router protocol',
  [
    http,
    laterKind('h2', h2, 'protocol', 'It comes next.'),
    laterKind('thrift', thrift, 'protocol'),
    laterKind('mux', common, 'protocol'),
    laterKind('thriftmux', thrift, 'protocol'),
  ],
  { tag: 'protocol' },
);
