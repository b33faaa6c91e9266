/**
 * TLS objects (spec 02 sections 6.3 and 7.3). Weft refuses them by name so far, and yet reads them: what Linkerd refuses in
 * them is wrong here too.
 */
import type { ConfigNode } from './node.ts';
import type { Reading } from './reading.ts';
import { boolean, nonEmptyText } from './scalars.ts';
import { checked, list, object, optional, required, type ValueOf, withDefault } from './schema.ts';

/** `tls` of a server. */
export const serverTls = object({
  certPath: required(nonEmptyText),
  keyPath: required(nonEmptyText),
  intermediateCertsPath: optional(nonEmptyText),
  caCertPath: optional(nonEmptyText),
  ciphers: optional(list(nonEmptyText)),
  requireClientAuth: withDefault(boolean, false),
  protocols: optional(list(nonEmptyText)),
});

const clientKeys = {
  /** False: plain all the same, where an entry above says otherwise. */
  enabled: withDefault(boolean, true),
  disableValidation: withDefault(boolean, false),
  commonName: optional(nonEmptyText),
  trustCertsBundle: optional(nonEmptyText),
  trustCerts: optional(list(nonEmptyText)),
  clientAuth: optional(
    object({
      certPath: required(nonEmptyText),
      keyPath: required(nonEmptyText),
      intermediateCertsPath: optional(nonEmptyText),
    }),
  ),
  protocols: optional(list(nonEmptyText)),
};

function checkClientTls(tls: ValueOf<typeof clientKeys>, node: ConfigNode, path: string, reading: Reading): void {
  const report = (what: string, remedy: string) => reading.report({ at: node, path, what, remedy });
  if (!tls.enabled) return;
  if (tls.disableValidation && tls.clientAuth !== undefined) {
    report('disableValidation: true is incompatible with clientAuth', 'Leave one of them out.');
  }
  if (!tls.disableValidation && tls.commonName === undefined) {
    const remedy = 'Write the name that the endpoints\' certificates have, or "disableValidation: true".';
    report('tls is configured with validation but `commonName` is not set', remedy);
  }
  if (tls.trustCerts !== undefined && tls.trustCertsBundle !== undefined) {
    report('Both trustCerts and trustCertsBundle have been set', 'Please use only trustCertsBundle.');
  }
}

/** `tls` wherever Linkerd is the client. */
export const clientTls = checked(object(clientKeys), checkClientTls);
