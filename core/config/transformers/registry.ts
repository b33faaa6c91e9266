/** What may be done to the answers of a namer or an interpreter (spec 02 section 9). A new kind is a file beside this one. */
import { kinds, laterKind } from '../kinds.ts';
import { list, withDefault } from '../schema.ts';
import { constant } from './const.ts';
import { localhost } from './localhost.ts';
import { port } from './port.ts';
import { replace } from './replace.ts';
import { specificHost } from './specific-host.ts';

const transformer = kinds('transformer kind', [
  localhost,
  specificHost,
  port,
  replace,
  constant,
  laterKind('io.l5d.k8s.daemonset', ['prefix', 'k8sHost', 'k8sPort', 'namespace', 'service', 'port', 'hostNetwork']),
  laterKind('io.l5d.k8s.localnode', ['prefix', 'hostNetwork']),
]);

/** The `transformers` key: applied in order. */
export const transformers = withDefault(list(transformer), []);
