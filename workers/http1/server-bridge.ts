/**
 * Responses of endpoints that speak HTTP/2, on a client's HTTP/1 connection.
 *
 *     head      written as text (section-writer.ts)
 *     content   as it is when the head gives its length; in chunks otherwise; to HTTP/1.0 until the connection closes
 *     trailers  dropped: a client of HTTP/1 that wants them says so in a field that ends at this hop
 */
import { CODING_NONE } from '../../core/http1/content-coding.ts';
import { BODY_NONE } from '../../core/http1/parsed-head.ts';
import { TOKEN_L5D_ERR } from '../../core/http1/tokens.ts';
import type { FieldSection } from '../../core/http2/field-section.ts';
import type { Outlet } from '../net/sink.ts';
import type { Exchange } from '../router/exchange.ts';
import { CONTENT, ContentOutlet } from './content-outlet.ts';
import { writeSectionResponse } from './section-writer.ts';
import type { Http1Server } from './server.ts';
import { Http1ServerResponder } from './server-responder.ts';

/** A client's connection, as far as endpoints of HTTP/2 go. */
export abstract class Http1ServerBridge extends Http1ServerResponder {
  private readonly contentOutlet: ContentOutlet;
  /** The endpoint's stream has taken something: there may be more of the request's body to read. */
  protected resumes = false;

  constructor(server: Http1Server, worker: number, fd: number) {
    super(server, worker, fd);
    this.contentOutlet = new ContentOutlet(this, server.scratchAt);
  }

  get outlet(): Outlet {
    return this.contentOutlet;
  }

  get takesCoded(): boolean {
    return false;
  }

  respondCoded(): void {
    throw new Error('blocks of HTTP/2 are not for HTTP/1 clients');
  }

  codeHead(): null {
    return null;
  }

  lastCoded(): null {
    return null;
  }

  respond(head: FieldSection, _endStream: boolean): void {
    if (head.status < 200) {
      if (this.takesChunks && head.status !== 100) this.writeSection(head, '', false, true);
      return;
    }
    const { server } = this;
    const { clearContext } = server.config;
    const withheld = clearContext && (head.seen & (1 << TOKEN_L5D_ERR)) !== 0;
    const hasBody = head.bodyKind !== BODY_NONE && !this.bodyless;
    const endless = hasBody && head.contentLength < 0;
    if (this.isLast || (endless && !this.takesChunks) || withheld) this.persistent = false;
    this.responseStarted = true;
    const chunked = endless && this.takesChunks && !withheld;
    this.contentOutlet.framing = withheld ? CONTENT.withheld : chunked ? CONTENT.chunked : CONTENT.plain;
    let added = '';
    const success = server.router.isSuccess(this.exchange as Exchange, head.status);
    if (!clearContext) added = `l5d-success-class: ${success ? '1.0' : '0.0'}\r\n`;
    if (!this.persistent) added += 'connection: close\r\n';
    else if (this.clientMinor === 0) added += 'connection: keep-alive\r\n';
    // A response that ended with its head, and says nothing of a length, would last until the connection closes.
    const empty = !hasBody && head.contentLength < 0 && !this.bodyless && head.status !== 204 && head.status !== 304;
    if (empty) added += 'content-length: 0\r\n';
    const codable = this.takesChunks && !withheld && (this.exchange as Exchange).coding !== CODING_NONE;
    const lines = codable ? this.beginCoding(this.exchange as Exchange, head) : '';
    const coded = lines !== '' && head.status !== 304;
    this.contentOutlet.compression = this.compression;
    const drop = withheld || coded || head.status === 204;
    this.writeSection(head, added + lines, coded ? !this.bodyless : chunked, drop);
  }

  private writeSection(head: FieldSection, added: string, chunked: boolean, dropContentLength: boolean): void {
    const { net, server } = this;
    this.flushPending();
    if (this.closed) return;
    const { scratchAt } = server;
    const how = { added, chunked, dropContentLength, clearContext: server.config.clearContext };
    this.write(scratchAt, writeSectionResponse(net.bytes, scratchAt, head, how) - scratchAt);
  }

  respondTrailers(_trailers: FieldSection): void {
    this.contentOutlet.end();
  }

  taken(_byteLength: number): void {
    if (this.resumes) return;
    // Whoever says so has bytes of the read buffer in hand.
    this.resumes = true;
    this.net.reactor.defer(this);
  }
}
