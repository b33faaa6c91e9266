/** Binding a path through a dtab (spec 01 sections 4 and 9.3), with namers that answer, wait, fail and change. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Activity, failed, ok, PENDING, type State } from './activity.ts';
import { type Binding, bind } from './bind.ts';
import type { Addr, Bound, Name, Namer } from './bound.ts';
import { Dtab } from './dtab.ts';
import { Cell, Live } from './live.ts';
import { alt, leaf, mapLeaves, type NameTree, NEG } from './name-tree.ts';
import { showTree } from './name-tree-text.ts';
import { Path } from './path.ts';
import { SystemNamer } from './system.ts';

type Answer = State<NameTree<Name>>;

const ADDR = Live.of<Addr>({ state: 'bound', addresses: [] });

/** Binds the first segment of what it is asked; `neg...` is Neg; names set in `cells` are what they are set to. */
class TestNamer implements Namer {
  readonly prefix: Path;
  readonly cells = new Map<string, Cell<Answer>>();
  readonly asked: string[] = [];
  open = 0;

  constructor(prefix: string) {
    this.prefix = Path.read(prefix);
  }

  bound(rest: Path): Answer {
    return ok(leaf({ id: this.prefix.concat(rest.take(1)), residual: rest.drop(1), addr: ADDR }));
  }

  lookup(rest: Path): Activity<NameTree<Name>> {
    this.asked.push(rest.show());
    const name = rest.segments[0] ?? 'neg';
    const source = this.cells.get(name)?.live ?? Live.of(name.startsWith('neg') ? ok(NEG) : this.bound(rest));
    return new Live<Answer>((set) => {
      this.open++;
      const stop = source.observe(set);
      return () => {
        this.open--;
        stop();
      };
    });
  }
}

const system = new SystemNamer({});

function binding(dtab: string, ...namers: Namer[]): Binding {
  return { dtab: Dtab.read(dtab), namers, system, lookupsMax: 10_000, onLookupsMax: () => {} };
}

/** A bound tree as text: ids and residuals joined by `--`. */
function show(state: State<NameTree<Bound>>): string {
  if (state.state === 'pending') return 'pending';
  if (state.state === 'failed') return `failed: ${state.message}`;
  const paths = mapLeaves(state.value, ({ id, residual }) =>
    residual.size === 0 ? id : id.concat(Path.of('--')).concat(residual),
  );
  return showTree(paths);
}

const DEEP = 'failed: Max recursion level: 100 reached in Namer lookup';

/** Spec 01 section 9.3, vectors 50 to 61, and the rules of section 4: dtab, path, result. */
const BOUND: readonly (readonly [dtab: string, path: string, result: string])[] = [
  ['/s=>/#/n/one; /s=>/#/n/neg', '/s', '/#/n/one'],
  ['/s=>/#/n/one; /s=>!', '/s', '!'],
  ['/s=>/#/n/one; /s=>$', '/s', '$'],
  ['/s=>/#/n/one; /s=>~', '/s', '/#/n/one'],
  ['/s=>/#/n/one', '/s/a/b', '/#/n/one/--/a/b'],
  ['/s=>/s', '/s', DEEP],
  ['/s=>/t; /t=>/s', '/s', DEEP],
  ['/s=>/s/x', '/s', DEEP],
  ['/s=>/s | /#/n/one', '/s', DEEP],
  ['/s=>/t & /#/n/one; /t=>/t', '/s', '/#/n/one'],
  ['/s=>/s | /s', '/s', DEEP],
  ['/s=>0.9*/#/n/a & 0.1*/#/n/b', '/s', '0.90*/#/n/a & 0.10*/#/n/b'],
  ['/s=>0.9*/#/n/a & 0.1*/#/n/neg', '/s', '/#/n/a'],
  ['/s=>/#/n/neg & /#/n/neg', '/s', '~'],
  ['', '/svc/x', '~'],
  ['/#/n/a => /#/n/b', '/#/n/a', '/#/n/b'],
  ['', '/$/nope.Class/x', 'failed: Unknown namer: nope.Class for path: /$/nope.Class/x'],
  ['/s=>/$/nope | /#/n/one', '/s', 'failed: Unknown namer: nope for path: /$/nope'],
  ['/s=>/$/nope & /#/n/one', '/s', '/#/n/one'],
  ['/s=>/#/n/a;/s=>/#/n/b', '/s', '/#/n/b'],
  ['/s=>/$/nil', '/s', '$'],
  ['/s=>/$/fail | /#/n/one', '/s', '!'],
  ['/#/n/x => ~', '/#/n/x', '/#/n/x'],
  ['/=>/#/n', '/x/y', DEEP],
];

for (const [dtab, path, result] of BOUND) {
  test(`bind ${path} with ${dtab || 'no dtab'}`, () => {
    const namer = new TestNamer('/#/n');
    assert.equal(show(bind(binding(dtab, namer), Path.read(path)).sample()), result);
    assert.equal(namer.open, 0);
  });
}

test('namers are asked the last configured first; Neg goes on to the one before', () => {
  const first = new TestNamer('/#/n');
  const last = new TestNamer('/#/n');
  last.cells.set('only-first', new Cell<Answer>(ok(NEG)));
  const other = new TestNamer('/#/other');
  const names = binding('', first, last, other);
  assert.equal(show(bind(names, Path.read('/#/n/x')).sample()), '/#/n/x');
  assert.deepEqual([first.asked, last.asked], [[], ['/x']]);
  assert.equal(show(bind(names, Path.read('/#/n/only-first')).sample()), '/#/n/only-first');
  assert.deepEqual([first.asked, other.asked], [['/only-first'], []]);
});

