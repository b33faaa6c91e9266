/** Discovery changes under load: no change of where a name leads costs a request, as long as it leads somewhere. */
import assert from 'node:assert/strict';
import { renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RawClient } from '../support/raw-client.ts';
import { Weft, type WeftOptions } from '../support/weft.ts';
import { LoadGenerator } from './support/load-generator.ts';
import { Upstream } from './support/upstream.ts';

const CONNECTIONS = 16;
const WRITES = 1000;
const WRITE_PAUSE_MS = 10;
const TIMEOUT_MS = 30_000;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function startUpstreams(count: number): Promise<Upstream[]> {
  const upstreams = await Promise.all(Array.from({ length: count }, () => Upstream.start()));
  for (const upstream of upstreams) ends.push(() => upstream.kill());
  return upstreams;
}

async function startWeft(options: WeftOptions): Promise<Weft> {
  const weft = await Weft.start(options);
  ends.push(() => weft.stop());
  return weft;
}

function load(weft: Weft): LoadGenerator {
  const generator = new LoadGenerator({ port: weft.port, connections: CONNECTIONS });
  ends.push(() => generator.stop());
  return generator;
}

type Writer = (path: string, text: string) => void;

const WRITERS: readonly (readonly [how: string, write: Writer])[] = [
  [
    'by renaming',
    (path, text) => {
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    },
  ],
  ['in place, truncated first', (path, text) => writeFileSync(path, text)],
];

for (const [how, write] of WRITERS) {
  test(`a name's file is rewritten 100 times a second ${how}: no request is lost`, async () => {
    const upstreams = await startUpstreams(4);
    const lines = upstreams.map(({ disco }) => `${disco}\n`);
    const sets = [lines.slice(0, 2).join(''), lines.slice(2).join(''), lines.join('')];
    const weft = await startWeft({ disco: { web: upstreams.map(({ disco }) => disco) } });
    const generator = load(weft);
    await generator.more(100);
    const path = join(weft.directory, 'disco', 'web');
    for (let i = 0; i < WRITES; i++) {
      write(path, sets[i % sets.length] as string);
      await sleep(WRITE_PAUSE_MS);
    }
    // The last write counts in the end.
    write(path, lines[0] as string);
    const size = 'client/#/io.l5d.fs/web/loadbalancer/size';
    const deadline = Date.now() + TIMEOUT_MS;
    while ((await weft.metric(size)) !== 1) {
      assert.ok(Date.now() < deadline, 'the last write was missed');
      await sleep(20);
    }
    const others = () => upstreams.slice(1).reduce((sum, { answered }) => sum + answered, 0);
    // The workers learn of it a moment after the metric.
    for (let before = -1; before !== others(); ) {
      assert.ok(Date.now() < deadline, 'endpoints that left get requests');
      before = others();
      await generator.more(200);
    }
    await generator.stop();
    assert.equal(generator.errorCount, 0, generator.report);
    assert.ok(upstreams.every(({ answered }) => answered > 0));
  });
}

async function ask(weft: Weft): Promise<string> {
  const client = await RawClient.open(weft.port);
  client.send('GET / HTTP/1.1\r\nHost: fleeting\r\nConnection: close\r\n\r\n');
  const text = await client.untilEnd();
  client.close();
  return text;
}

async function untilAnswered(weft: Weft, status: number): Promise<string> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const text = await ask(weft);
    if (text.startsWith(`HTTP/1.1 ${status} `)) return text;
    assert.ok(Date.now() < deadline, text);
    await sleep(10);
  }
}

test('a name appears, goes and appears again while others are busy', async () => {
  const [web, fleeting] = (await startUpstreams(2)) as [Upstream, Upstream];
  const weft = await startWeft({ disco: { web: [web.disco] } });
  const generator = load(weft);
  await generator.more(100);
  const path = join(weft.directory, 'disco', 'fleeting');
  for (let round = 0; round < 5; round++) {
    const refused = await untilAnswered(weft, 502);
    assert.match(refused, /\r\n\r\nUnable to route request!\n\nservice name: \/svc\/fleeting\n/);
    weft.disco('fleeting', [fleeting.disco]);
    await untilAnswered(weft, 200);
    unlinkSync(path);
  }
  await untilAnswered(weft, 502);
  assert.ok((await weft.metric('service/svc/fleeting/failures/no_brokers')) > 0);
  await generator.stop();
  assert.equal(generator.errorCount, 0, generator.report);
  assert.ok(fleeting.answered >= 5);
});
