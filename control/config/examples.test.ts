/** Every configuration in the specification loads, or is refused for what Weft does not have yet and for nothing else. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { assertRefused, configDirectory, outcomeOf } from '../../test/support/config-outcome.ts';
import { EXAMPLES } from './examples.test-data.ts';
import { KUBERNETES_EXAMPLES } from './examples-kubernetes.test-data.ts';

const baseDir = configDirectory();
after(() => rmSync(baseDir, { recursive: true }));

interface Example {
  readonly name: string;
  readonly text: string;
  /** Key paths. */
  readonly refused: readonly string[];
  /** Messages about what is no linkerd.yaml at all. */
  readonly wrong: readonly string[];
}

function readExample(block: string): Example {
  const [name = '', ...lines] = block.trimEnd().split('\n');
  const marked = (mark: string) => lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length));
  const text = lines.filter((line) => !/^[>!] /.test(line)).join('\n');
  return { name, text, refused: marked('> '), wrong: marked('! ') };
}

const examples = [KUBERNETES_EXAMPLES, EXAMPLES].flatMap((data) => data.split(/^# /m).slice(1).map(readExample));

for (const { name, text, refused, wrong } of examples) {
  test(`${name}: ${refused.length === 0 ? 'loads' : `refused for ${refused.length} things`}`, () => {
    const outcome = outcomeOf(text, baseDir);
    assert.deepEqual(outcome.wrong, wrong);
    assertRefused(outcome, refused, name);
  });
}

test('there are all of them', () => {
  assert.equal(examples.length, 29);
});
