/** Where the checkout is: compiled tests run from dist/ or from another output directory. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(directory: string): string {
  return existsSync(join(directory, 'package-lock.json')) ? directory : findRoot(dirname(directory));
}

/** The checkout's directory. */
export const ROOT: string = findRoot(dirname(fileURLToPath(import.meta.url)));
