/**
 * The admin server over uWebSockets.js. The package is loaded when it is to be used, not before: its binary does not
 * load on every system, and then {@link loadUwsTransport} says why.
 *
 * uWebSockets.js bounds by itself what arrives slowly (10 s for a head, a minimum rate for a body) and the size of heads.
 * A response object must not be touched once the client has gone, hence the `gone` flag.
 */

import { STATUS_CODES } from 'node:http';
import { createRequire } from 'node:module';
import {
  AdminListenError,
  type AdminResponse,
  type AdminTransport,
  CLOSE_GRACE_MS,
  headersOf,
  type Listening,
  type ListenOptions,
  mediaType,
  splitTarget,
} from './transport.ts';

/** The part of uWebSockets.js that is used. */
export interface UwsModule {
  App(): UwsApp;
  us_listen_socket_close(socket: object): void;
  us_socket_local_port(socket: object): number;
}

/** An application of uWebSockets.js. */
export interface UwsApp {
  any(pattern: string, handler: (response: UwsResponse, request: UwsRequest) => void): UwsApp;
  listen(host: string, port: number, options: number, listening: (socket: object | false) => void): UwsApp;
  close(): UwsApp;
}

/** A request of uWebSockets.js, readable only while its handler runs. */
export interface UwsRequest {
  getHeader(lowerCaseName: string): string;
  getUrl(): string;
  getQuery(): string | undefined;
  getCaseSensitiveMethod(): string;
}

/** A response of uWebSockets.js. */
export interface UwsResponse {
  onAborted(handler: () => void): UwsResponse;
  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): UwsResponse;
  cork(write: () => void): UwsResponse;
  writeStatus(status: string): UwsResponse;
  writeHeader(name: string, value: string): UwsResponse;
  end(body: string, closeConnection: boolean): UwsResponse;
  endWithoutBody(reportedContentLength: number, closeConnection: boolean): UwsResponse;
}

/** Listens without SO_REUSEPORT, so that a port in use is an error. */
const LIBUS_LISTEN_EXCLUSIVE_PORT = 1;

/**
 * Loads uWebSockets.js.
 *
 * By `require`: when a module that `import()` leads to throws while it loads, Node 20 also raises an unhandled rejection
 * that nobody can catch, and that ends the process.
 *
 * @throws Error with the reason when its binary does not load here
 */
export function loadUwsTransport(): AdminTransport {
  return uwsTransport(createRequire(import.meta.url)('uWebSockets.js') as UwsModule);
}

/** The transport over a loaded module. */
export function uwsTransport(uws: UwsModule): AdminTransport {
  return { name: 'uWebSockets.js', listen: (options) => listen(uws, options) };
}

function listen(uws: UwsModule, options: ListenOptions): Promise<Listening> {
  const underWay = new Set<object>();
  const app = uws.App().any('/*', (response, request) => {
    underWay.add(response);
    serve(options, response, request, () => underWay.delete(response));
  });
  return new Promise((resolve, reject) => {
    app.listen(options.ip, options.port, LIBUS_LISTEN_EXCLUSIVE_PORT, (socket) => {
      // The library does not say why it could not; the port in use is by far the likeliest.
      if (socket === false) reject(new AdminListenError(options.ip, options.port, 'EADDRINUSE'));
      else resolve({ port: uws.us_socket_local_port(socket), close: () => close(uws, app, socket, underWay) });
    });
  });
}

function serve(options: ListenOptions, response: UwsResponse, request: UwsRequest, done: () => void): void {
  const method = request.getCaseSensitiveMethod();
  const query = request.getQuery();
  const target = query === undefined || query === '' ? request.getUrl() : `${request.getUrl()}?${query}`;
  const contentType = mediaType(request.getHeader('content-type'));
  let gone = false;
  const answer = (result: AdminResponse, closeConnection: boolean): void => {
    done();
    if (gone) return;
    gone = true;
    response.cork(() => write(response, method, result, closeConnection));
  };
  response.onAborted(() => {
    gone = true;
    done();
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.onData((chunk, isLast) => {
    if (gone) return;
    bytes += chunk.byteLength;
    if (bytes > options.limits.adminBodyBytesMax) {
      options.limitMet('adminBodyBytesMax');
      answer({ status: 413, contentType: '', body: '' }, true);
      return;
    }
    // The library takes the chunk's memory back when this returns.
    chunks.push(Buffer.from(Buffer.from(chunk)));
    if (!isLast) return;
    const body = Buffer.concat(chunks).toString('utf8');
    options
      .handler({ method: method === 'HEAD' ? 'GET' : method, ...splitTarget(target), contentType, body })
      .then((result) => answer(result, false));
  });
}

function write(response: UwsResponse, method: string, answer: AdminResponse, closeConnection: boolean): void {
  response.writeStatus(`${answer.status} ${STATUS_CODES[answer.status] ?? ''}`);
  for (const [name, value] of headersOf(answer)) response.writeHeader(name, value);
  if (method === 'HEAD') response.endWithoutBody(Buffer.byteLength(answer.body), closeConnection);
  else response.end(answer.body, closeConnection);
}

async function close(uws: UwsModule, app: UwsApp, socket: object, underWay: ReadonlySet<object>): Promise<void> {
  uws.us_listen_socket_close(socket);
  const pollMs = 10;
  for (let waitedMs = 0; underWay.size > 0 && waitedMs < CLOSE_GRACE_MS; waitedMs += pollMs) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  app.close();
}
