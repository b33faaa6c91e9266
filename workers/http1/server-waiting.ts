/**
 * How a client's HTTP/1 connection waits for a route that is not bound yet:
 *
 *     HEAD --pending--> PARKED --bound--> HEAD, the head is read again, and finds the route
 *                          |
 *                          +--bindingTimeoutMs--> answered 502          or totalTimeoutMs, 503
 *
 * A one-off, for which the caches have no room, is in no table: it is held until the head has found it.
 */
import type { HeadParser } from '../../core/http1/head.ts';
import { NEVER, ticksOf } from '../reactor/timer-wheel.ts';
import type { Route, RouteWaiter } from '../router/routes.ts';
import { Http1ServerBridge } from './server-bridge.ts';
import { HEAD, PARKED } from './server-responder.ts';

/** A client's connection, as far as it waits for routes. */
export abstract class Http1ServerWaiting extends Http1ServerBridge implements RouteWaiter {
  /** The route that the request at hand waits for. */
  private parkedOn: Route | null = null;
  /** The one-off that was waited for, until the request has found it. */
  private awaited: Route | null = null;
  /** When the request came that waits, or has waited; NEVER otherwise. */
  private arrivalTick = NEVER;

  /** Serves the request whose head is in `parser`'s hands. @returns where the next one's bytes may begin */
  protected abstract beginRequest(parser: HeadParser, start: number, headEnd: number, end: number): number;

  /** The head at hand has waited for a one-off: {@link begin} serves it, and nothing else does. */
  protected get hasWaited(): boolean {
    return this.awaited !== null;
  }

  /** @returns as {@link beginRequest} */
  protected begin(parser: HeadParser, start: number, headEnd: number, end: number): number {
    const route = this.awaited;
    if (route === null) return this.beginRequest(parser, start, headEnd, end);
    const { routes } = this.server.router;
    const next = routes.findAgain(route, () => this.beginRequest(parser, start, headEnd, end));
    this.forgetAwaited();
    return next;
  }

  /** Waits for a route. @returns false when too many requests wait already */
  protected waitFor(route: Route): boolean {
    const { router } = this.server;
    if (!router.routes.park(route, this)) return false;
    this.state = PARKED;
    this.parkedOn = route;
    const { timers, nowTick } = this.net.reactor;
    this.arrivalTick = nowTick;
    timers.arm(this, nowTick + ticksOf(router.bindingWaitMs(route, this.server)));
    return true;
  }

  /** When the request came that is at hand, and now goes on. */
  takeArrival(): number {
    const { arrivalTick } = this;
    this.arrivalTick = NEVER;
    return Math.min(arrivalTick, this.net.reactor.nowTick);
  }

  onUnparked(route: Route): void {
    this.state = HEAD;
    this.parkedOn = null;
    if (!route.cached) {
      this.server.router.routes.hold(route);
      this.awaited = route;
    }
    this.deadlineTick = NEVER;
    this.goOnLater();
  }

  /** Takes the waiting request off its route. */
  protected leave(): void {
    this.forgetAwaited();
    this.arrivalTick = NEVER;
    if (this.parkedOn === null) return;
    this.server.router.routes.unpark(this.parkedOn, this);
    this.parkedOn = null;
  }

  private forgetAwaited(): void {
    const route = this.awaited;
    this.awaited = null;
    if (route !== null) this.server.router.routes.release(route);
  }

  protected onBindingTimeout(): void {
    const route = this.parkedOn as Route;
    const { router, scope } = this.server;
    const cause = router.waitedTooLong(route, this.server);
    this.leave();
    this.persistent = false;
    router.stats.refused(scope, route.serviceScope, cause.status, cause.reason);
    this.answer(cause, true);
  }
}
