/**
 * `npm run check`: everything that can be said about the sources without running Weft. All parts run, then the failed
 * ones are named.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureReady, ROOT, runScript, SetupError } from './setup.mjs';

const TSC = join('node_modules', 'typescript', 'bin', 'tsc');

/** Parts by name, each a command line for Node. */
const PARTS = {
  'format and lint': [join('node_modules', '@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings'],
  'types of the scripts': [TSC, '-p', join('scripts', 'tsconfig.json')],
  'borders, cycles, tidiness, documents': [
    '--test',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    ...['borders', 'tidy', 'docs'].map((name) => join('dist', 'test', `${name}.test.js`)),
  ],
};

await runScript(() => {
  // The build is the check of the types.
  ensureReady();
  const failed = Object.entries(PARTS).filter(([name, command]) => {
    process.stdout.write(`\n== ${name}\n`);
    return spawnSync(process.execPath, command, { cwd: ROOT, stdio: ['ignore', 1, 2] }).status !== 0;
  });
  if (failed.length > 0) throw new SetupError(`\nFailed: ${failed.map(([name]) => name).join('; ')}.`);
  process.stdout.write('\nAll checks passed.\n');
});
