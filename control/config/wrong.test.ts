/** Wrong configurations, as texts with the messages that they must give (`wrong-*.test-data.ts`). */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { ConfigError, loadConfig } from './load.ts';
import { Source } from './source.ts';
import { WRONG_DOCUMENTS } from './wrong-documents.test-data.ts';
import { WRONG_H2_ROUTERS } from './wrong-h2.test-data.ts';
import { WRONG_KINDS } from './wrong-kinds.test-data.ts';
import { WRONG_ROUTERS } from './wrong-routers.test-data.ts';

interface Case {
  readonly text: string;
  readonly messages: readonly string[];
}

/** Texts followed by lines that begin with `> `; headings begin with `## `. */
function readCases(data: string): Case[] {
  return data
    .replace(/^## .*\n/gm, '')
    .split(/(?<=^> .*\n)(?!> )/m)
    .filter((block) => block.includes('\n> '))
    .map((block) => {
      const start = block.indexOf('\n> ');
      return {
        text: block.slice(0, start).trim(),
        messages: block
          .slice(start + 3)
          .trimEnd()
          .split('\n> '),
      };
    });
}

/** Each problem of a text as it is shown: a message, the source line, the caret. */
function entriesOf(text: string): { message: string; quote: string; caret: string }[] {
  const source = new Source('l', text);
  return refusalOf(text).problems.map((problem) => {
    const [message = '', quote = '', caret = ''] = source.render(problem).split('\n');
    return { message, quote, caret };
  });
}

function refusalOf(text: string): ConfigError {
  try {
    loadConfig(text, 'l', { baseDir: tmpdir() });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  assert.fail(`it loads: ${text}`);
}

const cases = [WRONG_DOCUMENTS, WRONG_ROUTERS, WRONG_H2_ROUTERS, WRONG_KINDS].flatMap(readCases);

test('there are at least 60 wrong configurations', () => {
  assert.ok(cases.length >= 60, `${cases.length}`);
});

for (const { text, messages } of cases) {
  test(`refused: ${text}`, () => {
    const entries = entriesOf(text);
    assert.deepEqual(
      entries.map((entry) => entry.message),
      messages.map((message) => `l:${message}`),
    );
    for (const { message, quote, caret } of entries) {
      const [, line, column] = /^l:(\d+):(\d+): /.exec(message) as RegExpExecArray;
      const wholeLine = text.split('\n')[Number(line) - 1] ?? '';
      assert.ok(wholeLine.includes(quote.slice(2).trimEnd()), quote);
      assert.match(caret, /^[ \t]*\^$/);
      assert.equal(quote.charAt(caret.length - 1), wholeLine.charAt(Number(column) - 1));
    }
  });
}
