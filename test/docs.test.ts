/** Documents that can be held against the sources are: the generated one, and the links of all. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './house/root.ts';
import { renderTuning } from './house/tuning.ts';

/** All documents, relative to the checkout. */
function documents(): string[] {
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  return ['README.md', ...docs.filter((path) => path.endsWith('.md')).map((path) => join('docs', path))];
}

test('docs/tuning.md is what core/limits.ts says; `npm run docs` writes it', () => {
  assert.equal(readFileSync(join(ROOT, 'docs', 'tuning.md'), 'utf8'), renderTuning());
});

for (const path of documents()) {
  test(`the links of ${path} lead somewhere`, () => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    assert.match(text, /^# /);
    const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '');
    assert.deepEqual(
      links.filter((link) => !existsSync(join(ROOT, dirname(path), link))),
      [],
    );
  });
}
