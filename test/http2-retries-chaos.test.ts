/**
 * A crowd of calls against endpoints that fail half of the time in every way: each call gets one whole answer to its own
 * request, from one attempt, retries stay within their budget, and nothing is left behind. Repeated with the seed that it
 * prints.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as code from '../core/http2/error-codes.ts';
import { assertNoFault } from './support/http1-site.ts';
import { seededRandom } from './support/http1-wire.ts';
import { Http2Client } from './support/http2/client.ts';
import { headers } from './support/http2/frames.ts';
import { endAll } from './support/http2/site.ts';
import { Http2Upstream, type UpstreamStream } from './support/http2/upstream.ts';
import { metricsUntil } from './support/metrics.ts';
import { Weft } from './support/weft.ts';

const ENDPOINTS = 3;
const CLIENTS = 4;
const CALLS = 200;
const AT_ONCE = 8;
/** Of the budget, for all of the test: it forgets after a minute. */
const RESERVE = 180;
const SHARE = 0.5;
const FIELDS = { 'content-type': 'application/grpc' };

const random = seededRandom();
let weft: Weft;
const endpoints: Http2Upstream[] = [];

before(async () => {
  for (let i = 0; i < ENDPOINTS; i++) endpoints.push(await Http2Upstream.start(answer));
  weft = await Weft.start({
    protocol: 'h2',
    disco: { web: endpoints.map(({ disco }) => disco) },
    router: `  client: {failureAccrual: {kind: none}, requeueBudget: {ttlSecs: 60, minRetriesPerSec: 100, percentCanRetry: 1}}
  service:
    responseClassifier: {kind: io.l5d.h2.grpc.default}
    retries: {budget: {ttlSecs: 60, minRetriesPerSec: ${RESERVE / 60}, percentCanRetry: ${SHARE}}}`,
  });
});
after(() =>
  endAll(
    () => weft.stop(),
    ...endpoints.map((endpoint) => () => endpoint.stop()),
    () => assertNoFault(weft),
  ),
);

/** Answers with the request's body, or fails. */
async function answer(stream: UpstreamStream): Promise<void> {
  const { body, ended } = await stream.whole();
  if (!ended) return;
  const end = (status: number) => ({ 'grpc-status': String(status) });
  switch (random.below(8)) {
    case 0:
      stream.send(headers(stream.id, { ':status': '200', ...FIELDS, ...end(14) }, { endStream: true }));
      break;
    case 1:
      await stream.respond({ fields: FIELDS, trailers: end(14) });
      break;
    case 2:
      await stream.respond({ fields: FIELDS, body: 'never seen', trailers: end(14) });
      break;
    case 3:
      stream.reset(code.REFUSED_STREAM);
      break;
    default:
      await stream.respond({ fields: FIELDS, body, trailers: end(0) });
  }
}

async function call(client: Http2Client, n: number): Promise<boolean> {
  const body = `${n}:${'abcdefghij'.repeat(random.below(1000))}`;
  const id = client.begin('web', { method: 'POST', fields: FIELDS, open: true });
  await client.sendBody(id, Buffer.from(body));
  const response = await client.message(id);
  assert.equal(response.status, 200, response.summary);
  const status = response.trailer('grpc-status') ?? response.value('grpc-status');
  if (status === '0') assert.equal(response.body, body);
  else assert.ok(status === '14' && ['', 'never seen'].includes(response.body), response.summary);
  return status === '0';
}

test('a crowd of calls', async (t) => {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => Http2Client.open(weft.port)));
  t.after(() => endAll(...clients.map((client) => () => client.close())));
  let left = CLIENTS * CALLS;
  let succeeded = 0;
  const run = async (client: Http2Client) => {
    for (let n = left--; n > 0; n = left--) if (await call(client, n)) succeeded++;
  };
  await Promise.all(clients.flatMap((client) => Array.from({ length: AT_ONCE }, () => run(client))));
  const total = CLIENTS * CALLS;
  await metricsUntil(weft, (metrics) => {
    const service = 'rt/test/service/svc/web';
    const retries = metrics[`${service}/retries/total`] ?? 0;
    assert.equal(metrics[`${service}/requests`], total);
    assert.equal(metrics[`${service}/success`], succeeded);
    assert.ok(retries > 0 && retries <= RESERVE + SHARE * total, `${retries} retries`);
    // What succeeds at the first attempt, six times out of ten, is less.
    assert.ok(succeeded > 0.8 * total, `${succeeded} calls succeeded`);
    for (const [name, value] of Object.entries(metrics)) {
      if (/\/(pending|load|open_streams)$/.test(name)) assert.equal(value, 0, name);
    }
  });
});
