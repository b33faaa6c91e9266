/**
 * Discovery over a running Weft with two workers: disco files that change, empty, break and come back while requests are
 * under way (spec 04 section 1, spec 05 vectors 7 and 24), and what the admin pages say of it meanwhile.
 */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, ask, get } from './support/exchange.ts';
import { RawClient } from './support/raw-client.ts';
import { answerWith, ScriptedUpstream } from './support/scripted-upstream.ts';
import { IP, Weft } from './support/weft.ts';

const WAIT_MS = 15_000;

let one: ScriptedUpstream;
let two: ScriptedUpstream;
let weft: Weft;

before(async () => {
  one = await ScriptedUpstream.start(answerWith('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none'));
  two = await ScriptedUpstream.start(answerWith('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo'));
  weft = await Weft.start({ env: { WEFT_WORKERS: '2' } });
});

after(async () => {
  await weft.stop();
  await one.stop();
  await two.stop();
});

/** Asks until the answer is as wanted. */
async function askUntil(host: string, wanted: (answer: Answer) => boolean): Promise<Answer> {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const answer = await ask(weft.port, get(host));
    if (wanted(answer)) return answer;
    assert.ok(Date.now() < deadline, `${host}: ${answer.line} ${answer.body}`);
    await sleep(20);
  }
}

async function admin(path: string): Promise<unknown> {
  const response = await fetch(`http://${IP}:${weft.adminPort}${path}`);
  assert.equal(response.status, 200, path);
  return response.json();
}

async function clientState(id: string): Promise<unknown> {
  return ((await admin('/client_state.json')) as Record<string, unknown>)[id];
}

/** Connections enough that both workers have some. */
async function openMany(): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: 16 }, () => RawClient.open(weft.port)));
}

/** One request on a connection that stays open. @returns the body, or the status when it is not 200 */
async function roundTrip(client: RawClient, host: string): Promise<string> {
  client.received = '';
  client.send(get(host));
  const text = await client.until('a response', (received) => /\r\n\r\n(?:one|two)$|^HTTP\/1\.1 [45]/.test(received));
  return text.startsWith('HTTP/1.1 200') ? text.slice(-3) : text.slice(9, 12);
}

test('a file that is emptied is 502 with block A, refilled it serves (spec 05 vector 24)', async () => {
  weft.disco('refilled', [one.disco]);
  await askUntil('refilled', ({ body }) => body === 'one');
  weft.disco('refilled', []);
  const empty = await askUntil('refilled', ({ status }) => status !== 200);
  assert.equal(empty.status, 502);
  assert.ok(empty.body.startsWith('Unable to route request!\n\nservice name: /svc/refilled\n'), empty.body);
  assert.deepEqual(await clientState('/#/io.l5d.fs/refilled'), { state: 'bound', addresses: [] });
  weft.disco('refilled', [two.disco]);
  await askUntil('refilled', ({ body }) => body === 'two');
});

test('a file that is not there is 502, and serves once it is', async () => {
  assert.equal((await ask(weft.port, get('later'))).status, 502);
  weft.disco('later', [one.disco]);
  await askUntil('later', ({ body }) => body === 'one');
  rmSync(join(weft.directory, 'disco', 'later'));
  assert.equal((await askUntil('later', ({ status }) => status !== 200)).status, 502);
  weft.disco('later', [two.disco]);
  await askUntil('later', ({ body }) => body === 'two');
});

test('a malformed file keeps what it said last, and the log says why', async () => {
  weft.disco('broken', [one.disco]);
  await askUntil('broken', ({ body }) => body === 'one');
  weft.disco('broken', [two.disco, 'no port here']);
  const deadline = Date.now() + WAIT_MS;
  while (!weft.log.includes('malformed address: no port here') && Date.now() < deadline) await sleep(20);
  const line = weft.log.split('\n').find((text) => text.includes('malformed address: no port here'));
  assert.match(line ?? weft.log, /disco\/broken/, 'the log names the file');
  assert.equal((await ask(weft.port, get('broken'))).body, 'one');
  weft.disco('broken', [two.disco]);
  await askUntil('broken', ({ body }) => body === 'two');
});

test('a file that is written in place, not renamed, is followed too', async () => {
  const path = join(weft.directory, 'disco', 'inplace');
  writeFileSync(path, `${one.disco}\n`);
  await askUntil('inplace', ({ body }) => body === 'one');
  writeFileSync(path, `# moved\n${two.disco} # here\n`);
  await askUntil('inplace', ({ body }) => body === 'two');
});

