/** The identifier kinds (spec 03 sections 2 and 3). A new kind is a file beside this one and a line here. */
import { kinds, laterKind, misplacedKind } from '../kinds.ts';
import { oneOrMore } from '../schema.ts';
import { header } from './header.ts';
import { headerPath } from './header-path.ts';
import { h2HeaderToken, headerToken } from './header-token.ts';
import { methodAndHost } from './method-and-host.ts';
import { path } from './path.ts';
import { fixed } from './static.ts';

const istio = ['discoveryHost', 'discoveryPort', 'apiserverHost', 'apiserverPort', 'mixerHost', 'mixerPort'] as const;

const ofBoth = [
  laterKind('io.l5d.ingress', ['host', 'port', 'namespace', 'ingressClassAnnotation', 'ignoreDefaultBackends']),
  laterKind('io.l5d.k8s.istio', istio),
  laterKind('io.l5d.k8s.istio-ingress', [...istio, 'host', 'port', 'namespace']),
] as const;

const http = kinds('identifier kind', [
  headerToken,
  header,
  methodAndHost,
  path,
  fixed,
  ...ofBoth,
  misplacedKind('io.l5d.header.path', 'h2'),
]);

const h2 = kinds('identifier kind', [
  h2HeaderToken,
  headerPath,
  fixed,
  ...ofBoth,
  misplacedKind('io.l5d.header', 'http'),
  misplacedKind('io.l5d.methodAndHost', 'http'),
  misplacedKind('io.l5d.path', 'http'),
]);

/** Reads `identifier` of an http router: one, or several that are tried in order. */
export const httpIdentifiers = oneOrMore(http);

/** Reads `identifier` of an h2 router, as {@link httpIdentifiers}. */
export const h2Identifiers = oneOrMore(h2);
