/**
 * `npm run bench:alloc [-- h1|h2|h2-vary]`: what a worker allocates per request at full load, from V8's own trace of its collections
 * (nothing is added to the worker that is measured). Fails over 100 bytes a request, or when the heap grows.
 */
import { parseArgs } from 'node:util';
import { MODES, saturateMode } from '../peers/modes.ts';
import { BenchError, runMain } from '../support/bench-error.ts';
import { coresFor, IP, Processes } from '../support/processes.ts';
import { requireTools } from '../support/tools.ts';
import { startUpstream } from '../support/upstream.ts';
import { startWeft } from '../support/weft.ts';
import { GcTrace, type IsolateFigures } from './gc-trace.ts';

/** Long enough for the optimizing compiler to be done, whose own objects are in the heap too. */
const WARM_UP_SECONDS = 10;
const BYTES_PER_REQUEST_MAX = 100;
/** More than this is not what one collection leaves over and the next takes. */
const GROWTH_BYTES_MAX = 2 * 1024 * 1024;

function report(name: string, figures: IsolateFigures, requests: number): void {
  const perRequest = (figures.allocatedBytes / requests).toFixed(1);
  const growth = ((figures.lastAfterBytes - figures.firstAfterBytes) / 1024).toFixed(0);
  const collections = `${figures.collections} collections`.padStart(18);
  const heap = `${(figures.lastAfterBytes / 1048576).toFixed(1)} MB`.padStart(8);
  process.stdout.write(
    `${name.padEnd(11)} ${perRequest.padStart(8)} bytes/request ${collections}, heap ${heap}, grown by ${growth} KiB\n`,
  );
}

await runMain(async () => {
  const { values, positionals } = parseArgs({
    options: { seconds: { type: 'string', default: '30' } },
    allowPositionals: true,
  });
  const seconds = Number(values.seconds);
  const mode = MODES[positionals[0] ?? 'h1'];
  if (!(seconds >= 1) || mode === undefined) {
    throw new BenchError(`usage: npm run bench:alloc -- [${Object.keys(MODES).join('|')}] [--seconds N]`);
  }
  requireTools(['nginx', 'wrk', 'h2load', 'taskset', 'stdbuf']);
  const cores = coresFor(1);
  const processes = new Processes();
  const trace = new GcTrace();
  try {
    const { bytes: answerBytes, protocol } = mode;
    const upstreamPort = await startUpstream(processes, cores.load, { bytes: answerBytes, protocol });
    const weft = await startWeft(processes, {
      cores: cores.proxy,
      protocol,
      disco: { web: [`${IP} ${upstreamPort}`] },
      nodeFlags: ['--trace-gc'],
      onOutput: (text) => trace.take(text),
    });
    const load = { cores: cores.load, port: weft.port };
    await saturateMode(processes, mode, { ...load, seconds: WARM_UP_SECONDS });
    trace.restart();
    const { requests, requestsPerSecond, errors } = await saturateMode(processes, mode, { ...load, seconds });
    process.stdout.write(`${requests} requests, ${requestsPerSecond.toFixed(0)} a second, ${errors} errors\n`);
    const [supervisor, ...workers] = trace.isolates.values();
    if (supervisor === undefined || workers.length === 0) throw new BenchError('--trace-gc printed no collections');
    report('supervisor', supervisor, requests);
    for (const figures of workers) report('worker', figures, requests);
    if (errors > 0) throw new BenchError('Requests failed.');
    for (const { allocatedBytes, firstAfterBytes, lastAfterBytes } of workers) {
      const bytes = allocatedBytes / requests;
      if (bytes > BYTES_PER_REQUEST_MAX) {
        throw new BenchError(`${bytes.toFixed(1)} bytes a request; the limit is ${BYTES_PER_REQUEST_MAX}.`);
      }
      if (lastAfterBytes - firstAfterBytes > GROWTH_BYTES_MAX) throw new BenchError('The heap of a worker grows.');
    }
  } finally {
    await processes.stop();
  }
});
