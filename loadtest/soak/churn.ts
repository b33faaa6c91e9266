/**
 * Endpoints that come and go while the traffic goes on. What that may cost is counted as it happens: an endpoint that ends
 * takes with it the requests that it holds, at most one on each of its connections; what it refuses afterwards must be served
 * by another.
 *
 *     rewrite the name's endpoints, all or some of them, ten times a second
 *     every 5 s: kill one, listen again 200 ms later        (not while one refuses)
 *     once:      kill one, and let its port refuse for a while
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Upstream } from '../../test/full/support/upstream.ts';
import type { Weft } from '../../test/support/weft.ts';
import { random } from './traffic.ts';

const ENDPOINTS = 4;
const REWRITES_PER_S = 10;
const RESTART_EVERY_MS = 5000;
const DOWN_MS = 200;
/** Time in which the requests that a killed endpoint held have failed. */
const SETTLE_MS = 1000;

/** The endpoints of the name `web`. */
export class Churn {
  restarts = 0;
  rewrites = 0;
  /** Requests that ended endpoints may have cost so far. */
  tolerated = 0;
  readonly #upstreams: Upstream[] = [];
  #stopped = false;
  #refusing = false;
  #running: Promise<void>[] = [];

  /** Opens the endpoints. @returns the lines of their disco file */
  async open(): Promise<string[]> {
    for (let i = 0; i < ENDPOINTS; i++) this.#upstreams.push(await Upstream.start());
    return this.#upstreams.map(({ disco }) => disco);
  }

  start(weft: Weft): void {
    this.#running = [this.#rewrite(weft), this.#restart()];
  }

  async #rewrite(weft: Weft): Promise<void> {
    while (!this.#stopped) {
      const lines = this.#upstreams.map(({ disco }) => disco);
      // Never fewer than two, of which the last is always one: where it refuses there is another.
      weft.disco('web', this.rewrites % 2 === 0 ? lines : lines.slice(random(ENDPOINTS - 1)));
      this.rewrites++;
      await sleep(1000 / REWRITES_PER_S);
    }
  }

  async #restart(): Promise<void> {
    while (!this.#stopped) {
      if (!this.#refusing) {
        const index = random(ENDPOINTS);
        const port = await this.#kill(index);
        await sleep(DOWN_MS);
        this.#upstreams[index] = await Upstream.start(port);
        this.restarts++;
      }
      await sleep(RESTART_EVERY_MS);
    }
  }

  async #kill(index: number): Promise<number> {
    const upstream = this.#upstreams[index] as Upstream;
    this.tolerated += upstream.connectionCount;
    await upstream.kill();
    return upstream.port;
  }

  /**
   * Lets the last endpoint refuse.
   *
   * @param failed counts the requests that have failed so far
   * @returns how many failed while it refused, those not counted that it held when it ended
   */
  async refuse(durationMs: number, failed: () => number): Promise<number> {
    this.#refusing = true;
    // A restart under way may have begun just before.
    await sleep(DOWN_MS + SETTLE_MS);
    const last = ENDPOINTS - 1;
    const port = await this.#kill(last);
    await sleep(SETTLE_MS);
    const before = failed();
    await sleep(durationMs);
    const lost = failed() - before;
    this.#upstreams[last] = await Upstream.start(port);
    this.#refusing = false;
    return lost;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  async close(): Promise<void> {
    for (const upstream of this.#upstreams) await upstream.kill();
  }
}
