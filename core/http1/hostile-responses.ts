/** Rows 1 to 26 of the hostile-inputs table as an upstream sends them. */
import { badResponse, cutShort, goodResponse, ok, responseText } from './hostile-builders.ts';
import type { HostileMessage } from './hostile-message.ts';
import { BAD_CHUNKS, BAD_CODINGS, BAD_LENGTHS, BAD_LINES, FORBIDDEN_TRAILERS, GOOD_CHUNKS } from './hostile-shared.ts';

const HELLO_CHUNKS = '5\r\nhello\r\n0\r\n\r\n';

function okChunks(chunks: string): string {
  return ok(chunks, 'Transfer-Encoding: chunked');
}

const framing: readonly HostileMessage[] = [
  badResponse(1, 'length, then coding', ok(HELLO_CHUNKS, 'Content-Length: 5', 'Transfer-Encoding: chunked')),
  badResponse(1, 'coding, then length', ok(HELLO_CHUNKS, 'Transfer-Encoding: chunked', 'Content-Length: 5')),
  badResponse(2, 'two lengths, different', ok('hello', 'Content-Length: 5', 'Content-Length: 6')),
  badResponse(2, 'two lengths, equal', ok('hello', 'Content-Length: 5', 'Content-Length: 5')),
  ...BAD_LENGTHS.map(([row, name, value]) => badResponse(row, name, ok('hello', `Content-Length: ${value}`))),
  goodResponse(3, 'whitespace around a length', ok('hello', 'Content-Length: \t 5 \t '), 'length', 'hello'),
  ...BAD_CODINGS.map(([row, name, line]) => badResponse(row, name, ok(HELLO_CHUNKS, line))),
  badResponse(4, 'gzip before chunked', ok(HELLO_CHUNKS, 'Transfer-Encoding: gzip, chunked')),
  badResponse(5, 'chunked in 1.0', responseText('HTTP/1.0 200 OK', ['Transfer-Encoding: chunked'], HELLO_CHUNKS)),
  ...BAD_LINES.map(([row, name, line]) => badResponse(row, name, ok('', 'Content-Length: 0', line))),
  badResponse(8, 'LF behind the status line', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'),
  badResponse(8, 'CR behind the status line', 'HTTP/1.1 200 OK\rContent-Length: 0\r\n\r\n'),
  badResponse(8, 'NUL in the reason', responseText('HTTP/1.1 200 O\0K', ['Content-Length: 0'], '')),
  ...BAD_CHUNKS.map(([row, name, body]) => badResponse(row, name, okChunks(body))),
  ...GOOD_CHUNKS.map(([row, name, body]) => goodResponse(row, name, okChunks(body), 'chunked', 'hello')),
  ...FORBIDDEN_TRAILERS.map((name) =>
    goodResponse(12, `trailer ${name}`, okChunks(`0\r\n${name}: 1\r\nl5d-success-class: 1.0\r\n\r\n`), 'chunked', '', {
      withheldTrailers: [name],
      forwarded: ['l5d-success-class'],
    }),
  ),
];

const BAD_STATUS_LINES: readonly (readonly [row: number, name: string, line: string])[] = [
  [15, 'two spaces before status', 'HTTP/1.1  200 OK'],
  [15, 'tab before status', 'HTTP/1.1\t200 OK'],
  [15, 'leading space', ' HTTP/1.1 200 OK'],
  [15, 'two digits', 'HTTP/1.1 20 OK'],
  [15, 'four digits', 'HTTP/1.1 2000 OK'],
  [15, 'below 100', 'HTTP/1.1 099 OK'],
  [15, 'sign in status', 'HTTP/1.1 +20 OK'],
  [15, 'no status', 'HTTP/1.1'],
  [15, 'letters for status', 'HTTP/1.1 OK'],
  [17, 'HTTP/2.0', 'HTTP/2.0 200 OK'],
  [17, 'HTTP/0.9', 'HTTP/0.9 200 OK'],
  [17, 'lower case', 'http/1.1 200 OK'],
  [17, 'ICY', 'ICY 200 OK'],
  [17, 'no status line', '<html>'],
  [18, '64 KB reason', `HTTP/1.1 200 ${'a'.repeat(65536)}`],
];

const heads: readonly HostileMessage[] = [
  ...BAD_STATUS_LINES.map(([row, name, line]) => badResponse(row, name, responseText(line, ['Content-Length: 0'], ''))),
  badResponse(16, 'empty line in front', `\r\n${ok('', 'Content-Length: 0')}`),
  badResponse(16, 'space before the first field', 'HTTP/1.1 200 OK\r\n Content-Length: 0\r\n\r\n'),
  goodResponse(15, 'no reason', responseText('HTTP/1.1 200 ', ['Content-Length: 0'], ''), 'none'),
  goodResponse(15, 'no space before no reason', responseText('HTTP/1.1 200', ['Content-Length: 0'], ''), 'none'),
  badResponse(18, '101 fields', ok('', ...Array.from({ length: 101 }, (_, i) => `x${i}: 1`))),
  badResponse(18, '64 KB value', ok('', `X: ${'a'.repeat(65536)}`)),
  goodResponse(
    19,
    'names in Connection',
    ok('', 'Connection: x-internal, set-cookie', 'X-Internal: 1', 'Set-Cookie: a', 'Content-Length: 0'),
    'none',
    '',
    {
      persistent: true,
      withheld: ['x-internal'],
      forwarded: ['set-cookie'],
    },
  ),
];

const ends: readonly HostileMessage[] = [
  goodResponse(24, 'bytes behind a length', ok('helloHTTP/1.1 200 OK', 'Content-Length: 5'), 'length', 'hello', {
    rest: 15,
  }),
  goodResponse(24, 'bytes behind chunks', okChunks(`${HELLO_CHUNKS}x`), 'chunked', 'hello', { rest: 1 }),
  goodResponse(24, 'bytes behind no body', ok('x', 'Content-Length: 0'), 'none', '', { rest: 1 }),
  cutShort(goodResponse(25, '', ok('hello', 'Content-Length: 6'), 'length'), 'body shorter than its length', 1000),
  cutShort(goodResponse(25, '', okChunks(HELLO_CHUNKS), 'chunked'), 'no last CRLF', okChunks(HELLO_CHUNKS).length - 2),
  cutShort(goodResponse(25, '', okChunks('5\r\nhello\r\n'), 'chunked'), 'no last chunk', 1000),
  cutShort(goodResponse(25, '', okChunks('5\r\nhel'), 'chunked'), 'cut in a chunk', 1000),
  cutShort(goodResponse(25, '', ok('', 'Content-Length: 0'), 'none'), 'cut in the head', 30),
  goodResponse(25, 'until close', ok('hello'), 'untilClose', 'hello', { persistent: false }),
  goodResponse(
    25,
    'until close in 1.0',
    responseText('HTTP/1.0 200 OK', ['Connection: keep-alive'], 'hello'),
    'untilClose',
    'hello',
    {
      persistent: false,
    },
  ),
  goodResponse(
    25,
    'keep-alive in 1.0',
    responseText('HTTP/1.0 200 OK', ['Connection: keep-alive', 'Content-Length: 5'], 'hello'),
    'length',
    'hello',
    {
      persistent: true,
    },
  ),
  goodResponse(
    26,
    '204 with a body',
    responseText('HTTP/1.1 204 No Content', ['Content-Length: 5'], 'hello'),
    'none',
    '',
    { rest: 5 },
  ),
  goodResponse(
    26,
    '204 with chunks',
    responseText('HTTP/1.1 204 No Content', ['Transfer-Encoding: chunked'], HELLO_CHUNKS),
    'none',
    '',
    {
      rest: HELLO_CHUNKS.length,
    },
  ),
  goodResponse(
    26,
    '304 with a length',
    responseText('HTTP/1.1 304 Not Modified', ['Content-Length: 5'], 'hello'),
    'none',
    '',
    { rest: 5 },
  ),
  goodResponse(26, 'HEAD with a body', ok('hello', 'Content-Length: 5'), 'none', '', {
    rest: 5,
    requestMethod: 'HEAD',
  }),
  goodResponse(26, 'HEAD with chunks', okChunks(HELLO_CHUNKS), 'none', '', {
    rest: HELLO_CHUNKS.length,
    requestMethod: 'HEAD',
  }),
  goodResponse(26, 'HEAD without framing', ok('hello'), 'none', '', {
    rest: 5,
    requestMethod: 'HEAD',
    persistent: true,
  }),
  goodResponse(
    26,
    '100 with a length',
    responseText('HTTP/1.1 100 Continue', ['Content-Length: 5'], 'hello'),
    'none',
    '',
    { rest: 5 },
  ),
  goodResponse(26, '103 in front', responseText('HTTP/1.1 103 Early Hints', [], ok('')), 'none', '', {
    rest: ok('').length,
  }),
  goodResponse(
    26,
    '101 that nobody asked for',
    responseText('HTTP/1.1 101 Switching Protocols', ['Upgrade: x', 'Connection: upgrade'], 'x'),
    'none',
    '',
    {
      rest: 1,
    },
  ),
  goodResponse(26, 'CONNECT with a length', ok('hello', 'Content-Length: 5'), 'none', '', {
    rest: 5,
    requestMethod: 'CONNECT',
  }),
  goodResponse(
    26,
    'refused CONNECT',
    responseText('HTTP/1.1 403 No', ['Content-Length: 5'], 'hello'),
    'length',
    'hello',
    {
      requestMethod: 'CONNECT',
    },
  ),
];

/** All entries of upstreams. */
export const HOSTILE_RESPONSES: readonly HostileMessage[] = [...framing, ...heads, ...ends];
