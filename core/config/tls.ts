/** The keys of TLS objects (spec 02 sections 6.3 and 7.3): Weft refuses them by name so far, typing errors inside included. */
import { keys } from './schema.ts';

/** `tls` of a server. */
export const serverTls = keys(
  'certPath',
  'keyPath',
  'intermediateCertsPath',
  'caCertPath',
  'ciphers',
  'requireClientAuth',
  'protocols',
);

/** `tls` wherever Linkerd is the client. */
export const clientTls = keys(
  'enabled',
  'disableValidation',
  'commonName',
  'trustCertsBundle',
  'trustCerts',
  'clientAuth',
  'protocols',
);
