/** `npm run bench`: every microbenchmark, or those whose file's name holds one of the words given, each in a process of its own. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BenchError, runMain } from '../support/bench-error.ts';

await runMain(async () => {
  const words = process.argv.slice(2);
  const files = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.bench.js') && (words.length === 0 || words.some((word) => name.includes(word))))
    .sort();
  if (files.length === 0) throw new BenchError(`no benchmark's name holds ${words.join(' or ')}`);
  for (const name of files) {
    process.stdout.write(`\n== ${name.replace('.bench.js', '')}\n`);
    // A process each: what one benchmark has taught the optimizer about shared code must not slow the next.
    const { status } = spawnSync(process.execPath, [join(import.meta.dirname, name)], { stdio: ['ignore', 1, 2] });
    if (status !== 0) throw new BenchError(`${name} failed`);
  }
});
