/**
 * Retries, requeues and time-outs over real sockets: the vectors 12 to 22 of spec 05 section 12, by their numbers, and vector
 * 6 of spec 06. (19b and 19c, which breakers decide, are in breakers.test.ts.)
 */
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { ask, get, soleValueOf } from './support/exchange.ts';
import { assertNoFault, eventually } from './support/http1-site.ts';
import { metricsUntil } from './support/metrics.ts';
import { RawClient } from './support/raw-client.ts';
import { ScriptedUpstream, type UpstreamConnection } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

const CALM = 'failureAccrual: {kind: none}';

/** What routers say of `client` and `service`, in flow style, by label. */
const ROUTERS = {
  default: [CALM, ''],
  accrual: ['', ''],
  read: [CALM, 'responseClassifier: {kind: io.l5d.http.retryableRead5XX}'],
  idempotent: [CALM, 'responseClassifier: {kind: io.l5d.http.retryableIdempotent5XX}'],
  half: [
    CALM,
    'responseClassifier: {kind: io.l5d.http.retryableRead5XX}, retries: {budget: {minRetriesPerSec: 0, percentCanRetry: 0.5}}',
  ],
  never: [
    CALM,
    'responseClassifier: {kind: io.l5d.http.retryableRead5XX}, retries: {budget: {minRetriesPerSec: 0, percentCanRetry: 0}}',
  ],
  timed: [
    `${CALM}, requestAttemptTimeoutMs: 200`,
    'totalTimeoutMs: 500, responseClassifier: {kind: io.l5d.http.retryableRead5XX}',
  ],
  narrow: [`${CALM}, hostConnectionPool: {maxSize: 1, maxWaiters: 0}`, ''],
} as const;

type Label = keyof typeof ROUTERS;

const ports = new Map<string, number>();
let weft: Weft;

before(async () => {
  const routers: string[] = [];
  for (const [label, [client, service]] of Object.entries(ROUTERS)) {
    const port = await freePort();
    ports.set(label, port);
    routers.push(
      `- {protocol: http, label: ${label}, dtab: /svc => /#/io.l5d.fs, client: {${client}}, service: {${service}}, ` +
        `servers: [{ip: ${IP}, port: ${port}}]}`,
    );
  }
  weft = await Weft.start({ more: routers.join('\n') });
});

after(async () => {
  assertNoFault(weft);
  await weft.stop();
});

/** An endpoint behind a router, that answers with one response after another, and with the last one for ever. */
class Site {
  readonly label: Label;
  readonly host: string;
  /** What it was sent, head and body. */
  readonly requests: string[] = [];
  readonly #upstream: ScriptedUpstream;

  private constructor(label: Label, host: string, upstream: ScriptedUpstream) {
    this.label = label;
    this.host = host;
    this.#upstream = upstream;
  }

  /** @param responses whole, or null to leave a request unanswered */
  static async open(t: TestContext, label: Label, ...responses: readonly (string | null)[]): Promise<Site> {
    const host = `site${sites++}`;
    const left = [...responses];
    const serve = async (connection: UpstreamConnection) => {
      for (let head = await connection.head(); head !== null; head = await connection.head()) {
        const body = await connection.bytes(Number(/^content-length: *(\d+)\r$/im.exec(head)?.[1] ?? 0));
        site.requests.push(head + body);
        const response = left.length > 1 ? left.shift() : left[0];
        if (response) connection.send(response);
      }
    };
    const upstream = await ScriptedUpstream.start(serve);
    t.after(() => upstream.stop());
    const site = new Site(label, host, upstream);
    weft.disco(host, [upstream.disco]);
    return site;
  }

  get disco(): string {
    return this.#upstream.disco;
  }

  get connections(): number {
    return this.#upstream.connections.length;
  }

  ask(request = get(this.host)) {
    return ask(portOf(this.label), request);
  }

