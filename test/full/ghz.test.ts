/** ghz through Weft to a grpc-go server: a crowd of calls at once, and not one that fails. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { ROOT } from '../house/root.ts';
import { assertNoFault } from '../support/http1-site.ts';
import { metricsUntil } from '../support/metrics.ts';
import { freePort, IP } from '../support/weft.ts';
import { goTool } from './support/go-tools.ts';
import { startHttp2Weft } from './support/http2-weft.ts';
import { serve, succeed } from './support/programs.ts';

const CALLS = 2000;
const CONCURRENCY = 50;
const PROTO = join(ROOT, 'test', 'full', 'support', 'interop.proto');
/** A request of 1 KB for a response of 2 KB. */
const DATA = { response_size: 2048, payload: { body: Buffer.alloc(1024, 'weft').toString('base64') } };

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** What is read of ghz's report. */
interface Report {
  readonly count: number;
  readonly statusCodeDistribution: Readonly<Record<string, number>>;
  readonly errorDistribution?: Readonly<Record<string, number>>;
}

for (const connections of [1, 10]) {
  test(`${CALLS} calls, ${CONCURRENCY} at a time on ${connections} connections: all are OK`, async () => {
    const port = await freePort();
    const server = await serve(goTool('interop-server'), [`--port=${port}`], port);
    ends.push(() => server.stop());
    const weft = await startHttp2Weft([`${IP} ${port}`]);
    ends.push(() => weft.stop());
    const load = [`--total=${CALLS}`, `--concurrency=${CONCURRENCY}`, `--connections=${connections}`];
    const call = [`--proto=${PROTO}`, '--call=grpc.testing.TestService/UnaryCall', `--data=${JSON.stringify(DATA)}`];
    const target = ['--insecure', '--format=json', `${IP}:${weft.port}`];
    const report = JSON.parse(await succeed(goTool('ghz'), [...load, ...call, ...target])) as Report;
    assert.deepEqual(report.statusCodeDistribution, { OK: CALLS }, JSON.stringify(report.errorDistribution));
    assert.equal(report.count, CALLS);
    await metricsUntil(weft, (metrics) => {
      assert.equal(metrics[`rt/test/server/${IP}/${weft.port}/requests`], CALLS);
    });
    assertNoFault(weft);
  });
}
