/** The identifier kinds of http routers (spec 03 sections 2 and 3). A new kind is a file beside this one and a line here. */
import { kinds, laterKind, misplacedKind } from '../kinds.ts';
import { oneOrMore } from '../schema.ts';
import { header } from './header.ts';
import { headerToken } from './header-token.ts';
import { methodAndHost } from './method-and-host.ts';
import { path } from './path.ts';
import { fixed } from './static.ts';

const istio = ['discoveryHost', 'discoveryPort', 'apiserverHost', 'apiserverPort', 'mixerHost', 'mixerPort'] as const;

const identifier = kinds('identifier kind', [
  headerToken,
  header,
  methodAndHost,
  path,
  fixed,
  laterKind('io.l5d.ingress', ['host', 'port', 'namespace', 'ingressClassAnnotation', 'ignoreDefaultBackends']),
  laterKind('io.l5d.k8s.istio', istio),
  laterKind('io.l5d.k8s.istio-ingress', [...istio, 'host', 'port', 'namespace']),
  misplacedKind('io.l5d.header.path', 'h2'),
]);

/** Reads `identifier`: one, or several that are tried in order. */
export const identifiers = oneOrMore(identifier);