  /** Waits until these metrics of its service and client have these values. */
  async counts(service: Readonly<Record<string, number>>, client: Readonly<Record<string, number>> = {}) {
    await metricsUntil(weft, (metrics) => {
      const read = (scope: string, names: Readonly<Record<string, number>>) =>
        Object.fromEntries(Object.keys(names).map((name) => [name, metrics[`rt/${this.label}/${scope}/${name}`] ?? 0]));
      assert.deepEqual(read(`service/svc/${this.host}`, service), service);
      assert.deepEqual(read(`client/#/io.l5d.fs/${this.host}`, client), client);
    });
  }
}

let sites = 0;

function portOf(label: Label): number {
  return ports.get(label) as number;
}

/** A whole response without a body. */
function response(status: number, ...fields: readonly string[]): string {
  return `${[`HTTP/1.1 ${status} X`, 'Content-Length: 0', ...fields].join('\r\n')}\r\n\r\n`;
}

const NACK = response(503, 'Retry-After: 0');

test('vector 12: a hundred retries at once, then one for every five requests', async (t) => {
  const site = await Site.open(t, 'read', response(500));
  assert.equal((await site.ask()).status, 500);
  assert.equal(site.requests.length, 101);
  await site.counts({ 'retries/total': 100, 'retries/budget_exhausted': 1, 'retries/budget': 0, requests: 1 });
  for (let i = 0; i < 3; i++) await site.ask();
  assert.equal(site.requests.length, 104);
  await site.ask();
  assert.equal(site.requests.length, 106);
  await site.counts({ 'retries/total': 101, 'retries/budget_exhausted': 5, failures: 5 });
});

test('vector 13: no retry before requests, five after ten', async (t) => {
  const site = await Site.open(t, 'half', response(500));
  await site.ask();
  assert.equal(site.requests.length, 1);
  for (let i = 0; i < 9; i++) await site.ask();
  await site.counts({ 'retries/total': 5, 'retries/budget': 0, requests: 10 }, { requests: 15 });
});

test('vector 14: a budget of nothing: never a retry', async (t) => {
  const site = await Site.open(t, 'never', response(500));
  for (let i = 0; i < 10; i++) assert.equal((await site.ask()).status, 500);
  assert.equal(site.requests.length, 10);
  await site.counts({ 'retries/total': 0, 'retries/budget_exhausted': 10, 'retries/budget': 0 });
});

test('vector 15: POST is not retried by retryableRead5XX', async (t) => {
  const site = await Site.open(t, 'read', response(500), response(200));
  const answer = await site.ask(`POST / HTTP/1.1\r\nHost: ${site.host}\r\nContent-Length: 2\r\n\r\nhi`);
  assert.equal(answer.status, 500);
  assert.equal(soleValueOf(answer, 'l5d-success-class'), '0.0');
  await site.counts({ 'retries/total': 0, failures: 1, success: 0 });
});

test('vector 16, and 6 of spec 06: GET 500, 500, 200: the client sees the last', async (t) => {
  const site = await Site.open(t, 'read', response(500), response(500), response(200, 'X-A: b'));
  const answer = await site.ask();
  assert.equal(answer.status, 200);
  assert.equal(soleValueOf(answer, 'x-a'), 'b');
  assert.equal(soleValueOf(answer, 'l5d-success-class'), '1.0');
  assert.equal(site.connections, 1, 'a short response that is dropped costs no connection');
  await site.counts(
    { requests: 1, success: 1, failures: 0, 'retries/total': 2, 'retries/budget': 98, pending: 0 },
    { requests: 3, success: 1, failures: 2, 'status/500': 2, pending: 0, 'loadbalancer/load': 0 },
  );
  await site.counts({}, { [`service/svc/${site.host}/requests`]: 3, [`service/svc/${site.host}/failures`]: 2 });
});

