/** Where servers listen when their `port` is absent (spec 02 section 5): also those of protocols that Weft does not speak yet. */

/** Port by protocol. */
export const DEFAULT_PORTS = { http: 4140, h2: 4142, thrift: 4114, mux: 4141, thriftmux: 4144 } as const;
