/**
 * The thread that starts the workers' threads, in a Piscina pool. A thread inherits its nice value from the one that
 * creates it, and without a privilege nothing raises it again. The supervisor lowers its own, so a worker that it started
 * would stay as low for good; this thread does nothing but start others, and keeps the value that the process has.
 *
 *     supervisor --start, terminate--> starter --Piscina--> worker, worker, ...
 *         ^  ^                            |                       |
 *         |  \-----ended, terminating-----/                       |
 *         \------------------ a port each ------------------------/
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { WorkerStart } from '../workers/messages.ts';

/** What the starter is told. */
export type ToStarter =
  | { readonly type: 'start'; readonly start: WorkerStart }
  | { readonly type: 'terminate'; readonly worker: number; readonly threadId: number };

/** What it says. */
export type FromStarter =
  /** A worker has drained; with an error, its thread is gone. */
  | { readonly type: 'ended'; readonly worker: number; readonly error?: unknown }
  /** A thread ends as soon as it is back in JavaScript. */
  | { readonly type: 'terminating'; readonly worker: number };

/** What it is started with. */
export interface StarterData {
  readonly workers: number;
}

/** A worker allocates next to nothing once it runs: a small young generation keeps its memory small and in cache. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 512 };

const supervisor = parentPort;
if (supervisor === null) throw new Error('the starter is a thread of the supervisor');
const { workers } = workerData as StarterData;
const piscina = new Piscina({
  filename: new URL('../workers/worker.js', import.meta.url).href,
  minThreads: workers,
  maxThreads: workers,
  concurrentTasksPerWorker: 1,
  resourceLimits: RESOURCE_LIMITS,
});
const say = (message: FromStarter) => supervisor.postMessage(message);

supervisor.on('message', (message: ToStarter) => {
  switch (message.type) {
    case 'start': {
      const { worker, port } = message.start;
      piscina.run(message.start, { transferList: [port] }).then(
        () => say({ type: 'ended', worker }),
        (error: unknown) => say({ type: 'ended', worker, error }),
      );
      break;
    }
    case 'terminate':
      void piscina.threads.find(({ threadId }) => threadId === message.threadId)?.terminate();
      say({ type: 'terminating', worker: message.worker });
      break;
  }
});
