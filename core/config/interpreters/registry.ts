/** The interpreter kinds (spec 02 section 10). A new kind is a file beside this one and a line in this list. */
import { kinds, laterKind } from '../kinds.ts';
import { keyShape, keys, optional } from '../schema.ts';
import { clientTls } from '../tls.ts';
import { inProcess } from './default.ts';

const retry = optional(keys('baseSeconds', 'maxSeconds'));

/** Reads a router's `interpreter`. */
export const interpreter = kinds('interpreter kind', [
  inProcess,
  laterKind('io.l5d.namerd', {
    ...keyShape('transformers', 'dst', 'namespace', 'failureThreshold'),
    retry,
    tls: optional(keys('commonName', 'caCert')),
  }),
  laterKind('io.l5d.namerd.http', {
    ...keyShape('transformers', 'dst', 'namespace'),
    retry,
    tls: optional(clientTls),
  }),
  laterKind('io.l5d.mesh', {
    ...keyShape('transformers', 'dst', 'root', 'failureThreshold', 'initialStreamWindowSizeKB'),
    retry,
    tls: optional(clientTls),
  }),
  laterKind('io.l5d.fs', ['transformers', 'dtabFile']),
  laterKind('io.l5d.k8s.configMap', ['transformers', 'name', 'filename', 'host', 'port', 'namespace']),
  laterKind('io.l5d.consul.interpreter', {
    ...keyShape('transformers', 'host', 'port', 'token', 'datacenter', 'readConsistencyMode', 'writeConsistencyMode'),
    ...keyShape('failFast', 'pathPrefix', 'namespace', 'backoff'),
    tls: optional(clientTls),
  }),
  laterKind('io.l5d.k8s.istio', [
    'transformers',
    'discoveryHost',
    'discoveryPort',
    'apiserverHost',
    'apiserverPort',
    'pollIntervalMs',
  ]),
]);
