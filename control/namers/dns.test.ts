/** Address literals, and host names that change, fail or vanish, on a virtual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { State } from '../../core/names/activity.ts';
import { Dns, ipLiteral } from './dns.ts';
import { FakeClock } from './timer.fake.ts';

const REFRESH_MS = 5000;

/** Text, the address it is by itself. */
const LITERALS: readonly (readonly [string, string | undefined])[] = [
  ['127.0.0.1', '127.0.0.1'],
  ['127.1', '127.0.0.1'],
  ['10.1.513', '10.1.2.1'],
  ['8080', '0.0.31.144'],
  ['4294967295', '255.255.255.255'],
  ['4294967296', undefined],
  ['256.1', undefined],
  ['1.2.3.256', undefined],
  ['1.2.3.4.5', undefined],
  ['1..2', undefined],
  ['010.0.0.1', '10.0.0.1'],
  ['', '127.0.0.1'],
  ['::1', '::1'],
  ['[::1]', '::1'],
  ['2001:DB8::1', '2001:db8::1'],
  ['fe80::1%eth0', undefined],
  ['localhost', undefined],
];

for (const [text, ip] of LITERALS) {
  test(`ipLiteral ${JSON.stringify(text)}`, () => assert.equal(ipLiteral(text), ip));
}

/** A resolver whose answers are given one by one, and a clock. */
function harness() {
  const clock = new FakeClock();
  const asked: string[] = [];
  const waiting: { answer: (ips: readonly string[]) => void; fail: (error: Error) => void }[] = [];
  const resolve = (host: string) =>
    new Promise<readonly string[]>((answer, fail) => {
      asked.push(host);
      waiting.push({ answer, fail });
    });
  const dns = new Dns({ refreshMs: REFRESH_MS, resolve, after: clock.after });
  const turn = () => new Promise<void>((done) => setImmediate(done));
  return {
    clock,
    asked,
    dns,
    async answer(...ips: string[]) {
      waiting.shift()!.answer(ips);
      await turn();
    },
    async fail(code: string) {
      waiting.shift()!.fail(Object.assign(new Error(`${code} happened`), { code }));
      await turn();
    },
  };
}

function show(state: State<readonly string[]>): string {
  if (state.state === 'ok') return state.value.join(' ') || 'none';
  return state.state === 'failed' ? `failed ${state.message}` : state.state;
}

test('a host is asked for again while observed; failures keep the last good answer, NXDOMAIN does not', async () => {
  const { dns, clock, asked, answer, fail } = harness();
  const seen: string[] = [];
  const stop = dns.ips('Web.example').observe((state) => seen.push(show(state)));
  await fail('EAI_AGAIN');
  clock.advance(REFRESH_MS);
  await answer('10.0.0.2', '10.0.0.1');
  clock.advance(REFRESH_MS);
  await answer('10.0.0.1', '10.0.0.2', '10.0.0.1');
  clock.advance(REFRESH_MS);
  await fail('EAI_AGAIN');
  clock.advance(REFRESH_MS);
  await fail('ENOTFOUND');
  clock.advance(REFRESH_MS);
  await answer('10.0.0.3');
  assert.deepEqual(seen, [
    'pending',
    'failed web.example: EAI_AGAIN happened',
    '10.0.0.1 10.0.0.2',
    'none',
    '10.0.0.3',
  ]);
  assert.deepEqual(new Set(asked), new Set(['web.example']));
  stop();
  assert.equal(clock.pending, 0);
  assert.equal(dns.active, 0);
});

test('one question serves all observers, and an answer after the last has left changes nothing', async () => {
  const { dns, clock, asked, answer } = harness();
  const stops = [dns.ips('h').observe(() => {}), dns.ips('h').observe(() => {})];
  assert.equal(asked.length, 1);
  for (const stop of stops) stop();
  await answer('10.0.0.1');
  assert.equal(clock.pending, 0);
});

test('a fixed host is asked for until it is answered', async () => {
  const { dns, clock, asked, answer, fail } = harness();
  const seen: string[] = [];
  const stop = dns.fixedIps('h').observe((state) => seen.push(show(state)));
  await fail('EAI_AGAIN');
  clock.advance(REFRESH_MS);
  await answer('10.0.0.1');
  clock.advance(10 * REFRESH_MS);
  assert.equal(asked.length, 2);
  assert.equal(seen.at(-1), '10.0.0.1');
  stop();
});

test('IPv4 is preferred, link-local zones are left out, and what is no host name is no host', async () => {
  const { dns, asked, answer } = harness();
  const seen: string[] = [];
  const stops = ['a', 'b'].map((host) => dns.ips(host).observe((state) => seen.push(show(state))));
  await answer('::1', '10.0.0.1');
  await answer('::1', 'fe80::1%eth0');
  assert.deepEqual(seen.slice(2), ['10.0.0.1', '::1']);
  for (const stop of stops) stop();
  for (const host of ['a b', 'x/y', '\xff', '-x', 'a'.repeat(254)]) assert.equal(show(dns.ips(host).sample()), 'none');
  assert.equal(show(dns.ips('127.1').sample()), '127.0.0.1');
  assert.deepEqual(asked, ['a', 'b']);
});
