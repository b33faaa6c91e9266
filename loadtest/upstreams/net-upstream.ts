/** The upstream where uWebSockets.js does not load: node:net, as little of HTTP/1 as the answers need. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { BODY, isToFail, type StartUpstream, type Upstream } from './upstream.ts';

const HEAD_END = '\r\n\r\n';
const REST = `\r\ncontent-type: text/plain\r\ncontent-length: ${BODY.length}${HEAD_END}${BODY}`;
const RESPONSE = `HTTP/1.1 200 OK${REST}`;
const FAILURE = `HTTP/1.1 500 Internal Server Error${REST}`;

/** Starts one. The requests have no bodies, and come one at a time on a connection: a proxy's do. */
export const startNetUpstream: StartUpstream = async (delayMs) => {
  const upstream = { port: 0, delayMs, failShare: 0 };
  const server = createServer({ noDelay: true }, (socket) => serve(socket, upstream)).listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  upstream.port = (server.address() as AddressInfo).port;
  return upstream;
};

function serve(socket: Socket, upstream: Upstream): void {
  let rest = '';
  const answer = () => {
    if (!socket.destroyed) socket.write(isToFail(upstream) ? FAILURE : RESPONSE, 'latin1');
  };
  socket.setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    rest += text;
    for (let end = rest.indexOf(HEAD_END); end >= 0; end = rest.indexOf(HEAD_END)) {
      rest = rest.slice(end + HEAD_END.length);
      if (upstream.delayMs === 0) answer();
      else setTimeout(answer, upstream.delayMs);
    }
  });
}
