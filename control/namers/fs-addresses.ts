/**
 * The text of a disco file (spec 04 section 1.1): one endpoint a line, `host port` or `host port * weight`, with `#`
 * comments.
 */

/** One line of a disco file. */
export interface Endpoint {
  /** A host name or an IP literal. */
  readonly host: string;
  readonly port: number;
  readonly weight: number;
}

/** What a disco file says, or its first line that is not an endpoint. */
export type FileContent = { readonly endpoints: readonly Endpoint[] } | { readonly malformed: string };

const LINE = /^(\S+)\s+([0-9]{1,5})(?:\s*\*\s*([0-9]+\.?[0-9]*|\.[0-9]+))?$/;
const PORT_MAX = 65535;

/** Reads a disco file. One malformed line makes the file malformed: half an address set is worse than the last whole one. */
export function readEndpoints(text: string): FileContent {
  const endpoints: Endpoint[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.replace(/#.*/s, '').trim();
    if (line === '') continue;
    const [, host, portText, weightText] = LINE.exec(line) ?? [];
    const port = Number(portText);
    if (host === undefined || !(port >= 1 && port <= PORT_MAX)) return { malformed: line };
    endpoints.push({ host, port, weight: weightText === undefined ? 1 : Number(weightText) });
  }
  return { endpoints };
}
