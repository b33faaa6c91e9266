/**
 * How long one side of Weft bears with a peer: the bounds of core/limits.ts, lowered by `socketOptions` and by
 * `serverSession` or `clientSession` (spec 02 sections 6.1, 6.2 and 7.2). All in ticks of the timer wheel, NEVER for no bound.
 *
 *     connected ---- at rest ---- request ---- at rest ---- ...        life    from the first moment on
 *                    rest         head, then body or response:         read    nothing comes that is due
 *                                 what is sent is not taken:           write
 *
 * Linkerd's readTimeoutMs runs whenever nothing is read, so that a client is cut off while its endpoint thinks. Here it runs
 * while something is due of the peer, and at rest.
 */
import type { LimitName, LimitValues } from '../../core/limits.ts';
import { NEVER, ticksOf } from '../reactor/timer-wheel.ts';
import type { Net } from './net.ts';

/** What `socketOptions` say of time. */
export interface SocketTimes {
  readonly readTimeoutMs: number | undefined;
  readonly writeTimeoutMs: number | undefined;
}

/** What a session's bounds are. */
export interface SessionTimes {
  readonly idleTimeMs: number | undefined;
  readonly lifeTimeMs: number | undefined;
}

/** The bounds of one server's, or one endpoint's, connections. */
export class Patience {
  /** From the first byte of a head to its last. */
  readonly headTicks: number;
  /** Between two pieces of a body. */
  readonly bodyTicks: number;
  /** From the end of a request to the head of its response. */
  readonly responseTicks: number;
  /** Between two pieces through a tunnel. */
  readonly tunnelTicks: number;
  /** Nothing is taken of what is sent. */
  readonly writeTicks: number;
  /** Nothing is received, in general: for connections that are shared. */
  readonly readTicks: number;
  readonly restTicks: number;
  readonly lifeTicks: number;
  /** There is a bound on rest, or on life: whoever comes to rest has to look. */
  readonly boundsRest: boolean;
  readonly #readMs: number;
  readonly #writeMs: number;

  constructor(limits: LimitValues, { readTimeoutMs, writeTimeoutMs }: SocketTimes, session: SessionTimes | undefined) {
    this.#readMs = readTimeoutMs ?? Number.POSITIVE_INFINITY;
    this.#writeMs = writeTimeoutMs ?? Number.POSITIVE_INFINITY;
    const readTicks = ticksUntil(readTimeoutMs);
    this.readTicks = readTicks;
    this.headTicks = Math.min(ticksUntil(limits.headerTimeoutMs), readTicks);
    this.bodyTicks = Math.min(ticksUntil(limits.bodyIdleTimeoutMs), readTicks);
    this.responseTicks = Math.min(ticksUntil(limits.responseTimeoutMs || undefined), readTicks);
    this.tunnelTicks = Math.min(ticksUntil(limits.tunnelIdleTimeoutMs), readTicks);
    this.writeTicks = Math.min(ticksUntil(limits.bodyIdleTimeoutMs), ticksUntil(writeTimeoutMs));
    this.restTicks = Math.min(ticksUntil(session?.idleTimeMs), readTicks);
    this.lifeTicks = ticksUntil(session?.lifeTimeMs);
    this.boundsRest = this.restTicks !== NEVER || this.lifeTicks !== NEVER;
  }

  /** Counts the bound that has ended a wait for what is due, unless a configured one was lower. */
  readEnded(net: Net, bound: CountedRead): void {
    const ms = net.limits[bound];
    if (ms > 0 && ms <= this.#readMs) net.limitMet(bound);
  }

  /** The same of a wait for the peer to take what is sent. */
  writeEnded(net: Net): void {
    if (net.limits.bodyIdleTimeoutMs <= this.#writeMs) net.limitMet('bodyIdleTimeoutMs');
  }

  /** When a connection is over that was made at a tick. */
  lifeEnd(madeTick: number): number {
    return this.lifeTicks === NEVER ? NEVER : madeTick + this.lifeTicks;
  }

  /** When a connection is over that comes to rest at a tick. @param lifeEnd as {@link lifeEnd} said */
  restEnd(nowTick: number, lifeEnd: number): number {
    return this.restTicks === NEVER ? lifeEnd : Math.min(nowTick + this.restTicks, lifeEnd);
  }
}

type CountedRead = Extract<
  LimitName,
  'headerTimeoutMs' | 'bodyIdleTimeoutMs' | 'responseTimeoutMs' | 'tunnelIdleTimeoutMs'
>;

function ticksUntil(timeMs: number | undefined): number {
  return timeMs === undefined ? NEVER : ticksOf(timeMs);
}
