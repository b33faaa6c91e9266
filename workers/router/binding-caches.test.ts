/** The bounds of what routes lead to: who makes room for whom, and that they hold. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BindingCacheName } from '../messages.ts';
import { BindingCaches, type CacheBounds } from './binding-caches.ts';
import { ROUTE, Route, type RouteBranch, RouteTable } from './routes.ts';

const WIDE = { trees: 100, bounds: 100, clients: 100 };
const NO_PARTS = { path: '', dtab: '' } as const;
type Parts = ConstructorParameters<typeof Route>[0];

/** What a route leads to: a tree, and for each leaf a bound name with residual, and a client. */
interface Leads {
  readonly tree: number;
  readonly leaves: readonly (readonly [bound: number, client: number])[];
}

/** The caches of a table, in which routes come and go as a RouteBook lets them. */
class Book {
  readonly table = new RouteTable(100);
  readonly caches: BindingCaches;
  readonly dropped: string[] = [];
  #next = 1;

  constructor(bounds: Partial<CacheBounds>) {
    this.caches = new BindingCaches(this.table, { ...WIDE, ...bounds }, (route, cache) => {
      assert.ok(!route.busy, 'what is in use makes no room');
      this.dropped.push(`${route.id} for ${cache}`);
      this.drop(route);
    });
  }

  /** A route of the table that has just been bound. @returns it, and the cache that has no room for it */
  bind(
    leads: Leads,
    lastUsedTick: number,
    inUse = 0,
  ): { readonly route: Route; readonly full: BindingCacheName | null } {
    const id = this.#next++;
    const route = new Route({ ...NO_PARTS, id, key: Uint8Array.of(id >> 8, id & 0xff), hash: id } as Parts);
    this.table.add(route);
    route.inUse = inUse;
    route.lastUsedTick = lastUsedTick;
    return { route, full: this.lead(route, leads) };
  }

  lead(route: Route, { tree, leaves }: Leads): BindingCacheName | null {
    route.state = ROUTE.ok;
    route.tree = tree;
    route.branches = leaves.map(([bound, id]) => ({ bound, client: { id } }) as RouteBranch);
    const full = this.caches.add(route);
    if (full !== null) this.table.remove(route);
    return full;
  }

  drop(route: Route): void {
    this.caches.remove(route);
    this.table.remove(route);
    route.branches = [];
  }
}

const to = (client: number, bound = client, tree = bound): Leads => ({ tree, leaves: [[bound, client]] });

test('the client that has been idle longest makes room, with every route that leads there (spec 05 vector 23)', () => {
  const book = new Book({ clients: 2 });
  book.bind(to(1), 10);
  book.bind(to(2), 20);
  book.bind(to(1, 11), 5);
  assert.equal(book.bind(to(3), 30).full, null);
  assert.deepEqual(book.dropped, ['1 for client', '3 for client'], 'client 1 was used last at 10, client 2 at 20');
  assert.deepEqual(book.caches.sizes, { trees: 2, bounds: 2, clients: 2 });
});

test('with everything in use the newcomer is a one-off, and holds nothing', () => {
  const book = new Book({ clients: 1 });
  book.bind(to(1), 10, 1);
  const { route, full } = book.bind(to(2), 20, 1);
  assert.equal(full, 'client');
  assert.equal(route.cached, false);
  assert.deepEqual([book.dropped, book.caches.sizes], [[], { trees: 1, bounds: 1, clients: 1 }]);
});

test('an entry of which one route is in use stays', () => {
  const book = new Book({ bounds: 1 });
  book.bind(to(1), 10);
  book.bind(to(1), 20, 1);
  assert.equal(book.bind(to(1, 2), 30).full, 'bound');
});

test('who leads where others do needs no room', () => {
  const book = new Book({ trees: 1, bounds: 1, clients: 1 });
  for (let i = 0; i < 5; i++) assert.equal(book.bind(to(1), i, 1).full, null);
  assert.deepEqual([book.dropped, book.table.size], [[], 5]);
});

test('a name that needs more than there is room for at all has it while it is alone', () => {
  const book = new Book({ clients: 1 });
  const wide: Leads = {
    tree: 1,
    leaves: [
      [1, 1],
      [2, 2],
    ],
  };
  assert.equal(book.bind(wide, 10).full, null);
  assert.equal(book.bind(to(3), 20).full, null);
  assert.deepEqual(book.dropped, ['1 for client']);
});

test('a route that is bound to something else gives back what it led to', () => {
  const book = new Book({ clients: 2 });
  const { route } = book.bind(to(1), 10);
  book.bind(to(2), 20, 1);
  book.caches.remove(route);
  assert.equal(book.lead(route, to(3)), null);
  assert.deepEqual([book.dropped, book.caches.sizes.clients], [[], 2]);
});

test('property: the bounds hold whatever is bound, used and let go, and only what is idle makes room', () => {
  const leaves = fc.array(fc.tuple(fc.nat(6), fc.nat(4)), { minLength: 1, maxLength: 1 });
  const step = fc.record({ tree: fc.integer({ min: 1, max: 6 }), leaves, used: fc.boolean(), letGo: fc.nat(3) });
  const bounds = fc.record({
    trees: fc.integer({ min: 1, max: 5 }),
    bounds: fc.integer({ min: 1, max: 5 }),
    clients: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(bounds, fc.array(step, { maxLength: 60 }), (limits, steps) => {
      const book = new Book(limits);
      steps.forEach(({ tree, leaves, used, letGo }, tick) => {
        const { full } = book.bind({ tree, leaves }, tick, used ? 1 : 0);
        const { sizes } = book.caches;
        for (const name of ['trees', 'bounds', 'clients'] as const) assert.ok(sizes[name] <= limits[name], name);
        const routes = book.table.all();
        const distinct = (entries: readonly number[]) => new Set(entries).size;
        assert.deepEqual(sizes, {
          trees: distinct(routes.map((route) => route.tree)),
          bounds: distinct(routes.flatMap(({ branches }) => branches.map(({ bound }) => bound))),
          clients: distinct(routes.flatMap(({ branches }) => branches.map(({ client }) => client.id))),
        });
        if (full !== null)
          assert.ok(
            routes.some(({ busy }) => busy),
            'no room though nothing is in use',
          );
        const done = routes[letGo];
        if (done !== undefined) done.inUse = 0;
      });
    }),
  );
});
