/**
 * Structured random HTTP/1 messages for differential tests: mostly well formed, a few parts taken from lists of what
 * parsers are known to disagree about, then a few bytes changed. The same seed gives the same messages.
 */
import type { Side } from './message-reader.ts';

/** A seeded generator of numbers in [0, 1) (mulberry32). */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }
}

const REQUEST_LINES = [
  'GET / HTTP/1.1',
  'POST /a?b=c HTTP/1.1',
  'PUT /x HTTP/1.0',
  'GET http://b:81/x HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'HEAD / HTTP/1.1',
  'DELETE /a/b/c HTTP/1.1',
  'GET  / HTTP/1.1',
  'GET / HTTP/1.2',
  'GET / HTTP/2.0',
  'GET /',
];
const STATUS_LINES = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200 ',
  'HTTP/1.1 200',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 204 No Content',
  'HTTP/1.1 304 Not Modified',
  'HTTP/1.1 404 Not Found',
  'HTTP/1.1 999 Odd',
  'HTTP/1.1 99 Low',
  'HTTP/2.0 200 OK',
];
const FIELD_LINES = [
  'Accept: */*',
  'X-A: b c',
  'X-Empty:',
  'Connection: keep-alive',
  'Connection: close',
  'Connection: x-a, close',
  'Cookie: a=b; c=d',
  'X-Obs: caf\xe9',
  'X-Tab:\ta\tb\t',
  'Content-Type: text/plain',
];
const ODD_LINES = [
  'X : 1',
  'X: 1\r\n 2',
  ' X: 1',
  'X',
  ': 1',
  'X: a\0b',
  'X: a\rb',
  'X: a\nb',
  'Transfer_Encoding: chunked',
  'Host: b',
  'Expect: 100-continue',
];
const LENGTHS = ['5', '5', '5', '0', '3', '+5', '05', '5,5', '5 ', '', '0x5', '99999999999999999999'];
const CODINGS = [
  'chunked',
  'chunked',
  'chunked',
  'Chunked',
  'chunked, chunked',
  'gzip, chunked',
  'identity',
  'xchunked',
  ' chunked ',
];
const CHUNKS = [
  '5\r\nhello\r\n',
  '5\r\nhello\r\n',
  '1\r\nx\r\n',
  'A\r\n0123456789\r\n',
  '005\r\nhello\r\n',
  '5;a=b\r\nhello\r\n',
  '5;a="b c"\r\nhello\r\n',
  '5 \r\nhello\r\n',
  '5;\r\nhello\r\n',
  '0x5\r\nhello\r\n',
  '5\nhello\r\n',
  '5\r\nhello\n',
  '5\r\nhello!\r\n',
];
const LAST_CHUNKS = [
  '0\r\n\r\n',
  '0\r\n\r\n',
  '0\r\n\r\n',
  '00\r\nX-T: 1\r\n\r\n',
  '0;a\r\n\r\n',
  '0\r\nX: 1\n\r\n',
  '0\r\n',
];
const ODD_BYTES = ['\0', '\t', '\n', '\r', '\r\n', ' ', ',', ':', ';', '0', '5', 'a', '\x7f', '\x80', '\xff'];

const ODD_LINE_CHANCE = 0.12;
const BYTE_CHANGE_CHANCE = 0.25;

/** The text (Latin-1) of one connection's input: one to three pipelined requests, or one response. */
export function randomInput(random: SeededRandom, side: Side): string {
  const messages = side === 'request' ? 1 + random.below(3) : 1;
  let input = '';
  for (let i = 0; i < messages; i++) input += randomMessage(random, side);
  while (random.chance(BYTE_CHANGE_CHANCE)) input = changeByte(random, input);
  return input;
}

function randomMessage(random: SeededRandom, side: Side): string {
  const lines = [
    random.pick(
      side === 'request' ? REQUEST_LINES.slice(0, oddEnd(random, 7, 11)) : STATUS_LINES.slice(0, oddEnd(random, 7, 10)),
    ),
  ];
  if (side === 'request' && !random.chance(0.03)) lines.push('Host: a');
  for (let i = random.below(4); i > 0; i--) {
    lines.push(random.chance(ODD_LINE_CHANCE) ? random.pick(ODD_LINES) : random.pick(FIELD_LINES));
  }
  const kind = random.next();
  let body = '';
  if (kind < 0.4) {
    lines.push(`Content-Length: ${random.pick(LENGTHS.slice(0, oddEnd(random, 5, LENGTHS.length)))}`);
    body = 'hello';
  }
  if (kind > 0.35 && kind < 0.8) {
    lines.push(`Transfer-Encoding: ${random.pick(CODINGS.slice(0, oddEnd(random, 4, CODINGS.length)))}`);
    body = randomChunks(random);
  }
  if (random.chance(0.2)) lines.reverse().unshift(lines.pop()!);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

function randomChunks(random: SeededRandom): string {
  let chunks = '';
  for (let i = random.below(4); i > 0; i--) chunks += random.pick(CHUNKS.slice(0, oddEnd(random, 7, CHUNKS.length)));
  return chunks + random.pick(LAST_CHUNKS.slice(0, oddEnd(random, 5, LAST_CHUNKS.length)));
}

/** Where to end a list whose odd entries come last, so that most messages are well formed. */
function oddEnd(random: SeededRandom, usual: number, all: number): number {
  return random.chance(ODD_LINE_CHANCE) ? all : usual;
}

function changeByte(random: SeededRandom, input: string): string {
  const at = random.below(input.length);
  const change = random.below(3);
  if (change === 0) return input.slice(0, at) + input.slice(at + 1);
  return input.slice(0, at) + random.pick(ODD_BYTES) + input.slice(at + (change === 1 ? 1 : 0));
}