test('vector 17: 503 with l5d-retryable is retried whatever the classifier', async (t) => {
  const site = await Site.open(t, 'default', response(503, 'L5d-Retryable: TRUE'), response(200));
  assert.equal((await site.ask(get(site.host).replace('GET', 'POST'))).status, 200);
  await site.counts({ 'retries/total': 1, success: 1 });
  const plain = await Site.open(t, 'default', response(503, 'l5d-retryable: false'), response(200));
  assert.equal((await plain.ask()).status, 503);
});

test('vector 18: a chunked body is not sent again, a short one of known length is', async (t) => {
  const chunked = await Site.open(t, 'idempotent', response(500), response(200));
  const fields = `PUT / HTTP/1.1\r\nHost: ${chunked.host}\r\n`;
  const refused = await chunked.ask(`${fields}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`);
  assert.equal(refused.status, 500);
  await chunked.counts({ 'retries/total': 0, 'retries/budget_exhausted': 0, failures: 1 });

  const body = 'b'.repeat(5 * 1024);
  const kept = await Site.open(t, 'idempotent', response(500), response(200));
  const sent = (text: string) =>
    `PUT / HTTP/1.1\r\nHost: ${kept.host}\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  assert.equal((await kept.ask(sent(body))).status, 200);
  assert.equal(kept.requests.length, 2);
  for (const request of kept.requests) assert.ok(request.endsWith(`\r\n\r\n${body}`));

  const long = await Site.open(t, 'idempotent', response(500), response(200));
  assert.equal((await long.ask(sent(`${body}b`).replace(kept.host, long.host))).status, 500);
  assert.equal(long.requests.length, 1);
});

test('vector 19: one dead host without a breaker: 26 connects, then block B', async () => {
  const host = `site${sites++}`;
  const port = await freePort();
  weft.disco(host, [`${IP} ${port}`]);
  const answer = await ask(portOf('default'), get(host));
  assert.equal(answer.status, 502);
  assert.match(answer.body, new RegExp(`^Unable to establish connection to ${IP}:${port}\\.\n`));
  assert.match(answer.body, new RegExp(`client name: /#/io\\.l5d\\.fs/${host}\n`));
  await metricsUntil(weft, (metrics) => {
    const client = (name: string) => metrics[`rt/default/client/#/io.l5d.fs/${host}/${name}`];
    assert.equal(client('retries/requeues'), 25);
    assert.equal(client('retries/not_open'), 0);
    assert.equal(client('service_creation/failures/connect_refused'), 26);
    assert.equal(client('requests'), 0);
  });
});

test('vector 20: one backend that nacks: twenty requeues on the connection, then 502', async (t) => {
  const site = await Site.open(t, 'default', NACK);
  const answer = await site.ask();
  assert.equal(answer.status, 502);
  assert.equal(soleValueOf(answer, 'l5d-err'), 'The+request+was+nacked+by+the+server');
  assert.equal(soleValueOf(answer, 'l5d-retryable'), undefined);
  assert.deepEqual([site.requests.length, site.connections], [21, 1]);
  await site.counts(
    { failures: 1, 'retries/total': 0 },
    { 'retries/requeues': 20, 'retries/request_limit': 1, 'retries/budget': 80, 'retries/cannot_retry': 0 },
  );
});

test('vector 20b: with the default breaker the fifth nack marks the endpoint busy', async (t) => {
  const site = await Site.open(t, 'accrual', response(503, 'finagle-http-nack: true'));
  assert.equal((await site.ask()).status, 502);
  assert.equal(site.requests.length, 5);
  await site.counts(
    { failures: 1 },
    { 'retries/requeues': 4, 'retries/cannot_retry': 1, 'failure_accrual/removals': 1 },
  );
});

test('a nack that one server answers goes to another', async (t) => {
  const nacking = await Site.open(t, 'default', NACK);
  const serving = await Site.open(t, 'default', response(200));
  weft.disco(
    'both',
    [nacking, serving].map((site) => site.disco),
  );
  for (let i = 0; i < 10; i++) assert.equal((await ask(portOf('default'), get('both'))).status, 200);
});

