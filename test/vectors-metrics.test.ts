/**
 * What the metrics say after each kind of request (spec 06 section 12, rows 1 to 5c, 9 and 10), and the Prometheus text of
 * a running Weft, read by a parser that takes nothing on trust.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, get, readHead, soleValueOf } from './support/exchange.ts';
import { metricsUntil } from './support/metrics.ts';
import { RawClient } from './support/raw-client.ts';
import { ScriptedUpstream } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const WAIT_MS = 15_000;

/** A row: the requests, then metrics below `rt/<label>/`, where `S/` is the server's scope and `C/` web's client. */
interface Row {
  readonly label: string;
  readonly requests: readonly string[];
  readonly expected: Readonly<Record<string, number>>;
  /** Scopes that are not there. */
  readonly absent?: readonly string[];
}

const GET_WEB = get('web');
const SERVICE = 'service/svc/web/';
const CLIENT_SERVICE = 'C/service/svc/web/';
const MISSES = {
  'bindcache/path/misses': 1,
  'bindcache/tree/misses': 1,
  'bindcache/bound/misses': 1,
  'bindcache/client/misses': 1,
};

function counts(scope: string, requests: number, success: number): Record<string, number> {
  return { [`${scope}requests`]: requests, [`${scope}success`]: success, [`${scope}failures`]: requests - success };
}

function allLevels(requests: number, success: number): Record<string, number> {
  return Object.assign({}, ...['S/', SERVICE, 'C/', CLIENT_SERVICE].map((scope) => counts(scope, requests, success)));
}

const ROWS: readonly Row[] = [
  {
    label: 'row1',
    requests: [GET_WEB],
    expected: {
      ...allLevels(1, 1),
      ...MISSES,
      'S/status/200': 1,
      'S/status/2XX': 1,
      'S/connects': 1,
      'C/connects': 1,
      'C/status/200': 1,
      'C/status/2XX': 1,
      'C/loadbalancer/size': 1,
      'C/connections': 1,
      'C/retries/requeues': 0,
      'S/pending': 0,
      'C/pending': 0,
      'C/loadbalancer/load': 0,
      'S/connections': 0,
    },
  },
  {
    label: 'row2',
    requests: [GET_WEB, GET_WEB],
    expected: { ...allLevels(2, 2), ...MISSES, 'S/connects': 2, 'C/connects': 1, 'S/status/200': 2 },
  },
  {
    label: 'row3',
    requests: [get('web', 'x-status: 500')],
    expected: {
      ...allLevels(1, 0),
      'S/status/500': 1,
      'S/status/5XX': 1,
      'C/status/500': 1,
      'S/failures/application_failure': 1,
      [`${SERVICE}failures/application_failure`]: 1,
      'C/failures/application_failure': 1,
    },
  },
  {
    label: 'row4',
    requests: [get('unknown')],
    expected: {
      ...counts('S/', 1, 0),
      ...counts('service/svc/unknown/', 1, 0),
      'S/status/502': 1,
      'S/failures/no_brokers': 1,
      'service/svc/unknown/failures/no_brokers': 1,
      'bindcache/path/misses': 1,
      'bindcache/client/misses': 0,
    },
    absent: ['client/'],
  },
  {
    label: 'row5',
    requests: ['GET / HTTP/1.0\r\n\r\n'],
    expected: { ...counts('S/', 1, 0), 'S/status/400': 1, 'S/status/4XX': 1, 'S/failures/unidentified': 1 },
    absent: ['service/', 'client/'],
  },
  {
    label: 'row5b',
    requests: [get('web', 'x-status: 404')],
    expected: { ...allLevels(1, 1), 'S/status/404': 1, 'S/status/4XX': 1, 'C/status/404': 1 },
  },
  {
    label: 'row5c',
    requests: [get('web', 'l5d-dtab: foo')],
    expected: { ...counts('S/', 0, 0), 'S/connects': 1, 'bindcache/path/misses': 0 },
    absent: ['service/', 'client/', 'S/status/400'],
  },
  {
    label: 'row9',
    requests: [GET_WEB, get('web', 'l5d-dtab: /svc/web=>/#/io.l5d.fs/other')],
    expected: {
      ...counts('S/', 2, 2),
      ...counts(SERVICE, 2, 2),
      ...counts('C/', 1, 1),
      ...counts('client/#/io.l5d.fs/other/', 1, 1),
      ...counts('client/#/io.l5d.fs/other/service/svc/web/', 1, 1),
      'bindcache/path/misses': 2,
      'bindcache/client/misses': 2,
    },
    absent: ['service/svc/other'],
  },
];

let upstream: ScriptedUpstream;
let weft: Weft;
const ports = new Map<string, number>();

