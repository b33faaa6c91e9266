/** How long peers are borne with: what is configured lowers the bounds, and never raises them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLimits } from '../../core/limits.ts';
import { NEVER, TICK_MS } from '../reactor/timer-wheel.ts';
import type { Net } from './net.ts';
import { Patience, type SessionTimes, type SocketTimes } from './patience.ts';

const LIMITS = readLimits({ WEFT_HEADER_TIMEOUT_MS: '10000', WEFT_BODY_IDLE_TIMEOUT_MS: '60000' });
const NO_SOCKET: SocketTimes = { readTimeoutMs: undefined, writeTimeoutMs: undefined };

function patience(socket: Partial<SocketTimes> = {}, session?: Partial<SessionTimes>): Patience {
  const bounds = session && { idleTimeMs: undefined, lifeTimeMs: undefined, ...session };
  return new Patience(LIMITS, { ...NO_SOCKET, ...socket }, bounds);
}

/** Milliseconds by name; undefined for never. */
function msOf(of: Patience): Record<string, number | undefined> {
  const names = ['head', 'body', 'response', 'tunnel', 'write', 'read', 'rest', 'life'] as const;
  return Object.fromEntries(
    names.map((name) => [name, of[`${name}Ticks`] === NEVER ? undefined : of[`${name}Ticks`] * TICK_MS]),
  );
}

const BOUNDS = {
  head: 10_000,
  body: 60_000,
  response: undefined,
  tunnel: 3_600_000,
  write: 60_000,
  read: undefined,
  rest: undefined,
  life: undefined,
};

const ROWS: readonly (readonly [socket: Partial<SocketTimes>, session: Partial<SessionTimes> | undefined, object])[] = [
  [{}, undefined, {}],
  [{}, {}, {}],
  [{ readTimeoutMs: 500 }, undefined, { head: 500, body: 500, response: 500, tunnel: 500, read: 500, rest: 500 }],
  [
    { readTimeoutMs: 30_000 },
    { idleTimeMs: 40_000 },
    { body: 30_000, response: 30_000, tunnel: 30_000, read: 30_000, rest: 30_000 },
  ],
  [
    { readTimeoutMs: 30_000 },
    { idleTimeMs: 1 },
    { body: 30_000, response: 30_000, tunnel: 30_000, read: 30_000, rest: 10 },
  ],
  [{ writeTimeoutMs: 70 }, undefined, { write: 70 }],
  [{ writeTimeoutMs: 90_000 }, { lifeTimeMs: 5000 }, { life: 5000 }],
];

for (const [socket, session, changed] of ROWS) {
  test(`${JSON.stringify(socket)} and ${JSON.stringify(session)}`, () => {
    const of = patience(socket, session);
    assert.deepEqual(msOf(of), { ...BOUNDS, ...changed });
    assert.equal(of.boundsRest, of.restTicks !== NEVER || of.lifeTicks !== NEVER);
  });
}

test('a session ends with its idleness or its age, whichever comes first', () => {
  const never = patience();
  assert.equal(never.restEnd(50, never.lifeEnd(3)), NEVER);
  const idle = patience({}, { idleTimeMs: 1000 });
  assert.equal(idle.restEnd(50, idle.lifeEnd(3)), 150);
  const old = patience({}, { lifeTimeMs: 1000 });
  assert.equal(old.restEnd(50, old.lifeEnd(3)), 103);
  const both = patience({}, { idleTimeMs: 1000, lifeTimeMs: 1000 });
  assert.equal(both.restEnd(50, both.lifeEnd(3)), 103);
  assert.equal(both.restEnd(3, both.lifeEnd(3)), 103);
});

test('a bound counts as met only where nothing lower was configured', () => {
  const met: string[] = [];
  const net = { limits: LIMITS, limitMet: (name: string) => met.push(name) } as unknown as Net;
  patience().readEnded(net, 'headerTimeoutMs');
  patience({ readTimeoutMs: 500 }).readEnded(net, 'headerTimeoutMs');
  patience({ readTimeoutMs: 500 }).readEnded(net, 'responseTimeoutMs');
  patience({ readTimeoutMs: 20_000 }).readEnded(net, 'headerTimeoutMs');
  patience({ writeTimeoutMs: 500 }).writeEnded(net);
  patience().writeEnded(net);
  assert.deepEqual(met, ['headerTimeoutMs', 'headerTimeoutMs', 'bodyIdleTimeoutMs']);
});