test('endpoints are told which requests with a body may be sent again, by Weft alone', async (t) => {
  const site = await Site.open(t, 'default', response(200));
  const line = (method: string) =>
    `${method} / HTTP/1.1\r\nHost: ${site.host}\r\nFinagle-Http-Retryable-Request: x\r\n`;
  await site.ask(`${line('GET')}\r\n`);
  await site.ask(`${line('POST')}Content-Length: 2\r\n\r\nhi`);
  await site.ask(`${line('POST')}Content-Length: 0\r\n\r\n`);
  const said = site.requests.map((text) => /^finagle-http-retryable-request:.*$/im.exec(text)?.[0].trimEnd());
  assert.deepEqual(said, [undefined, 'finagle-http-retryable-request:', undefined]);
});

test('a nack that is not to be retried is final, and so is any that answers a streamed request', async (t) => {
  const final = await Site.open(t, 'default', response(503, 'finagle-http-nonretryable-nack: true', 'Retry-After: 0'));
  assert.equal((await final.ask()).status, 502);
  assert.equal(final.requests.length, 1);
  const streamed = await Site.open(t, 'default', NACK);
  const fields = `POST / HTTP/1.1\r\nHost: ${streamed.host}\r\nTransfer-Encoding: chunked\r\n\r\n`;
  assert.equal((await streamed.ask(`${fields}0\r\n\r\n`)).status, 502);
  assert.equal(streamed.requests.filter((text) => text.startsWith('POST')).length, 1);
});

test('vector 21: attempts of 200 ms within 500 ms: two or three, then 503', async (t) => {
  const site = await Site.open(t, 'timed', null);
  const startedMs = performance.now();
  const answer = await site.ask();
  const elapsedMs = performance.now() - startedMs;
  assert.equal(answer.status, 503);
  assert.equal(
    answer.body,
    `exceeded 500.milliseconds to #/io.l5d.fs/${site.host} while waiting for a response for the request, ` +
      'including retries (if applicable). Remote Info: Not Available',
  );
  assert.ok(site.requests.length === 2 || site.requests.length === 3, `${site.requests.length}`);
  assert.ok(elapsedMs >= 490, `${elapsedMs}`);
  const attempts = { 'failures/attempt_timeout': site.requests.length - 1, 'failures/total_timeout': 1, pending: 0 };
  await site.counts({ failures: 1, 'failures/total_timeout': 1, pending: 0 }, attempts);
});

test('an attempt that times out and may not be retried: 503 that says so, and its connection ends', async (t) => {
  const site = await Site.open(t, 'timed', null);
  const answer = await site.ask(`POST / HTTP/1.1\r\nHost: ${site.host}\r\nContent-Length: 0\r\n\r\n`);
  assert.equal(answer.status, 503);
  assert.match(answer.body, /^exceeded 200\.milliseconds to #\/io\.l5d\.fs\/\S+ while waiting .* individual request/);
  assert.match(answer.body, /Remote Info: Downstream Address: \/127\.0\.0\.1:\d+/);
  await site.counts({ 'failures/attempt_timeout': 1 }, { 'failures/attempt_timeout': 1, connections: 0 });
});

test('vector 22: a pool of one, nobody may wait: the second of two requests fails at once', async (t) => {
  const site = await Site.open(t, 'narrow', null);
  const first = await RawClient.open(portOf('narrow'));
  t.after(() => first.close());
  first.send(get(site.host));
  await eventually('the first request is out', () => site.requests.length === 1);
  const answer = await site.ask();
  assert.equal(answer.status, 502);
  assert.equal(soleValueOf(answer, 'l5d-retryable'), 'true');
  await site.counts({}, { pool_num_too_many_waiters: 1, pool_size: 1 });
});