before(async () => {
  upstream = await ScriptedUpstream.start(async (connection) => {
    for (let head = await connection.head(); head !== null; head = await connection.head()) {
      const status = soleValueOf(readHead(head), 'x-status') ?? '200';
      connection.send(`HTTP/1.1 ${status} Text\r\nContent-Length: 2\r\n\r\nok`);
    }
  });
  const routers: string[] = ['telemetry: [{kind: io.l5d.prometheus, prefix: linkerd_}]'];
  for (const label of [...ROWS.map((row) => row.label), 'idle', 'rest']) {
    const port = await freePort();
    ports.set(label, port);
    const cache = label === 'idle' ? ', bindingCache: {idleTtlSecs: 1}, originator: true' : '';
    routers.unshift(
      `- {protocol: http, label: ${label}, dtab: /svc => /#/io.l5d.fs${cache}, servers: [{ip: ${IP}, port: ${port}}]}`,
    );
  }
  weft = await Weft.start({
    disco: { web: [upstream.disco], other: [upstream.disco] },
    env: { WEFT_STATS_WINDOW_MS: '1000' },
    more: routers.join('\n'),
  });
});

after(async () => {
  await weft.stop();
  await upstream.stop();
});

function portOf(label: string): number {
  return ports.get(label) as number;
}

function nameOf(label: string, metric: string): string {
  const spelt = metric.replace(/^S\//, `server/${IP}/${portOf(label)}/`).replace(/^C\//, 'client/#/io.l5d.fs/web/');
  return `rt/${label}/${spelt}`;
}

for (const { label, requests, expected, absent = [] } of ROWS) {
  test(`${label}: ${requests.map((text) => text.split('\r\n').slice(1, -2).join(' ')).join(', then ')}`, async () => {
    for (const request of requests) assert.notEqual((await ask(portOf(label), request)).status, 0);
    await metricsUntil(weft, (metrics) => {
      const names = Object.keys(expected);
      const seen = names.map((name) => [name, metrics[nameOf(label, name)] ?? 0]);
      assert.deepEqual(Object.fromEntries(seen), expected);
    });
    const all = Object.keys(await weft.metrics());
    for (const scope of absent) {
      assert.deepEqual(
        all.filter((name) => name.startsWith(nameOf(label, scope))),
        [],
        `${scope} is there`,
      );
    }
  });
}

test('gauges at rest: connections are those that are open, and nothing is pending', async () => {
  const clients = [await RawClient.open(portOf('rest')), await RawClient.open(portOf('rest'))];
  for (const client of clients) {
    client.send(GET_WEB);
    await client.until('a response', (text) => text.endsWith('ok'));
  }
  const expected = {
    'S/connections': 2,
    'C/connections': 1,
    'S/pending': 0,
    'C/pending': 0,
    'C/loadbalancer/load': 0,
    [`${SERVICE}pending`]: 0,
  };
  await metricsUntil(weft, (metrics) => {
    const seen = Object.keys(expected).map((name) => [name, metrics[nameOf('rest', name)]]);
    assert.deepEqual(Object.fromEntries(seen), expected);
  });
  for (const client of clients) client.close();
  await metricsUntil(weft, (metrics) => assert.equal(metrics[nameOf('rest', 'S/connections')], 0));
});

test('a request in flight is pending at its server and its service', async () => {
  const silent = await ScriptedUpstream.start(async (connection) => void (await connection.head()));
  weft.disco('silent', [silent.disco]);
  const answer = ask(portOf('rest'), get('silent'));
  const expected = { 'S/pending': 1, 'S/load': 1, 'service/svc/silent/pending': 1 };
  await metricsUntil(weft, (metrics) => {
    const seen = Object.keys(expected).map((name) => [name, metrics[nameOf('rest', name)]]);
    assert.deepEqual(Object.fromEntries(seen), expected);
  });
  await silent.stop();
  assert.equal((await answer).status, 502);
  await metricsUntil(weft, (metrics) => assert.equal(metrics[nameOf('rest', 'S/load')], 0));
});

test('row 10: scopes that are idle for long go, but for those used last', async () => {
  const known = (metrics: Record<string, number>, scope: string) =>
    Object.keys(metrics).some((name) => name.startsWith(nameOf('idle', scope)));
  await ask(portOf('idle'), GET_WEB);
  await metricsUntil(weft, (metrics) => assert.ok(known(metrics, SERVICE) && known(metrics, 'C/')));
  await sleep(300);
  await ask(portOf('idle'), get('other'));
  await metricsUntil(weft, (metrics) => {
    assert.ok(!known(metrics, SERVICE), 'the service is still there');
    assert.ok(!known(metrics, 'C/'), 'the client is still there');
  });
  await sleep(2500);
  const metrics = await weft.metrics();
  assert.equal(metrics[nameOf('idle', 'service/svc/other/requests')], 1, 'the last one stays');
  assert.equal(metrics[nameOf('idle', 'client/#/io.l5d.fs/other/requests')], 1);
  assert.equal((await ask(portOf('idle'), GET_WEB)).status, 200, 'what has gone comes back when it is asked for');
  await metricsUntil(weft, (later) => assert.equal(later[nameOf('idle', `${SERVICE}requests`)], 1));
});

test('an originator says so', async () => {
  const metrics = await weft.metrics();
  assert.equal(metrics['rt/idle/originator'], 1);
  assert.equal(metrics['rt/rest/originator'], undefined);
});

// ---- Prometheus ------------------------------------------------------------------------------------------------------

interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** Reads Prometheus text as Linkerd prints it: no comments, no timestamps, nothing twice. */
function parsePrometheus(text: string): Sample[] {
  assert.ok(text.endsWith('\n'));
  const seen = new Set<string>();
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [, name = '', labelText = '', value = ''] =
        /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^{}]*\})? (\S+)$/.exec(line) ?? [];
      assert.notEqual(name, '', `not a sample: ${line}`);
      assert.match(value, /^(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN)$/, line);
      assert.ok(!seen.has(`${name}${labelText}`), `twice: ${line}`);
      seen.add(`${name}${labelText}`);
      return { name, labels: readLabels(labelText, line), value: Number(value) };
    });
}