test('an alt waits for what is pending, fails with what failed, and switches when the first alternative comes', () => {
  const namer = new TestNamer('/#/n');
  const cell = new Cell<Answer>(PENDING);
  namer.cells.set('a', cell);
  const seen: string[] = [];
  const stop = bind(binding('/s=>/#/n/a | /#/n/b', namer), Path.read('/s')).observe((state) => seen.push(show(state)));
  assert.deepEqual(seen, ['pending']);
  assert.equal(namer.open, 1);
  cell.value = failed('down');
  cell.value = ok(NEG);
  assert.equal(namer.open, 2);
  cell.value = namer.bound(Path.read('/a'));
  assert.equal(namer.open, 1);
  cell.value = ok(NEG);
  assert.deepEqual(seen, ['pending', 'failed: down', '/#/n/b', '/#/n/a', '/#/n/b']);
  stop();
  assert.equal(namer.open, 0);
});

test('a union leaves out what is pending or failed, and is so only when all are', () => {
  const namer = new TestNamer('/#/n');
  const a = new Cell<Answer>(PENDING);
  const b = new Cell<Answer>(PENDING);
  namer.cells.set('a', a).set('b', b);
  const seen: string[] = [];
  const stop = bind(binding('/s=>0.5*/#/n/a & 2*/#/n/b', namer), Path.read('/s')).observe((s) => seen.push(show(s)));
  b.value = failed('down');
  a.value = namer.bound(Path.read('/a'));
  b.value = namer.bound(Path.read('/b'));
  a.value = ok(NEG);
  stop();
  assert.deepEqual(seen, ['pending', 'failed: down', '/#/n/a', '0.50*/#/n/a & 2.00*/#/n/b', '/#/n/b']);
});

test('equal trees are told once, another address set of the same id is another tree', () => {
  const namer = new TestNamer('/#/n');
  const cell = new Cell<Answer>(namer.bound(Path.read('/a')));
  namer.cells.set('a', cell);
  let told = 0;
  const stop = bind(binding('', namer), Path.read('/#/n/a')).observe(() => told++);
  cell.value = namer.bound(Path.read('/a'));
  assert.equal(told, 1);
  cell.value = ok(leaf({ id: Path.read('/#/n/a'), residual: Path.empty, addr: Live.of<Addr>({ state: 'neg' }) }));
  assert.equal(told, 2);
  stop();
});

test('a namer may answer with paths, which go through the dtab again', () => {
  const namer = new TestNamer('/#/n');
  const answer: NameTree<Name> = alt<Name>(leaf(Path.read('/nowhere')), leaf(Path.read('/t')));
  namer.cells.set('a', new Cell<Answer>(ok(answer)));
  assert.equal(show(bind(binding('/t=>/#/n/b', namer), Path.read('/#/n/a')).sample()), '/#/n/b');
});

test('lookups that multiply without end are cut off', () => {
  const doubling = [...Array(40).keys()].map((i) => `/${i}=>/${i + 1} & /${i + 1}`).join(';');
  const names = { ...binding(`${doubling};/40=>~`), lookupsMax: 500 };
  assert.equal(show(bind(names, Path.read('/0')).sample()), '~');
  const alts = [...Array(40).keys()].map((i) => `/${i}=>/${i + 1} | /${i + 1}`).join(';');
  const sequential = { ...binding(`${alts};/40=>/$/io.buoyant.http.anyMethod`), lookupsMax: 500 };
  assert.equal(show(bind(sequential, Path.read('/0')).sample()), 'failed: Max lookups: 500 reached in Namer lookup');
});

test('the deepest nesting that is allowed fits the stack', () => {
  const nested = `${'(/x & ('.repeat(24)}/s & /x${'))'.repeat(24)}`;
  assert.equal(show(bind(binding(`/s=>${nested}`), Path.read('/s')).sample()), '~');
  assert.equal(show(bind(binding('/s=>/x & (/y | /s)'), Path.read('/s')).sample()), '~');
});

test('property: binding terminates on any dtab, closes what it opened, and leaves no alt', () => {
  const path = fc.constantFrom('/a', '/b', '/a/b', '/#/n/x', '/#/n/neg', '~', '!', '$', '/$/nil', '/a/a');
  const tree = fc.array(fc.tuple(path, fc.constantFrom('|', '&')), { minLength: 1, maxLength: 3 });
  const dentry = fc.tuple(fc.constantFrom('/a', '/b', '/', '/*', '/a/*', '/#'), tree);
  fc.assert(
    fc.property(fc.array(dentry, { maxLength: 5 }), (dentries) => {
      const text = dentries.map(([prefix, parts]) => `${prefix}=>${parts.flat().slice(0, -1).join(' ')}`).join(';');
      const namer = new TestNamer('/#/n');
      const state = bind({ ...binding(text, namer), lookupsMax: 300 }, Path.read('/a/b')).sample();
      assert.notEqual(state.state, 'pending');
      assert.ok(!JSON.stringify(state).includes('"alt"'));
      assert.equal(namer.open, 0);
    }),
    { numRuns: 200 },
  );
});
