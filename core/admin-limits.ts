/** The bounds of the admin server, a part of the one list in `core/limits.ts`. */
import type { Limit } from './limits.ts';

/** The rows. */
export const ADMIN_LIMITS = {
  adminBodyBytesMax: {
    env: 'WEFT_ADMIN_BODY_BYTES',
    defaultValue: 1048576,
    min: 1024,
    max: 67108864,
    metric: 'limits/admin_body_bytes',
    doc: 'Body of a request to the admin server; a larger one is answered 413 and its connection closed.',
  },
  adminConnectionsMax: {
    env: 'WEFT_ADMIN_CONNECTIONS',
    defaultValue: 256,
    min: 1,
    max: 65536,
    metric: 'limits/admin_connections',
    doc: 'Connections to the admin server at one time; further ones are closed at once.',
  },
  adminRequestTimeoutMs: {
    env: 'WEFT_ADMIN_REQUEST_TIMEOUT_MS',
    defaultValue: 10000,
    min: 100,
    max: 3600000,
    metric: 'limits/admin_request_timeout',
    doc: 'Time for a whole request to the admin server to arrive, else 408 and close; an idle connection is closed after as long.',
  },
} as const satisfies Record<string, Limit>;
