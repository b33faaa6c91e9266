/**
 * Transformers and the rewriting namer over a running Weft (spec 04 sections 1.12 and 2): real disco files, two endpoints on
 * two ports, and a router for each way of sending a request elsewhere than its name says.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Answer, ask, echoHead, get, readHead, soleValueOf } from './support/exchange.ts';
import { ScriptedUpstream } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

/** Where no endpoint is: what a transformer does not take away would fail. */
const ELSEWHERE = '10.255.255.1';

let one: ScriptedUpstream;
let two: ScriptedUpstream;
let weft: Weft;
let moved = '';
const ports = new Map<string, number>();

/** Routers by label: keys that follow. PORT stands for the second endpoint's. */
const ROUTERS: Readonly<Record<string, string>> = {
  plain: 'dtab: /svc => /#/io.l5d.fs',
  port: 'dtab: /svc => /#/io.l5d.fs, interpreter: {kind: default, transformers: [{kind: io.l5d.port, port: PORT}]}',
  named: 'dtab: /svc => /#/moved',
  chain: `dtab: /svc => /#/io.l5d.fs, interpreter: {kind: default, transformers: [{kind: io.l5d.specificHost, host: ${IP}}, {kind: io.l5d.port, port: PORT, prefix: /mine}]}`,
  localhost: 'dtab: /svc => /#/io.l5d.fs, interpreter: {kind: default, transformers: [{kind: io.l5d.localhost}]}',
  replace:
    'dtab: /svc => /#/io.l5d.fs, interpreter: {kind: default, transformers: [{kind: io.l5d.replace, path: /#/io.l5d.fs/second}]}',
  const:
    'dtab: /svc => /#/io.l5d.fs, interpreter: {kind: default, transformers: [{kind: io.l5d.const, path: /$/inet/127.1/PORT}]}',
  rewrite: 'dtab: /svc => /#/turned ; /host/at => /#/io.l5d.fs',
  selfReplacing: 'dtab: /svc => /#/itself',
};

before(async () => {
  one = await ScriptedUpstream.start(echoHead);
  two = await ScriptedUpstream.start(echoHead);
  moved = mkdtempSync(join(tmpdir(), 'weft-moved-'));
  writeFileSync(join(moved, 'web'), `${one.disco}\n`);
  const routers: string[] = [];
  for (const [label, keys] of Object.entries(ROUTERS)) {
    const port = await freePort();
    ports.set(label, port);
    const flow = keys.replace(/dtab: (.*?)(?=, interpreter|$)/, 'dtab: "$1"').replaceAll('PORT', String(two.port));
    routers.push(`- {protocol: http, label: ${label}, ${flow}, servers: [{ip: ${IP}, port: ${port}}]}`);
  }
  weft = await Weft.start({
    disco: {
      web: [one.disco],
      second: [two.disco],
      mixed: [`${ELSEWHERE} 1`, one.disco],
      away: [`${ELSEWHERE} 1`],
    },
    namers: [
      `{kind: io.l5d.fs, rootDir: ${moved}, prefix: /moved, transformers: [{kind: io.l5d.port, port: ${two.port}}]}`,
      '{kind: io.l5d.rewrite, prefix: /turned, pattern: "/{name}.{place}", name: "/host/{place}/{name}/end"}',
      `{kind: io.l5d.fs, rootDir: ${moved}, prefix: /itself, transformers: [{kind: io.l5d.replace, path: /#/itself/web}]}`,
    ],
    more: routers.join('\n'),
  });
});

after(async () => {
  await weft.stop();
  await one.stop();
  await two.stop();
  rmSync(moved, { recursive: true });
});

function askRouter(label: string, host: string): Promise<Answer> {
  return ask(ports.get(label) as number, get(host));
}

