/** An endpoint that behaves as one of the simulator's (core/balance/simulator.ts): how long it takes, and whether it fails. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IP } from '../../support/weft.ts';

/** What is done with a request that finds so many others in progress. */
export interface ScenarioBehaviour {
  readonly delayMs: (inProgress: number) => number;
  readonly fails: () => boolean;
}

/** A listening one. */
export class ScenarioUpstream {
  requests = 0;
  failures = 0;
  readonly #server: Server;
  readonly #behaviour: ScenarioBehaviour;
  #inProgress = 0;

  private constructor(behaviour: ScenarioBehaviour) {
    this.#behaviour = behaviour;
    // Connections stay open for as long as the proxy keeps them.
    this.#server = createServer({ keepAliveTimeout: 0 }, (_request, response) => {
      const failed = behaviour.fails();
      this.requests += 1;
      if (failed) this.failures += 1;
      const delayMs = this.#behaviour.delayMs(this.#inProgress);
      this.#inProgress += 1;
      setTimeout(() => {
        this.#inProgress -= 1;
        response.writeHead(failed ? 500 : 200, { 'content-length': 2 }).end('ok');
      }, delayMs);
    });
  }

  static async start(behaviour: ScenarioBehaviour): Promise<ScenarioUpstream> {
    const upstream = new ScenarioUpstream(behaviour);
    upstream.#server.listen(0, IP);
    await once(upstream.#server, 'listening');
    return upstream;
  }

  /** As a line of a disco file. */
  get disco(): string {
    return `${IP} ${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
