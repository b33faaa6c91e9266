/** Nanoseconds to make the head that an endpoint gets, and to rewrite the one that a client gets. */
import { configOf } from '../../core/config/configs-by-prefix.ts';
import type { ClientConfig } from '../../core/config/types.ts';
import { METHOD_GET } from '../../core/http1/methods.ts';
import { LinkerdTracePropagator } from '../../workers/http1/linkerd-trace-propagator.ts';
import { RequestWriter } from '../../workers/http1/request-writer.ts';
import { AFTER, NO_LINES, rewriteResponseHead } from '../../workers/http1/response-writer.ts';
import { branchFields } from '../../workers/http2/prepared-fields.ts';
import { branchHeaders } from '../../workers/router/branch-headers.ts';
import { ClientStack } from '../../workers/router/client-stack.ts';
import { Exchange } from '../../workers/router/exchange.ts';
import type { RouteBranch } from '../../workers/router/routes.ts';
import { bench, keep } from './harness.ts';
import { BROWSER_REQUEST, NGINX_RESPONSE, WRK_REQUEST } from './messages.ts';
import { createParser, createRouter, environment, messageAt, net, place, random, scratchAt } from './world.ts';

const CONTEXT = `l5d-ctx-trace: ${Buffer.alloc(32, 7).toString('base64')}\r\n\r\n`;
const parser = createParser();
const router = createRouter('');
const exchange = new Exchange(router);
const branch: RouteBranch = {
  client: new ClientStack(
    0,
    '/#/io.l5d.fs/web',
    1,
    configOf<ClientConfig>(router.config.client, '/'),
    environment,
    environment.createPool,
  ),
  bound: 1,
  clientServiceScope: 2,
  residual: '/',
  answerStatus: 0,
  headers: branchHeaders('/svc/web', '/#/io.l5d.fs/web', '/', ''),
  fields: branchFields('/svc/web', '/#/io.l5d.fs/web', '/', ''),
};

const trace = new LinkerdTracePropagator(random);
bench('trace ids: a new trace', (iterations) => {
  for (let i = 0; i < iterations; i++) {
    trace.beginNew();
    keep(trace.writeLines(net.bytes, scratchAt));
  }
});
bench('trace ids: a child of a context', (iterations) => {
  parser.parseRequest(net.bytes, messageAt, place(`GET / HTTP/1.1\r\nhost: web\r\n${CONTEXT}`));
  for (let i = 0; i < iterations; i++) {
    trace.begin(net.bytes, parser, false);
    keep(trace.writeLines(net.bytes, scratchAt));
  }
});

const writer = new RequestWriter(net, trace, () => 0);

function benchRequest(name: string, text: string): void {
  const end = place(text);
  parser.parseRequest(net.bytes, messageAt, end);
  const options = { clearContext: false, timestampHeader: undefined };
  bench(`request head: ${name} (${text.length} bytes)`, (iterations) => {
    for (let i = 0; i < iterations; i++) {
      writer.write(exchange, branch, parser, end, 0, options);
      keep(exchange.headBytes);
      router.releaseHead(exchange);
    }
  });
}

benchRequest('of wrk', WRK_REQUEST);
benchRequest('of a browser, a line dropped', BROWSER_REQUEST);
benchRequest('of another hop, with context', WRK_REQUEST.slice(0, -2) + CONTEXT);

/** The head is rewritten where it lies, so each time a fresh copy is parsed first. */
function benchResponse(name: string, text: string): void {
  const end = place(text);
  net.bytes.copyWithin(scratchAt, messageAt, end);
  const options = {
    after: AFTER.keep,
    success: true,
    clearContext: false,
    dropTransferEncoding: false,
    dropContentLength: false,
    more: NO_LINES,
  };
  const refresh = () => {
    net.bytes.copyWithin(messageAt, scratchAt, scratchAt + text.length);
    return parser.parseResponse(net.bytes, messageAt, end, METHOD_GET);
  };
  bench(`response head: ${name}: copied and parsed (${text.length} bytes)`, (iterations) => {
    for (let i = 0; i < iterations; i++) keep(refresh());
  });
  bench(`response head: ${name}: copied, parsed and rewritten`, (iterations) => {
    for (let i = 0; i < iterations; i++) {
      keep(rewriteResponseHead(net.bytes, messageAt, refresh(), parser, options, scratchAt + 8192));
    }
  });
}

benchResponse('of nginx, a line dropped', NGINX_RESPONSE);
benchResponse('of nginx, none dropped', NGINX_RESPONSE.replace('Connection: keep-alive\r\n', ''));
