/**
 * The codec against llhttp (Node's own parser) over loopback sockets: where both accept, they must agree on every
 * boundary: the same messages, the same targets, the same bodies. Where one refuses what the other accepts, the cause
 * must be in the tables below.
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { test } from 'node:test';
import * as errors from './errors.ts';
import { type MessageRecord, readMessage, type Side, TEST_LIMITS } from './message-reader.ts';
import { METHOD_GET } from './methods.ts';
import { randomInput, SeededRandom } from './mutations.ts';

const { WEFT_FUZZ_CASES = '2000', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const CASES = Number(WEFT_FUZZ_CASES);
const SEED = Number(WEFT_FUZZ_SEED);
const BATCH = 50;
/** Node's own limits are by bytes of the head alone; the messages here are small. */
const LIMITS = { ...TEST_LIMITS, leadingEmptyLinesMax: 64 };

/** What we refuse and llhttp accepts, in either direction, and why we do. */
const STRICTER: ReadonlyMap<number, string> = new Map([
  [errors.ERR_EMPTY_LINES, 'llhttp skips any number of line ends before a request'],
  [errors.ERR_START_LINE, 'HTTP/0.9 and several spaces in a request line; controls in a reason phrase'],
  [errors.ERR_TARGET_FORM, 'targets that no form allows, such as * with GET'],
  [errors.ERR_TARGET_CHAR, 'fragments in a target'],
  [errors.ERR_VERSION, 'llhttp skips line ends before a status line'],
  [errors.ERR_VERSION_UNSUPPORTED, 'HTTP/2.0 and HTTP/0.9 written out'],
  [errors.ERR_STATUS, 'status codes below 100'],
  [errors.ERR_BARE_CR, 'a CR before a start line'],
  [errors.ERR_BARE_LF, 'a LF before a start line, or behind HTTP/0.9'],
  [errors.ERR_LOOKALIKE, 'underscores in framing fields'],
  [errors.ERR_HOST_MISSING, 'Host is not looked at by llhttp'],
  [errors.ERR_HOST_REPEATED, 'Host is not looked at by llhttp'],
  [errors.ERR_HOST, 'Host is not looked at by llhttp'],
  [errors.ERR_CONTENT_LENGTH, 'leading zeros'],
  [errors.ERR_CODING, 'responses until close with a coding; whitespace behind chunked'],
  [errors.ERR_CODING_IN_HTTP10, 'Transfer-Encoding in HTTP/1.0'],
  [errors.ERR_CODING_UNSUPPORTED, 'codings before chunked are left to the application'],
  [errors.ERR_EXPECTATION, 'expectations are left to the application'],
  [errors.ERR_CHUNK_EXTENSION, 'extensions without a name'],
]);

/** What llhttp refuses and we accept, and why we may. */
const LAXER: ReadonlyMap<string, string> = new Map([
  ['HPE_INVALID_METHOD', 'llhttp has a closed list of methods; RFC 9110 section 9.1 has not'],
  ['HPE_INVALID_VERSION', 'HTTP/1.2 to 1.9 are 1.1 to us (RFC 9110 section 2.5)'],
  ['HPE_INVALID_URL', 'digits in the scheme of an absolute-form target'],
  ['HPE_INVALID_CONTENT_LENGTH', 'a tab behind a length: it is whitespace (RFC 9110 section 5.6.3)'],
  ['HPE_STRICT', 'the grammar of chunk extensions behind the name: they are dropped'],
]);

interface Message {
  readonly start: string;
  readonly body: string;
}

interface Reading {
  readonly messages: Message[];
  /** The error code of a refusal, '' when the input ended within or behind a message. */
  refusal: string;
  /** No further message is wanted from this connection: what is read behind the last one is of no account. */
  closed: boolean;
}

function ours(input: string, side: Side): Reading {
  const reading: Reading = { messages: [], refusal: '', closed: false };
  let rest: Uint8Array = Uint8Array.from(Buffer.from(input, 'latin1'));
  while (rest.length > 0) {
    const record: MessageRecord = readMessage(rest, side, METHOD_GET, [], LIMITS);
    if (record.verdict === 'refused') reading.refusal = String(record.error);
    if (record.verdict !== 'accepted') break;
    reading.messages.push({ start: record.start, body: record.body });
    rest = rest.subarray(record.consumed);
    reading.closed = !record.persistent || side === 'response';
    if (reading.closed) break;
  }
  return reading;
}

/** What a Node server makes of each input, sent on a connection of its own. */
class RequestOracle {
  readonly #server: Server;
  readonly #byPort = new Map<number, Reading>();
  readonly #bySocket = new WeakMap<object, Reading>();

