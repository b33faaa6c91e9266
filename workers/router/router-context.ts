/** What a router says of its part in a TRACE request (spec 03 section 5.6), as text, in Linkerd's words. */

/** A router's part in a request. */
export interface RouterContext {
  readonly label: string;
  readonly durationMs: number;
  /** The service name. */
  readonly service: string;
  /** The bound id. */
  readonly client: string;
  readonly addresses: readonly string[];
  readonly selected: string;
  /** How the service name came to the bound id, step by step. */
  readonly resolution: readonly string[];
}

/** The text block. */
export function formatRouterContext(context: RouterContext): string {
  const { label, durationMs, service, client, addresses, selected, resolution } = context;
  return `--- Router: ${label} ---
request duration: ${durationMs} ms
service name: ${service}
client name: ${client}
addresses: [${addresses.join(', ')}]
selected address: ${selected}
dtab resolution:
${resolution.map((step) => `  ${step}`).join('\n')}
`;
}
