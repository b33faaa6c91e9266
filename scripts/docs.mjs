/** `npm run docs`: writes the documents that are generated from the sources; test/docs.test.ts compares them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureReady, ROOT, runScript } from './setup.mjs';

await runScript(async () => {
  ensureReady();
  const { renderTuning } = await import(join(ROOT, 'dist', 'test', 'house', 'tuning.js'));
  writeFileSync(join(ROOT, 'docs', 'tuning.md'), renderTuning());
});
