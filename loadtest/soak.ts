/**
 * `npm run soak [-- MINUTES]`: mixed traffic through a real Weft while names, endpoints and clients come and go, and every
 * second a look at what it holds. The run fails when the last minute's memory or descriptors exceed the first minute's, and
 * for every answer that nothing explains: an ended endpoint explains the requests that it held, and one that refuses
 * explains none. A name's latency stats exist from the end of the first stats window on, so that is made short: the warm-up
 * is over when every kind of state is there.
 *
 *     warm-up 60 s | first minute | ... | a minute in which one endpoint refuses | last minute
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Weft } from '../test/support/weft.ts';
import { Churn } from './soak/churn.ts';
import { Samples } from './soak/samples.ts';
import { Traffic } from './soak/traffic.ts';

const DEFAULT_MINUTES = 10;
const WARM_UP_S = 60;
const WINDOW_S = 60;
const STATS_WINDOW_MS = 10_000;
/**
 * V8 collects a heap when it sees fit: between two runs, the supervisor's differed by 30 MiB of garbage. Told to collect at half
 * as much again as what lives, only what lives can grow.
 */
const NODE_FLAGS = ['--heap-growing-percent=50'];
const CLIENT = 'client/#/io.l5d.fs/web';

async function lookWhile(samples: Samples, traffic: Traffic, seconds: number): Promise<void> {
  const startMs = Date.now();
  while (samples.count < seconds) {
    await sleep(Math.max(0, startMs + (samples.count + 1) * 1000 - Date.now()));
    await samples.look([traffic.served, traffic.failed, traffic.refused]);
  }
}

/** Lets an endpoint refuse in the middle of everything. @returns what went wrong, in words */
async function refuseLater(weft: Weft, churn: Churn, traffic: Traffic, fromS: number, seconds: number) {
  await sleep(fromS * 1000);
  const refusals = () => weft.metric(`${CLIENT}/service_creation/failures/connect_refused`);
  const before = await refusals();
  const lost = await churn.refuse(seconds * 1000, () => traffic.failed);
  const refused = (await refusals()) - before;
  process.stdout.write(`one endpoint has refused ${refused} connections in ${seconds} s: ${lost} requests failed\n`);
  const wrong = lost > 0 ? [`${lost} requests failed while one endpoint of several refused`] : [];
  return refused > 0 ? wrong : [...wrong, 'the endpoint that refuses was never tried'];
}

async function soak(seconds: number): Promise<string[]> {
  const churn = new Churn();
  const env = { WEFT_WORKERS: '2', WEFT_STATS_WINDOW_MS: String(STATS_WINDOW_MS) };
  const weft = await Weft.start({ disco: { web: await churn.open() }, env, nodeFlags: NODE_FLAGS });
  const traffic = new Traffic(weft.port);
  churn.start(weft);
  const windowS = Math.min(WINDOW_S, Math.floor((seconds - WARM_UP_S) / 3));
  const samples = new Samples(weft);
  const [wrong] = await Promise.all([
    refuseLater(weft, churn, traffic, seconds - 2 * windowS, windowS),
    lookWhile(samples, traffic, seconds),
  ]);
  const first = { afterS: WARM_UP_S, untilS: WARM_UP_S + windowS };
  wrong.push(...samples.judge(first, { afterS: seconds - windowS, untilS: seconds }));
  await churn.stop();
  await traffic.stop();
  process.stdout.write(`${churn.rewrites} rewrites, ${churn.restarts} restarts\n`);
  wrong.push(...traffic.judge(churn.tolerated));
  if (/worker_died|"level":50/.test(weft.log)) wrong.push(`logged: ${weft.log.slice(-2000)}`);
  const status = await weft.stop();
  if (status !== 0) wrong.push(`exit status ${status}`);
  await churn.close();
  return wrong;
}

const minutes = Number(process.argv[2] ?? DEFAULT_MINUTES);
if (!(minutes >= 2)) {
  process.stderr.write('usage: npm run soak [-- MINUTES], at least 2\n');
  process.exit(2);
}
const wrong = await soak(Math.round(minutes * 60));
for (const text of wrong) process.stderr.write(`FAILED: ${text}\n`);
if (wrong.length === 0) process.stdout.write('nothing has leaked\n');
process.exitCode = wrong.length === 0 ? 0 : 1;
