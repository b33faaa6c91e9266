/** An endpoint that is there and takes no connection, as one that is overloaded. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { RawClient } from './raw-client.ts';
import { IP } from './weft.ts';

/** A port whose kernel takes no further connection, for its thread accepts none: connects hang. */
export async function startDeaf(): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const script = `
    const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer().listen({ host: '${IP}', port: 0, backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
    });`;
  const thread = new Worker(script, { eval: true });
  const [port] = (await once(thread, 'message')) as [number];
  // Let its loop come to rest before the queue is filled: it would accept these.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const fillers = [await RawClient.open(port), await RawClient.open(port)];
  return {
    port,
    stop: async () => {
      for (const filler of fillers) filler.close();
      await thread.terminate();
    },
  };
}
