/** The interpreter kinds (spec 02 section 10). A new kind is a file beside this one and a line in this list. */
import { experimental, kinds, laterKind } from '../kinds.ts';
import { path, text } from '../scalars.ts';
import { keyShape, keys, optional, required } from '../schema.ts';
import { clientTls } from '../tls.ts';
import { inProcess } from './default.ts';

const retry = optional(keys('baseSeconds', 'maxSeconds'));
/** Where namerd is: a name. */
const dst = required(path);

/** Reads a router's `interpreter`. */
export const interpreter = kinds('interpreter kind', [
  inProcess,
  laterKind('io.l5d.namerd', {
    ...keyShape('transformers', 'namespace', 'failureThreshold'),
    dst,
    retry,
    tls: optional(keys('commonName', 'caCert')),
  }),
  experimental(
    laterKind('io.l5d.namerd.http', {
      ...keyShape('transformers', 'namespace'),
      dst,
      retry,
      tls: optional(clientTls),
    }),
  ),
  laterKind('io.l5d.mesh', {
    ...keyShape('transformers', 'root', 'failureThreshold', 'initialStreamWindowSizeKB'),
    dst,
    retry,
    tls: optional(clientTls),
  }),
  laterKind('io.l5d.fs', { ...keyShape('transformers'), dtabFile: required(text) }),
  experimental(
    laterKind('io.l5d.k8s.configMap', {
      ...keyShape('transformers', 'host', 'port', 'namespace'),
      name: required(text),
      filename: required(text),
    }),
  ),
  laterKind('io.l5d.consul.interpreter', {
    ...keyShape('transformers', 'host', 'port', 'token', 'datacenter', 'readConsistencyMode', 'writeConsistencyMode'),
    ...keyShape('failFast', 'pathPrefix', 'namespace', 'backoff'),
    tls: optional(clientTls),
  }),
  experimental(
    laterKind('io.l5d.k8s.istio', [
      'transformers',
      'discoveryHost',
      'discoveryPort',
      'apiserverHost',
      'apiserverPort',
      'pollIntervalMs',
    ]),
  ),
]);
