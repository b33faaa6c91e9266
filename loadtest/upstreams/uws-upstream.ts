/** The upstream over uWebSockets.js: the fastest there is in Node. Its binary needs glibc 2.38 or later. */
import { createRequire } from 'node:module';
import { BODY, isToFail, type StartUpstream } from './upstream.ts';

/** The part of uWebSockets.js that is used. */
interface UwsModule {
  App(): UwsApp;
  us_socket_local_port(socket: object): number;
}

interface UwsApp {
  any(pattern: string, handler: (response: UwsResponse) => void): UwsApp;
  listen(host: string, port: number, listening: (socket: object | false) => void): UwsApp;
}

interface UwsResponse {
  onAborted(handler: () => void): UwsResponse;
  cork(write: () => void): UwsResponse;
  writeStatus(status: string): UwsResponse;
  writeHeader(name: string, value: string): UwsResponse;
  end(body: string): UwsResponse;
}

/**
 * Loads uWebSockets.js.
 *
 * @throws Error when its binary does not load on this system
 */
export function loadUwsUpstream(): StartUpstream {
  // Through require, never import(): a binary that does not load must fail here, as an exception.
  const uws = createRequire(import.meta.url)('uWebSockets.js') as UwsModule;
  return (delayMs) => start(uws, delayMs);
}

function start(uws: UwsModule, delayMs: number): ReturnType<StartUpstream> {
  const upstream = { port: 0, delayMs, failShare: 0 };
  const app = uws.App().any('/*', (response) => {
    let gone = false;
    response.onAborted(() => {
      gone = true;
    });
    const answer = () => {
      if (gone) return;
      const status = isToFail(upstream) ? '500 Internal Server Error' : '200 OK';
      response.cork(() => response.writeStatus(status).writeHeader('content-type', 'text/plain').end(BODY));
    };
    if (upstream.delayMs === 0) answer();
    else setTimeout(answer, upstream.delayMs);
  });
  return new Promise((resolve, reject) => {
    app.listen('127.0.0.1', 0, (socket) => {
      if (socket === false) {
        reject(new Error('uWebSockets.js cannot listen'));
        return;
      }
      upstream.port = uws.us_socket_local_port(socket);
      resolve(upstream);
    });
  });
}
