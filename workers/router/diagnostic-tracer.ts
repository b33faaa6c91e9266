/**
 * The answer to a TRACE request with `l5d-add-context: true` (spec 03 section 5.6): a router stands between the exchange and the
 * client, keeps the response, and appends what it has done. Nothing here is on any other request's way.
 *
 *     begin --ask the supervisor for the steps of the resolution--> explained --Max-Forwards: 0--> answered by Weft
 *                                                                       |
 *                                                                       '--> dispatch --> response, kept --> answered
 *
 * The steps are asked for first: once a response is whole, its exchange is another request's.
 */
import type { HeadParser } from '../../core/http1/head.ts';
import {
  BODY_CHUNKED,
  FIELD_NAME_END,
  FIELD_STRIDE,
  FIELD_TOKEN,
  FIELD_VALUE_END,
  FIELD_VALUE_START,
  type ParsedHead,
} from '../../core/http1/parsed-head.ts';
import { TOKEN_CONTENT_LENGTH, TOKEN_TRANSFER_ENCODING, TOKEN_VIA } from '../../core/http1/tokens.ts';
import { FieldSection } from '../../core/http2/field-section.ts';
import { HOP_BY_HOP, OF_PROXY, REPLACED_IN_RESPONSE } from '../http1/forwarded-fields.ts';
import type { Net } from '../net/net.ts';
import type { Outlet, Sink } from '../net/sink.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import type { Downstream, Exchange, Failure } from './exchange.ts';
import { failure } from './failures.ts';
import type { ExplanationWaiter } from './route-book.ts';
import { formatRouterContext } from './router-context.ts';
import type { Route, RouteBranch } from './routes.ts';
import { asksForContext, decrementMaxForwards, MAX_FORWARDS, maxForwardsOf } from './trace-request.ts';

const DROPPED =
  REPLACED_IN_RESPONSE | HOP_BY_HOP | OF_PROXY | (1 << TOKEN_CONTENT_LENGTH) | (1 << TOKEN_TRANSFER_ENCODING);
const MICROS_PER_MS = 1000;

/** A response whose whole text is Weft's to write. */
export interface TracedResponse {
  readonly status: number;
  readonly success: boolean;
  /** Names in lower case; without what frames a message or is said anew. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Earlier entries of `via`, in order; '' for none. */
  readonly via: string;
  /** What the endpoint sent. */
  readonly body: string;
  /** What the router appends. */
  readonly context: string;
}

/** A response that has no content whatever is said in it (RFC 9110 sections 15.3.5 and 15.4.5). */
export function hasNoContent(status: number): boolean {
  return status === 204 || status === 304;
}

/**
 * Looks at a TRACE request whose exchange has begun, before its head is written: one that goes no further, or says nonsense of
 * how far it goes, may be answered over it.
 *
 * @param maxForwardsName as the server's protocol spells it
 * @returns who is to {@link DiagnosticTracer.begin} once the head is written; null for a request like any other
 */
export function traceRequest(
  net: Net,
  exchange: Exchange,
  head: ParsedHead,
  clearContext: boolean,
  maxForwardsName: string,
): DiagnosticTracer | null {
  const { router } = exchange;
  const maxForwards = maxForwardsOf(net.bytes, head);
  if (maxForwards === MAX_FORWARDS.malformed) {
    router.fail(exchange, failure(400, 'bad_request', `Invalid value for ${maxForwardsName} header`));
    return null;
  }
  const addsContext = maxForwards !== MAX_FORWARDS.negative && !clearContext && asksForContext(net.bytes, head);
  if (maxForwards === 0 && !addsContext) {
    router.answer(exchange, 200);
    return null;
  }
  if (maxForwards > 0) decrementMaxForwards(net.bytes, head, maxForwards);
  return addsContext ? new DiagnosticTracer(net, exchange, maxForwards === 0) : null;
}

