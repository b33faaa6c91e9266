/** Which names are told to be looked at, and which are spared: the cost of a directory with thousands of them. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DirectoryPulses } from './fs-pulses.ts';
import { FakeClock } from './timer.fake.ts';
import { type After, afterMs } from './timer.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const ROUND_NAMES = 2;
const POLL_MS = 1000;
const NEVER_MS = 1_000_000;
const PROMPT_MS = 10_000;

/** A directory in which some names are looked at; `told` is what was told since it was last asked for. */
function harness(t: TestContext, { after, pollMs }: { after: After; pollMs: number }) {
  const directory = fs.mkdtempSync(join(tmpdir(), 'weft-pulses-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  const at = (name: string) => join(directory, name);
  for (const name of NAMES) fs.writeFileSync(at(name), name);
  const pulses = new DirectoryPulses({ after, pollMs, settleMs: 5, roundNames: ROUND_NAMES });
  let seen: string[] = [];
  const observe = (name: string) =>
    pulses.of(directory, name).observe(({ touched }) => seen.push(touched ? `${name}!` : name));
  const stops = NAMES.map(observe);
  const told = () => {
    const before = seen.sort();
    seen = [];
    return before;
  };
  t.after(() => {
    for (const stop of stops) stop();
    assert.equal(pulses.active, 0);
  });
  assert.deepEqual(told(), NAMES, 'everybody looks at first');
  return { pulses, directory, at, told, observe };
}

test('a directory at rest: each poll looks at a few names, in a round', (t) => {
  const clock = new FakeClock();
  const { pulses, told, observe } = harness(t, { after: clock.after, pollMs: POLL_MS });
  const rounds = [1, 2, 3, 4, 5].map(() => {
    clock.advance(POLL_MS);
    return told().join('');
  });
  assert.deepEqual(rounds, ['ab', 'cd', 'ae', 'bc', 'de']);
  const stop = observe('f');
  assert.deepEqual(told(), ['f']);
  clock.advance(POLL_MS);
  assert.deepEqual(told(), ['a', 'f'], 'who comes while the round goes on is in it');
  stop();
  assert.deepEqual([pulses.active, clock.pending], [1, 1]);
});

test('a directory that changed without an event, was replaced, or went: all look', (t) => {
  const clock = new FakeClock();
  const { directory, at, told } = harness(t, { after: clock.after, pollMs: POLL_MS });
  const poll = () => {
    clock.advance(POLL_MS);
    return told().length;
  };
  const fewer = () => assert.equal(poll(), ROUND_NAMES);
  fewer();
  // Events come when this test is over: until then the poll is alone.
  fs.renameSync(at('a'), at('z'));
  assert.equal(poll(), NAMES.length);
  fewer();
  fs.renameSync(directory, `${directory}.old`);
  t.after(() => fs.rmSync(`${directory}.old`, { recursive: true }));
  assert.equal(poll(), NAMES.length);
  fewer();
  fs.mkdirSync(directory);
  assert.equal(poll(), NAMES.length);
  fewer();
});

test('an event concerns the name that it speaks of, and every link', async (t) => {
  const { at, told } = harness(t, { after: afterMs, pollMs: NEVER_MS });
  const seen = new Set<string>();
  const until = async (name: string) => {
    const deadline = Date.now() + PROMPT_MS;
    while (!seen.has(name)) {
      assert.ok(Date.now() < deadline, `${name} was not told`);
      await new Promise((resolve) => setTimeout(resolve, 2));
      for (const one of told()) seen.add(one);
    }
  };
  fs.writeFileSync(at('b'), 'in place');
  await until('b!');
  fs.writeFileSync(at('tmp'), 'replaced');
  fs.renameSync(at('tmp'), at('c'));
  await until('c!');
  assert.deepEqual([...seen].sort(), ['b!', 'c!']);
  fs.symlinkSync('a', at('tmp'));
  fs.renameSync(at('tmp'), at('d'));
  await until('d!');
  seen.clear();
  // d leads there now, and says nothing of it.
  fs.writeFileSync(at('a'), 'in place');
  await until('a!');
  await until('d');
  assert.deepEqual([...seen].sort(), ['a!', 'd']);
});
