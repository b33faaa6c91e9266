/** What may be done to the addresses that a namer or an interpreter finds (spec 02 section 9): every kind still to come. */
import { kinds, laterKind } from '../kinds.ts';
import { list, withDefault } from '../schema.ts';

const transformer = kinds('transformer kind', [
  laterKind('io.l5d.localhost', ['prefix']),
  laterKind('io.l5d.specificHost', ['prefix', 'host']),
  laterKind('io.l5d.port', ['prefix', 'port']),
  laterKind('io.l5d.k8s.daemonset', ['prefix', 'k8sHost', 'k8sPort', 'namespace', 'service', 'port', 'hostNetwork']),
  laterKind('io.l5d.k8s.localnode', ['prefix', 'hostNetwork']),
  laterKind('io.l5d.replace', ['prefix', 'path']),
  laterKind('io.l5d.const', ['prefix', 'path']),
]);

/** The `transformers` key: applied in order. */
export const transformers = withDefault(list(transformer), []);
