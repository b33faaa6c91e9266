/** Holds the rules on size and words, and proves on a made-up project that a breach would be seen. */
import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT } from './house/root.ts';
import { readSources, type Source } from './house/sources.ts';
import { findUntidy } from './house/tidy.ts';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'weft-tidy-')));
after(() => rmSync(directory, { recursive: true }));

/** Reads one file as the compiler does. */
function read(text: string): Source {
  writeFileSync(join(directory, 'a.ts'), text);
  writeFileSync(join(directory, 'tsconfig.json'), '{"compilerOptions": {"types": []}, "files": ["a.ts"]}');
  const [source] = readSources(directory, ['tsconfig.json']);
  assert.ok(source);
  return source;
}

const HEAD = '/** Why. */\n';

/** A function of so many lines. */
function long(lines: number): string {
  return `function f() {\n${'  g();\n'.repeat(lines - 2)}}\n`;
}

test('the sources are tidy', () => {
  const sources = readSources(ROOT, ['tsconfig.json', 'scripts/tsconfig.json']);
  assert.ok(sources.some(({ path }) => path === 'core/limits.ts'));
  assert.ok(sources.some(({ path }) => path === 'scripts/setup.mjs'));
  assert.deepEqual(findUntidy(sources), []);
});

const BREACHES: readonly (readonly [text: string, found: readonly string[]])[] = [
  [`${HEAD}export const a = 1;\n`, []],
  ['export const a = 1;\n', ['a.ts:1: no opening comment on why the file exists']],
  [HEAD + 'g();\n'.repeat(399), []],
  [HEAD + 'g();\n'.repeat(400), ['a.ts:1: 401 lines, at most 400 are allowed']],
  [HEAD + long(70), []],
  [HEAD + long(71), ['a.ts:2: f has 71 lines, at most 70 are allowed']],
  [`${HEAD}const h = ${long(71).replace('function f()', '() =>')}`, ['a.ts:2: h has 71 lines, at most 70 are allowed']],
  [`${HEAD}describe('x', ${long(90).trim()});\n`, []],
  [`${HEAD}let a: any;\n`, ['a.ts:2: any']],
  [`${HEAD}app.any();\n`, []],
  [`${HEAD}// any of 'any'\nconst a = 'any';\n`, []],
  [`${HEAD}// ${'TO'}DO: later\n`, ['a.ts:2: a note of unfinished work: finish it, or refuse the case by name']],
  [`${HEAD}// @ts-${'ignore'}\n`, ['a.ts:2: a type error silenced']],
  [`${HEAD}// biome-${'ignore'} lint: no\n`, ['a.ts:2: a lint finding silenced']],
];

for (const [index, [text, found]] of BREACHES.entries()) {
  test(`breach ${index}: ${found[0] ?? 'none'}`, () => {
    assert.deepEqual(findUntidy([read(text)]), found);
  });
}

test('imports are told apart: of values, of types, deferred, and re-exports', () => {
  const { imports } = read(
    `${HEAD}import { a } from './a.ts';\nimport type { B } from 'b';\nexport * from './c.ts';\nimport('node:fs');\n`,
  );
  assert.deepEqual(imports, [
    { specifier: './a.ts', typeOnly: false, line: 2 },
    { specifier: 'b', typeOnly: true, line: 3 },
    { specifier: './c.ts', typeOnly: false, line: 4 },
    { specifier: 'node:fs', typeOnly: false, line: 5 },
  ]);
});
