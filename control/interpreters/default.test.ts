/** The default interpreter: the order of its namers, listing, and the time that a delegation may take. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok, PENDING, type State } from '../../core/names/activity.ts';
import type { Addr, Name, Namer } from '../../core/names/bound.ts';
import { delegateJson } from '../../core/names/delegate.ts';
import { Dtab } from '../../core/names/dtab.ts';
import { Cell, Live } from '../../core/names/live.ts';
import { leaf, type NameTree } from '../../core/names/name-tree.ts';
import { Path } from '../../core/names/path.ts';
import { SystemNamer } from '../../core/names/system.ts';
import { FakeClock } from '../namers/timer.fake.ts';
import { DefaultInterpreter } from './default.ts';

function namerOf(prefix: string, answer: Live<State<NameTree<Name>>>): Namer {
  return { prefix: Path.read(prefix), lookup: () => answer, names: () => [Path.read(`${prefix}/known`)] };
}

function harness(...namers: Namer[]) {
  const clock = new FakeClock();
  const system = new SystemNamer({});
  return {
    clock,
    interpreter: new DefaultInterpreter({
      namers,
      system,
      transformers: [],
      lookupsMax: 1000,
      onLookupsMax: () => {},
      after: clock.after,
    }),
  };
}

const addr = new Cell<Addr>({ state: 'pending' });
const bound: NameTree<Name> = leaf({ id: Path.read('/#/n'), residual: Path.empty, addr: addr.live });

test('it binds with the dtab and its namers', () => {
  const { interpreter } = harness(namerOf('/#/n', Live.of<State<NameTree<Name>>>(ok(bound))));
  const state = interpreter.bind(Dtab.read('/svc=>/#/n'), Path.read('/svc/x')).sample();
  assert.ok(state.state === 'ok' && state.value.kind === 'leaf');
  assert.equal(state.value.value.id.show(), '/#/n');
});

test('it lists the names of the namers that can', () => {
  const { interpreter } = harness(namerOf('/#/a', Live.of(PENDING)), {
    prefix: Path.read('/#/b'),
    lookup: () => Live.of(PENDING),
  });
  assert.deepEqual(interpreter.boundNames(), ['/#/a/known']);
});

test('a delegation that is known at once leaves no timer', async () => {
  const { interpreter, clock } = harness();
  const tree = await interpreter.delegate(Dtab.empty, Path.read('/x'));
  assert.deepEqual(delegateJson(tree), { type: 'neg', path: '/x' });
  assert.equal(clock.pending, 0);
});

test('a delegation waits for an answer, and gives up after two seconds', async () => {
  const answer = new Cell<State<NameTree<Name>>>(PENDING);
  const { interpreter, clock } = harness(namerOf('/#/n', answer.live));
  const late = interpreter.delegate(Dtab.empty, Path.read('/#/n'));
  const never = interpreter.delegate(Dtab.empty, Path.read('/#/n'));
  clock.advance(1999);
  answer.value = ok({ kind: 'fail' });
  assert.equal((await late).type, 'fail');
  assert.equal((await never).type, 'fail');
  answer.value = PENDING;
  const timedOut = interpreter.delegate(Dtab.empty, Path.read('/#/n'));
  clock.advance(2000);
  await assert.rejects(timedOut, { name: 'DelegateError', code: 'timeout', message: 'Request timed out.' });
  assert.equal(clock.pending, 0);
});

test('a delegation that leads to itself fails', async () => {
  const { interpreter } = harness();
  await assert.rejects(interpreter.delegate(Dtab.read('/s=>/s'), Path.read('/s')), {
    code: 'failed',
    message: 'Max recursion level reached.',
  });
});
