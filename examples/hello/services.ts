/**
 * The services of the example, after those of linkerd-examples: `hello` asks `world` through the mesh, as an
 * application with `http_proxy` set does, and `world-v2` is there to be switched to.
 *
 *     curl -> Weft :4140 -> hello :7777 -> Weft :4140 -> world :7778 (or, by an l5d-dtab, world-v2 :7779)
 */
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';

const IP = '127.0.0.1';
const PROXY_PORT = 4140;
const PORTS = { hello: 7777, world: 7778, 'world-v2': 7779 };

/** An answer of the mesh to a service. */
interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * The headers by which one request's hops belong together (trace, deadline, dtab override): a service behind Linkerd
 * passes them on.
 */
function meshContext(headers: IncomingHttpHeaders): Record<string, string> {
  const context: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('l5d-ctx-') && typeof value === 'string') context[name] = value;
  }
  return context;
}

/** Asks another service through the proxy, with the absolute-form target that `http_proxy` means (RFC 9112 3.2.2). */
function ask(service: string, context: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { ...context, host: service };
    const outgoing = request({ host: IP, port: PROXY_PORT, path: `http://${service}/`, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString().trim() });
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** A service that answers each request with what `answer` makes of its headers. */
function serve(port: number, answer: (headers: IncomingHttpHeaders) => Promise<Answer>): Server {
  const server = createServer((incoming, response) => {
    incoming.resume();
    answer(incoming.headers)
      .catch((error: Error): Answer => ({ status: 502, text: `cannot reach the mesh: ${error.message}` }))
      .then(({ status, text }) => response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`));
  });
  return server.listen(port, IP);
}

async function hello(headers: IncomingHttpHeaders): Promise<Answer> {
  const world = await ask('world', meshContext(headers));
  return { status: world.status, text: `Hello (${IP}) ${world.text}!` };
}

function leaf(name: string): () => Promise<Answer> {
  return () => Promise.resolve({ status: 200, text: `${name} (${IP})!` });
}

serve(PORTS.hello, hello);
serve(PORTS.world, leaf('world'));
serve(PORTS['world-v2'], leaf('world-v2'));