/** Between one exchange and its client. */
export class DiagnosticTracer implements Downstream, ExplanationWaiter, Sink, Outlet {
  readonly takesCoded = false;
  readonly takesChunks = false;
  readonly takesRemembered = false;
  readonly withholdsBody = false;
  readonly compression = null;
  readonly outputBytes = 0;
  readonly #net: Net;
  readonly #client: Downstream;
  readonly #exchange: Exchange;
  readonly #isLastHop: boolean;
  #token = 0;
  #resolution: readonly string[] = [];
  #selected = '';
  #fields: [name: string, value: string][] = [];
  #via: string[] = [];
  #status = 0;
  #success = true;
  #context = '';
  readonly #content: Buffer[] = [];
  #contentBytes = 0;
  /** Why the endpoint's content is not shown; '' when it is. */
  #hidden = '';

  /** @param isLastHop the request goes no further than here */
  constructor(net: Net, exchange: Exchange, isLastHop: boolean) {
    this.#net = net;
    this.#client = exchange.downstream as Downstream;
    this.#exchange = exchange;
    this.#isLastHop = isLastHop;
    exchange.downstream = this;
  }

  /** The request's head has been written, if it goes on. */
  begin(): void {
    const { router } = this.#exchange;
    const { client } = this.#exchange.branch as RouteBranch;
    this.#token = router.routes.explain(this.#exchange.route as Route, client.name, this);
    if (this.#token === 0) this.onExplained([]);
  }

  onExplained(resolution: readonly string[]): void {
    this.#token = 0;
    // The client may have gone meanwhile, and the exchange be another's.
    if (this.#exchange.downstream !== this) return;
    this.#resolution = resolution;
    const { router } = this.#exchange;
    const pool = this.#isLastHop ? this.#pick() : null;
    if (pool === null) {
      // Where nobody could be asked, dispatching says why.
      router.dispatch(this.#exchange);
      return;
    }
    this.#tellContext(pool.name);
    router.answer(this.#exchange, 200);
  }

  #pick(): EndpointPool | null {
    const { client } = this.#exchange.branch as RouteBranch;
    const pool = client.pick(this.#net.reactor.nowStamp);
    if (pool !== null) client.release(pool.row);
    return pool;
  }

  #tellContext(selected: string): void {
    const { route, branch, router, startMicros, startTick } = this.#exchange;
    const { client } = branch as RouteBranch;
    this.#selected = selected;
    this.#context = formatRouterContext({
      label: router.config.label,
      durationMs: Math.floor(this.#net.reactor.elapsedMicros(startMicros, startTick) / MICROS_PER_MS),
      service: (route as Route).path,
      client: client.name,
      addresses: client.addresses(),
      selected: this.#selected,
      resolution: this.#resolution,
    });
  }

  // ---- the response --------------------------------------------------------------------------------------------

  writeResponseHead(parser: HeadParser, _start: number, headEnd: number): number {
    this.#takeHead(parser, parser.bodyKind === BODY_CHUNKED ? 'chunked' : '');
    return headEnd;
  }

  respond(head: FieldSection, endStream: boolean): void {
    if (head.status < 200) this.#client.respond(head, endStream);
    else this.#takeHead(head, '');
  }

  #takeHead(head: ParsedHead, hidden: string): void {
    this.#status = head.status;
    this.#success = this.#exchange.router.isSuccess(this.#exchange, head.status);
    this.#readFields(head);
    const isCoded = this.#fields.some(([name]) => name === 'content-encoding');
    this.#hidden = isCoded ? 'encoded' : hidden;
    this.#tellContext(this.#exchange.pool?.name ?? '');
  }

  #readFields(head: ParsedHead): void {
    const { bytes } = this.#net;
    this.#fields = [];
    this.#via = [];
    for (let i = head instanceof FieldSection ? head.firstRegular : 0; i < head.fieldCount; i++) {
      const place = i * FIELD_STRIDE;
      const text = (from: number, to: number) =>
        Buffer.from(bytes.subarray(head.fields[place + from] as number, head.fields[place + to] as number)).toString(
          'latin1',
        );
      const token = head.fields[place + FIELD_TOKEN] as number;
      if (token === TOKEN_VIA) this.#via.push(text(FIELD_VALUE_START, FIELD_VALUE_END));
      if ((DROPPED & (1 << token)) !== 0) continue;
      this.#fields.push([text(0, FIELD_NAME_END).toLowerCase(), text(FIELD_VALUE_START, FIELD_VALUE_END)]);
    }
  }

