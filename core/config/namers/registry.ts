/** The namer kinds (spec 02 section 9). A new kind is a file beside this one and a line in this list. */
import { experimental, kinds, laterKind } from '../kinds.ts';
import { port, text } from '../scalars.ts';
import { keyShape, list, object, optional, removed, required } from '../schema.ts';
import { clientTls } from '../tls.ts';
import { fs } from './fs.ts';
import { rewrite } from './rewrite.ts';

const common = ['prefix', 'transformers'] as const;
const zkAddrs = required(list(object({ host: required(text), port: optional(port) })));

/** Reads one of `namers`. */
export const namer = kinds('namer kind', [
  fs,
  laterKind('io.l5d.serversets', { ...keyShape(...common), zkAddrs }),
  laterKind('io.l5d.zkLeader', { ...keyShape(...common), zkAddrs }),
  experimental(laterKind('io.l5d.curator', { ...keyShape(...common, 'basePath'), zkAddrs })),
  laterKind('io.l5d.consul', {
    ...keyShape(...common, 'host', 'port', 'includeTag', 'useHealthCheck', 'healthStatuses', 'token', 'setHost'),
    ...keyShape('consistencyMode', 'failFast', 'preferServiceAddress', 'weights', 'transferMetadata'),
    ...keyShape('fixedLengthStreamedAfterKB'),
    tls: optional(clientTls),
  }),
  laterKind('io.l5d.k8s', [...common, 'host', 'port', 'labelSelector']),
  experimental(laterKind('io.l5d.k8s.external', [...common, 'host', 'port', 'labelSelector'])),
  laterKind('io.l5d.k8s.ns', [...common, 'host', 'port', 'labelSelector', 'envVar']),
  laterKind('io.l5d.marathon', {
    ...keyShape(...common, 'host', 'port', 'uriPrefix', 'ttlMs', 'jitterMs', 'useHealthCheck'),
    tls: optional(clientTls),
  }),
  experimental(
    laterKind('io.l5d.dnssrv', {
      ...keyShape(...common, 'refreshIntervalSeconds', 'dnsHosts'),
      domain: removed('1.4', 'Write the domain in the name that is looked up: /#/io.l5d.dnssrv/<address>.'),
    }),
  ),
  experimental(laterKind('io.l5d.rancher', [...common, 'portMappings', 'maxWait'])),
  rewrite,
  experimental(laterKind('io.l5d.k8s.istio', [...common, 'host', 'port'])),
]);
