/** The admin server over Node's http: the transport that loads everywhere. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
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

const HEADER_BYTES_MAX = 65536;

/** The transport. */
export const nodeTransport: AdminTransport = { name: 'node:http', listen };

function listen(options: ListenOptions): Promise<Listening> {
  const { adminRequestTimeoutMs: timeoutMs, adminConnectionsMax } = options.limits;
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      keepAliveTimeout: timeoutMs,
      connectionsCheckingInterval: Math.min(1000, timeoutMs),
    },
    (request, response) => {
      serve(options, request, response).catch(() => response.destroy());
    },
  );
  // Cuts an answer that its reader does not take; late enough for a request that does not come to get its 408 first.
  server.timeout = 3 * timeoutMs;
  server.maxConnections = adminConnectionsMax;
  server.on('drop', () => options.limitMet('adminConnectionsMax'));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuse(options, error, socket));
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new AdminListenError(options.ip, options.port, error.code ?? error.message));
    });
    server.listen(options.port, options.ip, () => {
      // After listening, an error is that of one accept (no descriptors left): the server goes on.
      server.removeAllListeners('error').on('error', () => undefined);
      resolve({ port: (server.address() as AddressInfo).port, close: () => close(server) });
    });
  });
}

async function serve(options: ListenOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = request.method ?? '';
  const body = await readBody(request, options.limits.adminBodyBytesMax);
  if (body === undefined) {
    options.limitMet('adminBodyBytesMax');
    response.setHeader('Connection', 'close');
    send(response, { status: 413, contentType: '', body: '' });
    return;
  }
  const answer = await options.handler({
    method: method === 'HEAD' ? 'GET' : method,
    ...splitTarget(request.url ?? '/'),
    contentType: mediaType(request.headers['content-type']),
    body,
  });
  send(response, answer);
}

/** The body, or undefined when it is longer than allowed; what is too much is read and dropped, so that the 413 arrives. */
async function readBody(request: IncomingMessage, bytesMax: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= bytesMax) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes > bytesMax ? undefined : Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, answer: AdminResponse): void {
  response.statusCode = answer.status;
  for (const [name, value] of headersOf(answer)) response.setHeader(name, value);
  response.setHeader('Content-Length', Buffer.byteLength(answer.body));
  response.end(answer.body);
}

function refuse(options: ListenOptions, error: NodeJS.ErrnoException, socket: Socket): void {
  const timedOut = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  if (timedOut) options.limitMet('adminRequestTimeoutMs');
  const status = timedOut
    ? '408 Request Timeout'
    : error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : '400 Bad Request';
  if (!socket.writable) socket.destroy();
  else socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