  constructor() {
    this.#server = createServer({ insecureHTTPParser: false, requireHostHeader: false }, (request, response) => {
      const reading = this.#bySocket.get(request.socket)!;
      const start = `${request.method} ${request.url}`;
      collect(request, (body) => {
        reading.messages.push({ start, body });
        response.end();
      });
    });
    this.#server.on('checkExpectation', (request, response) => this.#server.emit('request', request, response));
    this.#server.on('connection', (socket) => {
      const reading = { messages: [], refusal: '', closed: false };
      this.#bySocket.set(socket, reading);
      this.#byPort.set(socket.remotePort as number, reading);
    });
    this.#server.on('clientError', (error, socket) => {
      this.#bySocket.get(socket)!.refusal ||= refusalOf(error);
      socket.destroy();
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async read(input: string): Promise<Reading> {
    const socket = connect((this.#server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    const port = socket.localPort as number;
    const closed = once(socket, 'close');
    socket.on('error', () => {});
    socket.resume();
    socket.end(Buffer.from(input, 'latin1'));
    await closed;
    return this.#byPort.get(port) ?? { messages: [], refusal: '', closed: false };
  }

  close(): void {
    this.#server.close();
  }
}

/** What a Node client makes of each input as the response to a GET. */
class ResponseOracle {
  readonly #inputs: string[] = [];
  readonly #server: TcpServer;

  constructor() {
    this.#server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (head) => {
        const index = Number(head.toString('latin1').slice('GET /'.length).split(' ')[0]);
        socket.end(Buffer.from(this.#inputs[index] as string, 'latin1'));
      });
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  read(input: string): Promise<Reading> {
    const index = this.#inputs.push(input) - 1;
    const { port } = this.#server.address() as AddressInfo;
    const reading: Reading = { messages: [], refusal: '', closed: false };
    return new Promise((resolve) => {
      const request = httpRequest({ port, host: '127.0.0.1', path: `/${index}`, agent: false }, (response) => {
        collect(response, (body) => {
          reading.messages.push({ start: String(response.statusCode), body });
        });
      });
      request.on('error', (error) => {
        reading.refusal ||= refusalOf(error);
      });
      request.on('close', () => resolve(reading));
      request.end();
    });
  }

  close(): void {
    this.#server.close();
  }
}

/** llhttp's code; '' for an input that merely ends too early, or goes on behind a message that closes. */
function refusalOf(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const isRefusal = code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE' && code !== 'HPE_CLOSED_CONNECTION';
  return isRefusal ? code : '';
}

function collect(message: IncomingMessage, done: (body: string) => void): void {
  let body = '';
  message.setEncoding('latin1');
  message.on('data', (piece: string) => {
    body += piece;
  });
  message.on('error', () => {});
  message.on('end', () => {
    if (message.complete) done(body);
  });
}

/** What is wrong between two readings of the same input; '' when nothing is. */
function disagreement(own: Reading, other: Reading): string {
  const both = Math.min(own.messages.length, other.messages.length);
  for (let i = 0; i < both; i++) {
    const mine = own.messages[i]!;
    const theirs = other.messages[i]!;
    if (mine.body !== theirs.body || !sameStart(mine.start, theirs.start)) return `message ${i} differs`;
  }
  if (own.closed && other.messages.length >= both && both === own.messages.length) return '';
  if (own.refusal !== '' && other.refusal !== '') return '';
  if (own.refusal !== '') return STRICTER.has(Number(own.refusal)) ? '' : `only we refuse, ${own.refusal}`;
  if (other.refusal !== '') return LAXER.has(other.refusal) ? '' : `only llhttp refuses, ${other.refusal}`;
  return own.messages.length === other.messages.length ? '' : 'one reads more messages';
}

/** The codec keeps the path of an absolute-form target, llhttp all of it. */
function sameStart(mine: string, theirs: string): boolean {
  const [method, target = ''] = mine.split(' ');
  return theirs.startsWith(method as string) && theirs.endsWith(target);
}

async function compareAll(side: Side, oracle: RequestOracle | ResponseOracle, cases: number): Promise<number> {
  const random = new SeededRandom(side === 'request' ? SEED : SEED + 1);
  let accepted = 0;
  for (let done = 0; done < cases; done += BATCH) {
    const inputs = Array.from({ length: BATCH }, () => randomInput(random, side));
    const readings = await Promise.all(inputs.map((input) => oracle.read(input)));
    for (const [i, input] of inputs.entries()) {
      const own = ours(input, side);
      accepted += own.messages.length;
      const wrong = disagreement(own, readings[i]!);
      const account = () => JSON.stringify({ seed: SEED, input, own, llhttp: readings[i] }, null, 1);
      assert.equal(wrong, '', wrong === '' ? '' : account());
    }
  }
  return accepted;
}

for (const side of ['request', 'response'] as const) {
  test(`${side}s: llhttp and the codec agree on boundaries`, async (t) => {
    t.diagnostic(`WEFT_FUZZ_SEED=${SEED} WEFT_FUZZ_CASES=${CASES}`);
    const oracle = side === 'request' ? new RequestOracle() : new ResponseOracle();
    await oracle.listen();
    try {
      const accepted = await compareAll(side, oracle, CASES / 2);
      assert.ok(accepted > CASES / 10, `only ${accepted} messages were accepted: the generator has gone bad`);
    } finally {
      oracle.close();
    }
  });
}
