/**
 * The re-connects to an endpoint that fail-fast has marked, by the worker that has marked it (core/resilience/fail-fast.ts): a
 * connection is made only to see that it comes about, and is closed again.
 *
 *     waiting --its time is over--> connecting --comes about--> the mark is off, the end
 *        ^                              |
 *        '------- fails, or takes too long: the next pause
 */
import type { Random } from '../../core/balance/random.ts';
import { FAIL_FAST_BACKOFF } from '../../core/resilience/backoff.ts';
import type { FailFast } from '../../core/resilience/fail-fast.ts';
import { EINPROGRESS } from '../os/errno.ts';
import type { Ready } from '../reactor/reactor.ts';
import { Timer, ticksOf } from '../reactor/timer-wheel.ts';
import type { EndpointDialler } from './endpoint-dialler.ts';
import type { EndpointPool } from './endpoint-pool.ts';

const NONE = -1;

/** Tries to connect to an endpoint until that succeeds, or it is not needed any more. */
export class Reconnect extends Timer implements Ready {
  readonly #dialler: EndpointDialler;
  readonly #pool: EndpointPool;
  readonly #failFast: FailFast;
  readonly #random: Random;
  #fd = NONE;
  #tries = 0;
  #pauseMs = 0;

  constructor(dialler: EndpointDialler, pool: EndpointPool, failFast: FailFast, random: Random) {
    super();
    this.#dialler = dialler;
    this.#pool = pool;
    this.#failFast = failFast;
    this.#random = random;
  }

  /** A connect to the endpoint has failed: marks it, and begins unless another worker has. Must be called while its row is in use. */
  begin(): void {
    const { reactor, limits } = this.#dialler.net;
    this.#pauseMs = FAIL_FAST_BACKOFF.startMs;
    const waitMs = this.#pauseMs + limits.connectTimeoutMs;
    if (this.#failFast.onConnectFailed(this.#pool.row, reactor.nowStamp, waitMs)) this.#pause();
  }

  #pause(): void {
    const { reactor } = this.#dialler.net;
    reactor.timers.arm(this, reactor.nowTick + ticksOf(this.#pauseMs));
  }

  /** The pause is over, or the time for a connection. */
  onDeadline(): void {
    if (this.#fd !== NONE) this.#settle(false);
    else if (this.#isNeeded()) this.#connect();
  }

  /** A retired pool's row may be another endpoint's by now. */
  #isNeeded(): boolean {
    return !this.#pool.retired && this.#failFast.isMarked(this.#pool.row);
  }

  #connect(): void {
    const { reactor, limits } = this.#dialler.net;
    const fd = this.#dialler.open(this.#pool);
    if (fd < 0) {
      this.#settle(false);
      return;
    }
    this.#fd = fd;
    const errno = this.#dialler.connect(this.#pool, fd, this);
    if (errno === EINPROGRESS) reactor.timers.arm(this, reactor.nowTick + ticksOf(limits.connectTimeoutMs));
    else this.#settle(errno === 0);
  }

  onReady(_events: number): void {
    this.#settle(this.#dialler.net.sockets.takeError(this.#fd) === 0);
  }

  #settle(connected: boolean): void {
    const { reactor, limits } = this.#dialler.net;
    reactor.timers.disarm(this);
    if (this.#fd !== NONE) reactor.close(this.#fd);
    this.#fd = NONE;
    if (!this.#isNeeded()) return;
    if (connected) {
      this.#failFast.onConnected(this.#pool.row);
      return;
    }
    this.#tries++;
    this.#pauseMs = FAIL_FAST_BACKOFF.stepMs(this.#tries, this.#pauseMs, this.#random.unit());
    const waitMs = this.#pauseMs + limits.connectTimeoutMs;
    this.#failFast.onReconnectFailed(this.#pool.row, reactor.nowStamp, waitMs, this.#tries);
    this.#pause();
  }

  onFault(_error: unknown): void {
    this.#settle(false);
  }
}
