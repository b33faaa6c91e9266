/** The router protocols (spec 02 section 5). A new one is a file beside this one and a line in this list. */
import { experimental, kinds, laterKind } from '../kinds.ts';
import { removedRouterKeys } from '../removed.ts';
import { keyShape } from '../schema.ts';
import { h2 } from './h2.ts';
import { http } from './http.ts';

/** Of every protocol; `identifier` belongs to http and h2 only. */
const common = {
  ...keyShape('label', 'servers', 'client', 'service', 'dtab', 'dstPrefix', 'interpreter', 'originator'),
  ...keyShape('bindingTimeoutMs', 'bindingCache', 'announcers'),
  ...removedRouterKeys,
};

const thrift = { ...common, ...keyShape('thriftMethodInDst', 'thriftProtocol') };

/** Reads one of `routers`. */
export const router = kinds(
  'router protocol',
  [
    http,
    h2,
    laterKind('thrift', thrift, 'protocol'),
    laterKind('mux', common, 'protocol'),
    experimental(laterKind('thriftmux', thrift, 'protocol')),
  ],
  { tag: 'protocol' },
);