/** Router, Host, bound id, residual, which endpoint. PORT as above. Vector numbers behind. */
const SERVED: readonly (readonly [label: string, host: string, id: string, residual: string, endpoint: 1 | 2])[] = [
  ['plain', 'web', '/#/io.l5d.fs/web', '', 1],
  ['port', 'web', '/%/io.l5d.port/PORT/#/io.l5d.fs/web', '', 2], // 13
  ['named', 'web', '/%/io.l5d.port/PORT/#/moved/web', '', 2],
  ['chain', 'mixed', '/%/mine/%/io.l5d.specificHost/#/io.l5d.fs/mixed', '', 2],
  ['localhost', 'mixed', '/%/io.l5d.localhost/#/io.l5d.fs/mixed', '', 1],
  ['replace', 'web', '/%/io.l5d.replace/#/io.l5d.fs/second', '', 2],
  ['const', 'nowhere', '/%/io.l5d.const/$/inet/127.1/PORT', '', 2],
  ['rewrite', 'web.at', '/#/io.l5d.fs/web', '/end', 1],
  ['selfReplacing', 'web', '/%/io.l5d.replace/#/itself/web', '', 1],
];

for (const [label, host, id, residual, endpoint] of SERVED) {
  test(`router ${label} sends ${host} to endpoint ${endpoint} as ${id}`, async () => {
    const answer = await askRouter(label, host);
    assert.equal(answer.status, 200, answer.body);
    const seen = readHead(answer.body);
    assert.equal(soleValueOf(seen, 'l5d-dst-client'), id.replace('PORT', String(two.port)));
    assert.equal(soleValueOf(seen, 'l5d-dst-residual') ?? '', residual);
    const shown = await fetch(`http://${IP}:${weft.adminPort}/client_state.json`);
    const states = (await shown.json()) as Record<string, { readonly addresses: readonly string[] }>;
    const { addresses } = states[id.replace('PORT', String(two.port))] ?? { addresses: [] };
    assert.deepEqual(
      [...new Set(addresses)],
      [`${IP}:${endpoint === 1 ? one.port : two.port}`],
      JSON.stringify(states),
    );
  });
}

/** Router, Host: what is left is nothing, or the name was never there. */
const UNSERVED: readonly (readonly [label: string, host: string])[] = [
  ['localhost', 'away'],
  ['chain', 'away'],
  ['replace', 'nowhere'],
  ['port', 'nowhere'],
  ['rewrite', 'web'],
  ['rewrite', 'web.elsewhere'],
];

for (const [label, host] of UNSERVED) {
  test(`router ${label} has nothing for ${host}`, async () => {
    const answer = await askRouter(label, host);
    assert.equal(answer.status, 502);
    assert.ok(answer.body.startsWith('Unable to route request!'), answer.body);
  });
}

test('metrics and delegations call names as they are bound', async () => {
  await askRouter('port', 'web');
  const metrics = await weft.metrics();
  assert.ok((metrics[`rt/port/client/%/io.l5d.port/${two.port}/#/io.l5d.fs/web/requests`] ?? 0) > 0);
  const tree = (await delegation('port', '/svc/web')) as { readonly delegate: Record<string, unknown> };
  const { type, name, path, bound, tree: inner } = tree.delegate;
  assert.deepEqual([type, name, path], ['transformation', 'PortTransformer', '/#/io.l5d.fs/web']);
  const addr = (port: number) => ({ type: 'bound', addrs: [{ ip: IP, port, meta: {} }], meta: {} });
  assert.deepEqual(bound, { addr: addr(one.port), id: '/#/io.l5d.fs/web', path: '/' });
  assert.deepEqual(inner, {
    type: 'leaf',
    path: '/#/io.l5d.fs/web',
    dentry: { prefix: '/svc', dst: '/#/io.l5d.fs' },
    bound: { addr: addr(two.port), id: `/%/io.l5d.port/${two.port}/#/io.l5d.fs/web`, path: '/' },
  });
});

test('an interpreter whose transformers bind names of their own shows no delegations', async () => {
  for (const label of ['replace', 'const']) {
    const response = await askDelegator(label, '/svc/web');
    assert.equal(response.status, 501);
    assert.equal(await response.text(), `Name Interpreter for ${label} cannot show delegations`);
  }
});

function askDelegator(namespace: string, path: string): Promise<Response> {
  const query = new URLSearchParams({ namespace, path, dtab: '/svc => /#/io.l5d.fs' });
  return fetch(`http://${IP}:${weft.adminPort}/delegator.json?${query}`);
}

async function delegation(namespace: string, path: string): Promise<unknown> {
  const response = await askDelegator(namespace, path);
  assert.equal(response.status, 200);
  return response.json();
}