  /** Keeps content, up to a bound. */
  #take(at: number, byteLength: number): void {
    if (this.#hidden !== '') return;
    this.#contentBytes += byteLength;
    if (this.#contentBytes > this.#net.limits.traceBodyBytesMax) {
      this.#net.limitMet('traceBodyBytesMax');
      this.#hidden = 'large';
      this.#content.length = 0;
      return;
    }
    this.#content.push(Buffer.from(this.#net.bytes.subarray(at, at + byteLength)));
  }

  onResponseEnd(): void {
    this.#deliver();
  }

  #deliver(): void {
    const body = this.#hidden === '' ? Buffer.concat(this.#content).toString('latin1') : this.#placeholder();
    this.#client.onTraced({
      status: this.#status,
      success: this.#success,
      // What it says of the content is not true of a placeholder.
      fields: this.#fields.filter(([name]) => this.#hidden !== 'encoded' || name !== 'content-encoding'),
      via: this.#via.join(', '),
      body,
      context: this.#context,
    });
  }

  #placeholder(): string {
    const fields = this.#fields.map(([name, value]) => `${name}: ${value}`);
    const why = `Diagnostic trace encountered ${this.#hidden} response. Response content discarded.`;
    return [...fields, `HTTP ${this.#status}`, why].join('\n');
  }

  // ---- where it would go ---------------------------------------------------------------------------------------

  get sink(): Sink {
    return this;
  }

  get outlet(): Outlet {
    return this;
  }

  get closed(): boolean {
    return this.#client.sink.closed;
  }

  write(at: number, byteLength: number): boolean {
    this.#take(at, byteLength);
    return true;
  }

  writeReceived(at: number, byteLength: number): boolean {
    return this.write(at, byteLength);
  }

  sendContent(at: number, byteLength: number, _endStream: boolean, _inPlace: boolean): number {
    this.#take(at, byteLength);
    return byteLength;
  }

  // ---- what goes through ---------------------------------------------------------------------------------------

  onAnswered(status: number, success: boolean): void {
    this.#status = status;
    this.#success = success;
    // Behind a retry a name may be a local service.
    if (this.#context === '') this.#client.onAnswered(status, success);
    else this.#deliver();
  }

  onFailed(cause: Failure): void {
    this.#forget();
    this.#client.onFailed(cause);
  }

  onUpstreamLost(): void {
    this.#content.length = 0;
    this.#contentBytes = 0;
    this.#client.onUpstreamLost();
  }

  #forget(): void {
    if (this.#token !== 0) this.#exchange.router.routes.forgetExplanation(this.#token);
    this.#token = 0;
  }

  onUpstreamReady(): void {
    this.#client.onUpstreamReady();
  }

  resume(): void {
    this.#client.resume();
  }

  taken(byteLength: number): void {
    this.#client.taken(byteLength);
  }

  onUnparked(route: Route): void {
    this.#client.onUnparked(route);
  }

  writeInformational(parser: HeadParser, start: number, headEnd: number): void {
    this.#client.writeInformational(parser, start, headEnd);
  }

  onTraced(response: TracedResponse): void {
    this.#client.onTraced(response);
  }

  respondTrailers(): void {
    // They said something of content that is followed by other content now.
  }

  armStall(): void {
    // Whatever comes is taken.
  }

  codeHead(): null {
    return null;
  }

  lastCoded(): null {
    return null;
  }

  respondCoded(): void {
    throw new Error('blocks that were coded before are not for a TRACE request');
  }

  beginRemembered(): number {
    throw new Error('heads that are remembered are not for a TRACE request');
  }

  onTunnel(): void {
    throw new Error('a TRACE request does not become a tunnel');
  }
}
