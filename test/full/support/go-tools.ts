/** Where the peers are that `npm run tools` builds. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../../house/root.ts';

/** One of them. */
export type GoTool = 'h2spec' | 'ghz' | 'interop-client' | 'interop-server';

const { toolPath } = (await import(pathToFileURL(join(ROOT, 'scripts', 'tools.mjs')).href)) as {
  toolPath(name: GoTool): string;
};

/** The path of a peer written in Go. @throws an Error whose message says how to build it */
export function goTool(name: GoTool): string {
  return toolPath(name);
}