function readLabels(text: string, line: string): Map<string, string> {
  const labels = new Map<string, string>();
  if (text === '') return labels;
  for (const pair of text.slice(1, -1).split(/, (?=[a-z]+=")/)) {
    const [, name, value] = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"$/.exec(pair) ?? [];
    assert.ok(name !== undefined && value !== undefined, `not a label: ${pair} in ${line}`);
    assert.ok(!labels.has(name), `label twice: ${line}`);
    labels.set(name, value);
  }
  return labels;
}

async function scrape(query = ''): Promise<Sample[]> {
  const response = await fetch(`http://${IP}:${weft.adminPort}/admin/metrics/prometheus${query}`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain/);
  return parsePrometheus(await response.text());
}

/** What linkerd-viz and the Grafana boards read (section 3), with the labels that they select by. */
const BOARD: readonly (readonly [name: string, labels: readonly string[]])[] = [
  ['rt:server:requests', ['rt', 'server']],
  ['rt:server:success', ['rt', 'server']],
  ['rt:server:connections', ['rt', 'server']],
  ['rt:service:success', ['rt', 'service']],
  ['rt:service:requests', ['rt', 'service']],
  ['rt:service:request_latency_ms', ['rt', 'service', 'quantile']],
  ['rt:client:requests', ['rt', 'client']],
  ['rt:client:connections', ['rt', 'client']],
  ['rt:client:request_latency_ms', ['rt', 'client', 'quantile']],
  ['rt:client:service:requests', ['rt', 'client', 'service']],
  ['rt:client:status:2XX', ['rt', 'client']],
  ['rt:service:failures', ['rt', 'service', 'exception']],
  ['jvm:uptime', []],
  ['jvm:mem:current:used', []],
];

test('the Prometheus text parses, and has what the dashboards read', async () => {
  const deadline = Date.now() + WAIT_MS;
  let missing: readonly string[] = [];
  do {
    await ask(portOf('row1'), GET_WEB);
    await ask(portOf('row4'), get('unknown'));
    const samples = await scrape();
    missing = BOARD.filter(([name, labels]) => {
      const found = samples.filter((sample) => sample.name === `linkerd_${name}`);
      return !found.some((sample) => [...sample.labels.keys()].join() === labels.join());
    }).map(([name]) => name);
    await sleep(100);
  } while (missing.length > 0 && Date.now() < deadline);
  assert.deepEqual(missing, []);
});

test('Prometheus and metrics.json agree', async () => {
  const server = `${IP}/${portOf('row2')}`;
  const samples = await scrape();
  const found = samples.find(
    ({ name, labels }) => name === 'linkerd_rt:server:requests' && labels.get('server') === server,
  );
  assert.equal(found?.value, (await weft.metrics())[`rt/row2/server/${server}/requests`]);
  assert.equal(found?.labels.get('rt'), 'row2');
});

test('cumulative histograms rise from bucket to bucket, up to their count', async () => {
  const samples = await scrape('?histograms=1');
  const buckets = samples.filter(({ name }) => name === 'linkerd_rt:server:request_latency_seconds_bucket');
  const row2 = buckets.filter(({ labels }) => labels.get('rt') === 'row2');
  assert.ok(row2.length > 5);
  const values = row2.map(({ value }) => value);
  assert.deepEqual(
    values,
    values.toSorted((a, b) => a - b),
  );
  assert.equal(row2.at(-1)?.labels.get('le'), '+Inf');
  assert.equal(row2.at(-1)?.value, 2);
});