test('a change reaches workers that are idle', async () => {
  weft.disco('idle', [one.disco]);
  const clients = await openMany();
  for (const client of clients) assert.equal(await roundTrip(client, 'idle'), 'one');
  weft.disco('idle', [two.disco]);
  await askUntil('idle', ({ body }) => body === 'two');
  // What one worker has been told, the other hears in the same moment; its thread may be slow to run.
  await sleep(500);
  for (const client of clients) assert.equal(await roundTrip(client, 'idle'), 'two');
  for (const client of clients) client.close();
});

test('a change reaches workers that are busy, and no request fails over it', async () => {
  weft.disco('busy', [one.disco]);
  const clients = await openMany();
  const lasts = new Map<RawClient, string>();
  const deadline = Date.now() + WAIT_MS;
  const loops = clients.map(async (client) => {
    while (lasts.get(client) !== 'two') {
      const body = await roundTrip(client, 'busy');
      assert.ok(body === 'one' || body === 'two', `answered ${body}`);
      lasts.set(client, body);
      assert.ok(Date.now() < deadline, 'the change has not come');
    }
  });
  const running = Promise.all(loops);
  while (lasts.size < clients.length) await sleep(5);
  for (let i = 0; i < 5; i++) {
    weft.disco('busy', [one.disco, `${one.disco} # ${i}`]);
    await sleep(40);
  }
  weft.disco('busy', [two.disco]);
  await running;
  for (const client of clients) client.close();
});

test('weights in a file are shares of the traffic', async () => {
  weft.disco('weighted', [`${one.disco} * 3.0`, `${two.disco} * 1`]);
  const requests = 2000;
  const clients = await openMany();
  let ones = 0;
  await Promise.all(
    clients.map(async (client) => {
      for (let i = 0; i < requests / clients.length; i++) if ((await roundTrip(client, 'weighted')) === 'one') ones++;
    }),
  );
  for (const client of clients) client.close();
  // Four standard deviations.
  assert.ok(Math.abs(ones - requests * 0.75) < 4 * Math.sqrt(requests * 0.75 * 0.25), `${ones} of ${requests}`);
});

test('/bound-names.json and /client_state.json follow', async () => {
  weft.disco('shown', [one.disco, two.disco]);
  await askUntil('shown', ({ status }) => status === 200);
  assert.ok(((await admin('/bound-names.json')) as string[]).includes('/#/io.l5d.fs/shown'));
  const addresses = [one.port, two.port].toSorted().map((port) => `${IP}:${port}`);
  const state = (await clientState('/#/io.l5d.fs/shown')) as { state: string; addresses: string[] };
  assert.deepEqual({ ...state, addresses: state.addresses.toSorted() }, { state: 'bound', addresses });
  assert.equal(await clientState('/#/io.l5d.fs/never'), undefined);
});

test('/delegator.json explains a name: the worked example of spec 01 section 8.4', async () => {
  const dtab = `/beh        => /$/no.Namer ;
/bah/humbug => /$/inet/127.1/8080 ;
/foo        => /bah | /beh | /$/fail ;
/foo        => /bar ;
/boo        => /foo ;
/meh        => /heh ;
/neg        => ~`;
  const explain = (path: string) => admin(`/delegator.json?path=${path}&dtab=${encodeURIComponent(dtab)}`);
  const foo = { prefix: '/foo', dst: '/bah | /beh | /$/fail' };
  const leaf = {
    type: 'leaf',
    path: '/$/inet/127.1/8080',
    dentry: { prefix: '/bah/humbug', dst: '/$/inet/127.1/8080' },
    bound: {
      addr: { type: 'bound', addrs: [{ ip: '127.0.0.1', port: 8080, meta: {} }], meta: {} },
      id: '/$/inet/127.1/8080',
      path: '/',
    },
  };
  const message = 'Unknown namer: no.Namer for path: /$/no.Namer/humbug';
  const exception = {
    type: 'exception',
    path: '/$/no.Namer/humbug',
    dentry: { prefix: '/beh', dst: '/$/no.Namer' },
    message,
  };
  const alt = [
    { type: 'neg', path: '/bar/humbug', dentry: { prefix: '/foo', dst: '/bar' } },
    { type: 'delegate', path: '/bah/humbug', dentry: foo, delegate: leaf },
    { type: 'delegate', path: '/beh/humbug', dentry: foo, delegate: exception },
    { type: 'fail', path: '/$/fail/humbug', dentry: foo },
  ];
  const tree = { type: 'alt', path: '/foo/humbug', dentry: { prefix: '/boo', dst: '/foo' }, alt };
  assert.deepEqual(await explain('/boo/humbug'), { type: 'delegate', path: '/boo/humbug', delegate: tree });
  const neg = { type: 'neg', path: '/heh', dentry: { prefix: '/meh', dst: '/heh' } };
  assert.deepEqual(await explain('/meh'), { type: 'delegate', path: '/meh', delegate: neg });
});
