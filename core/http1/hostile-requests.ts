/** Rows 1 to 23 of the hostile-inputs table as a client sends them. */
import { badRequest, cutShort, get, goodRequest, post, postChunks, requestText } from './hostile-builders.ts';
import type { HostileMessage } from './hostile-message.ts';
import { BAD_CHUNKS, BAD_CODINGS, BAD_LENGTHS, BAD_LINES, FORBIDDEN_TRAILERS, GOOD_CHUNKS } from './hostile-shared.ts';

const HELLO_CHUNKS = '5\r\nhello\r\n0\r\n\r\n';

const lengthAndCoding: readonly HostileMessage[] = [
  badRequest(1, 'length, then coding', post(HELLO_CHUNKS, 'Content-Length: 5', 'Transfer-Encoding: chunked')),
  badRequest(1, 'coding, then length', post(HELLO_CHUNKS, 'Transfer-Encoding: chunked', 'Content-Length: 5')),
  badRequest(1, 'length 0 and coding', post('0\r\n\r\n', 'Content-Length: 0', 'Transfer-Encoding: chunked')),
  badRequest(1, 'other letter case', post(HELLO_CHUNKS, 'CONTENT-LENGTH: 5', 'tRANSFER-eNCODING: CHUNKED')),
  badRequest(1, 'length and a bad coding', post('hello', 'Content-Length: 5', 'Transfer-Encoding: identity')),
  badRequest(2, 'two lengths, different', post('hello', 'Content-Length: 5', 'Content-Length: 6')),
  badRequest(2, 'two lengths, equal', post('hello', 'Content-Length: 5', 'Content-Length: 5')),
  badRequest(2, 'two lengths, one empty', post('hello', 'Content-Length: 5', 'Content-Length:')),
  badRequest(2, 'two lengths, other letter case', post('hello', 'Content-Length: 5', 'content-length: 6')),
  ...BAD_LENGTHS.map(([row, name, value]) => badRequest(row, name, post('hello', `Content-Length: ${value}`))),
  goodRequest(3, 'whitespace around a length', post('hello', 'Content-Length: \t 5 \t '), 'length', 'hello'),
  goodRequest(3, 'length 0', post('', 'Content-Length: 0'), 'none'),
];

const codings: readonly HostileMessage[] = [
  ...BAD_CODINGS.map(([row, name, line]) => badRequest(row, name, post(HELLO_CHUNKS, line))),
  badRequest(4, 'unknown coding before chunked', post(HELLO_CHUNKS, 'Transfer-Encoding: foo, chunked'), 501),
  badRequest(4, 'gzip before chunked', post(HELLO_CHUNKS, 'Transfer-Encoding: gzip, chunked'), 501),
  badRequest(4, 'identity before chunked', post(HELLO_CHUNKS, 'Transfer-Encoding: identity, chunked'), 501),
  badRequest(4, 'in two lines', post(HELLO_CHUNKS, 'Transfer-Encoding: gzip', 'Transfer-Encoding: chunked'), 501),
  goodRequest(4, 'upper case', post(HELLO_CHUNKS, 'TRANSFER-ENCODING: CHUNKED'), 'chunked', 'hello'),
  badRequest(5, 'chunked in 1.0', requestText('POST / HTTP/1.0', ['Transfer-Encoding: chunked'], HELLO_CHUNKS)),
  badRequest(
    5,
    'chunked and length in 1.0',
    requestText('POST / HTTP/1.0', ['Transfer-Encoding: chunked', 'Content-Length: 5'], HELLO_CHUNKS),
  ),
  badRequest(
    5,
    'chunked and keep-alive in 1.0',
    requestText('POST / HTTP/1.0', ['Connection: keep-alive', 'Transfer-Encoding: chunked'], HELLO_CHUNKS),
  ),
];

const lines: readonly HostileMessage[] = [
  ...BAD_LINES.map(([row, name, line]) => badRequest(row, name, get(line))),
  goodRequest(6, 'other underscores pass', get('my_field: 1'), 'none', '', { forwarded: ['my_field'] }),
  goodRequest(8, 'obs-text in a value', get('X: caf\xe9'), 'none'),
  badRequest(8, 'LF behind the request line', 'GET / HTTP/1.1\nHost: a\r\n\r\n'),
  badRequest(8, 'CR behind the request line', 'GET / HTTP/1.1\rHost: a\r\n\r\n'),
  badRequest(8, 'only LF', 'GET / HTTP/1.1\nHost: a\n\n'),
  badRequest(8, 'LF in front', `\n${get()}`),
  badRequest(8, 'CR alone in front', `\r${get()}`),
];

const chunks: readonly HostileMessage[] = [
  ...BAD_CHUNKS.map(([row, name, body]) => badRequest(row, name, postChunks(body))),
  ...GOOD_CHUNKS.map(([row, name, body]) => goodRequest(row, name, postChunks(body), 'chunked', 'hello')),
  ...FORBIDDEN_TRAILERS.map((name) =>
    goodRequest(12, `trailer ${name}`, postChunks(`0\r\n${name}: 1\r\nx-kept: 1\r\n\r\n`), 'chunked', '', {
      withheldTrailers: [name],
      forwarded: ['x-kept'],
    }),
  ),
  badRequest(12, '101 trailers', postChunks(`0\r\n${'x: 1\r\n'.repeat(101)}\r\n`), 431),
  badRequest(12, '64 KB of trailers', postChunks(`0\r\nx: ${'y'.repeat(65536)}\r\n\r\n`), 431),
];

const BAD_HOSTS: readonly (readonly [name: string, value: string])[] = [
  ['userinfo', 'u@a'],
  ['userinfo with password', 'u:p@a'],
  ['path', 'a/b'],
  ['query', 'a?b'],
  ['fragment', 'a#b'],
  ['backslash', 'a\\b'],
  ['space inside', 'a b'],
  ['two hosts in a list', 'a, b'],
  ['scheme', 'http://a'],
  ['port not digits', 'a:b'],
  ['two ports', 'a:1:2'],
  ['port alone', ':80'],
  ['bare IPv6', '::1'],
  ['IPv6 without end', '[::1'],
  ['IPv6 empty', '[]'],
  ['text behind IPv6', '[::1]a'],
  ['non-ASCII', '\xe9'],
  ['angle brackets', '<a>'],
];

const hosts: readonly HostileMessage[] = [
  badRequest(13, 'no Host', 'GET / HTTP/1.1\r\n\r\n'),
  badRequest(13, 'no Host but others', 'GET / HTTP/1.1\r\nX-Host: a\r\nHosts: a\r\n\r\n'),
  badRequest(13, 'no Host with absolute-form', 'GET http://a/ HTTP/1.1\r\n\r\n'),
  badRequest(13, 'two Hosts', get('Host: b')),
  badRequest(13, 'two Hosts, equal', get('Host: a')),
  badRequest(13, 'two Hosts, other letter case', get('hOST: b')),
  badRequest(13, 'two Hosts in 1.0', requestText('GET / HTTP/1.0', ['Host: b'], '')),
  ...BAD_HOSTS.map(([name, value]) => badRequest(13, name, `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`)),
  goodRequest(13, 'empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 'none'),
  goodRequest(13, 'IPv6 with port', 'GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n', 'none'),
  goodRequest(13, 'no Host in 1.0', 'GET / HTTP/1.0\r\n\r\n', 'none', '', { persistent: false }),
  goodRequest(14, 'absolute-form, another Host', requestText('GET http://b:1/x HTTP/1.1', [], ''), 'none'),
  goodRequest(14, 'absolute-form without path', requestText('GET http://b HTTP/1.1', [], ''), 'none'),
  badRequest(14, 'absolute-form with userinfo', requestText('GET http://u@b/ HTTP/1.1', [], '')),
  badRequest(14, 'absolute-form without authority', requestText('GET http:///x HTTP/1.1', [], '')),
  badRequest(14, 'absolute-form with a bad Host', 'GET http://b/ HTTP/1.1\r\nHost: u@a\r\n\r\n'),
  badRequest(14, 'scheme without authority', requestText('GET mailto:a HTTP/1.1', [], '')),
  badRequest(14, 'authority-form with GET', requestText('GET a:80 HTTP/1.1', [], '')),
  badRequest(14, 'asterisk with GET', requestText('GET * HTTP/1.1', [], '')),
  badRequest(14, 'relative path', requestText('GET x HTTP/1.1', [], '')),
  badRequest(14, 'CONNECT with a path', requestText('CONNECT / HTTP/1.1', [], '')),
  badRequest(14, 'CONNECT without port', requestText('CONNECT a HTTP/1.1', [], '')),
  badRequest(14, 'CONNECT with an empty port', requestText('CONNECT a: HTTP/1.1', [], '')),
  goodRequest(14, 'asterisk with OPTIONS', requestText('OPTIONS * HTTP/1.1', [], ''), 'none'),
];

const BAD_REQUEST_LINES: readonly (readonly [row: number, name: string, line: string, status?: number])[] = [
  [15, 'space in target', 'GET /a b HTTP/1.1'],
  [15, 'tab in target', 'GET /a\tb HTTP/1.1'],
  [15, 'two spaces before target', 'GET  / HTTP/1.1'],
  [15, 'two spaces behind target', 'GET /  HTTP/1.1'],
  [15, 'tab for space', 'GET\t/ HTTP/1.1'],
  [15, 'tab before version', 'GET /\tHTTP/1.1'],
  [15, 'trailing space', 'GET / HTTP/1.1 '],
  [15, 'leading space', ' GET / HTTP/1.1'],
  [15, 'NUL in target', 'GET /\0 HTTP/1.1'],
  [15, 'control in target', 'GET /\x01 HTTP/1.1'],
  [15, 'DEL in target', 'GET /\x7f HTTP/1.1'],
  [15, 'non-ASCII in target', 'GET /\xe9 HTTP/1.1'],
  [15, 'fragment in target', 'GET /a#b HTTP/1.1'],
  [15, 'CR in target', 'GET /\rHTTP/1.1'],
  [15, 'no target', 'GET HTTP/1.1'],
  [15, 'parentheses in method', 'G(T / HTTP/1.1'],
  [15, 'no method', '/ HTTP/1.1'],
  [15, 'TLS client hello', '\x16\x03\x01\x02\0\x01'],
  [17, 'HTTP/0.9', 'GET /'],
  [17, 'HTTP/2.0', 'GET / HTTP/2.0', 505],
  [17, 'HTTP/3.1', 'GET / HTTP/3.1', 505],
  [17, 'HTTP/0.9 spelled out', 'GET / HTTP/0.9', 505],
  [17, 'preface of HTTP/2', 'PRI * HTTP/2.0', 505],
  [17, 'two digits', 'GET / HTTP/1.10'],
  [17, 'leading zero', 'GET / HTTP/01.1'],
  [17, 'no minor', 'GET / HTTP/1'],
  [17, 'comma for dot', 'GET / HTTP/1,1'],
  [17, 'lower case', 'GET / http/1.1'],
  [17, 'other protocol', 'GET / HTCPCP/1.0'],
  [17, 'space in version', 'GET / HTTP/ 1.1'],
  [17, 'sign in version', 'GET / HTTP/1.+1'],
];

const startLines: readonly HostileMessage[] = [
  ...BAD_REQUEST_LINES.map(([row, name, line, status]) => badRequest(row, name, requestText(line, [], ''), status)),
  badRequest(16, 'space before the first field', requestText('GET / HTTP/1.1\r\n ', [], '')),
  badRequest(16, 'folded first field', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n'),
  badRequest(16, 'tab before the first field', 'GET / HTTP/1.1\r\n\tHost: a\r\n\r\n'),
  goodRequest(16, 'one empty line in front', `\r\n${get()}`, 'none'),
  badRequest(16, 'five empty lines in front', `${'\r\n'.repeat(5)}${get()}`),
  badRequest(16, 'only empty lines', '\r\n'.repeat(1000)),
  goodRequest(17, 'HTTP/1.2 is 1.1', requestText('GET / HTTP/1.2', [], ''), 'none', '', { persistent: true }),
  goodRequest(17, 'extension method', requestText('PURGE / HTTP/1.1', [], ''), 'none'),
  badRequest(18, '64 KB target', requestText(`GET /${'a'.repeat(65536)} HTTP/1.1`, [], ''), 414),
  badRequest(18, '64 KB method', requestText(`${'A'.repeat(65536)} / HTTP/1.1`, [], ''), 414),
  badRequest(18, '64 KB target without end', `GET /${'a'.repeat(65536)}`, 414),
  badRequest(18, '101 fields', get(...Array.from({ length: 100 }, (_, i) => `x${i}: 1`)), 431),
  badRequest(18, '64 KB value', get(`X: ${'a'.repeat(65536)}`), 431),
  badRequest(18, '64 KB name', get(`${'a'.repeat(65536)}: 1`), 431),
  badRequest(
    18,
    '64 KB of fields without end',
    `GET / HTTP/1.1\r\n${'x: 1\r\n'.repeat(64)}x: ${'a'.repeat(65536)}`,
    431,
  ),
  badRequest(18, '64 KB of spaces', get(`X:${' '.repeat(65536)}1`), 431),
];

const connections: readonly HostileMessage[] = [
  goodRequest(
    19,
    'names of all kinds in Connection',
    post(
      'hello',
      'Connection: close, host, authorization, x-internal, content-length, cookie, l5d-dtab',
      'Authorization: b',
      'Cookie: c',
      'L5d-Dtab: /a=>/b',
      'X-Internal: 1',
      'Content-Length: 5',
    ),
    'length',
    'hello',
    {
      persistent: false,
      withheld: ['x-internal'],
      forwarded: ['host', 'authorization', 'cookie', 'l5d-dtab', 'content-length'],
    },
  ),
  goodRequest(
    19,
    'transfer-encoding',
    post(HELLO_CHUNKS, 'Connection: transfer-encoding', 'Transfer-Encoding: chunked'),
    'chunked',
    'hello',
  ),
  goodRequest(19, 'field before Connection', get('X-A: 1', 'Connection: X-a,,\tx-b', 'x-B: 2'), 'none', '', {
    persistent: true,
    withheld: ['x-a', 'x-b'],
  }),
  goodRequest(19, 'two Connection lines', get('Connection: x-a', 'X-A: 1', 'Connection: close'), 'none', '', {
    persistent: false,
    withheld: ['x-a'],
  }),
  goodRequest(19, 'x-forwarded-for', get('Connection: x-forwarded-for', 'X-Forwarded-For: 1'), 'none', '', {
    forwarded: ['x-forwarded-for'],
  }),
  goodRequest(19, 'keep-alive in 1.0', requestText('GET / HTTP/1.0', ['Connection: Keep-Alive'], ''), 'none', '', {
    persistent: true,
  }),
  goodRequest(19, 'close beats keep-alive', get('Connection: keep-alive, close'), 'none', '', { persistent: false }),
  badRequest(19, 'a thousand options', get(`Connection: ${'a,'.repeat(1000)}`), 431),
  goodRequest(20, '100-continue', post('hello', 'Expect: 100-continue', 'Content-Length: 5'), 'length', 'hello'),
  goodRequest(20, '100-Continue', post('hello', 'Expect: 100-Continue', 'Content-Length: 5'), 'length', 'hello'),
  badRequest(20, 'unknown expectation', post('hello', 'Expect: 200-ok', 'Content-Length: 5'), 417),
  badRequest(20, 'list of expectations', post('hello', 'Expect: 100-continue, x', 'Content-Length: 5'), 417),
  badRequest(20, 'second line', post('hello', 'Expect: 100-continue', 'Expect: x', 'Content-Length: 5'), 417),
  badRequest(20, 'empty expectation', get('Expect:'), 417),
  goodRequest(
    21,
    'bytes behind an upgrade',
    `${get('Connection: upgrade', 'Upgrade: websocket')}\x81\x05`,
    'none',
    '',
    {
      rest: 2,
    },
  ),
  goodRequest(21, 'bytes behind CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nGET /', 'none', '', { rest: 5 }),
];

const METHODS_22 = ['GET', 'HEAD', 'OPTIONS', 'DELETE', 'TRACE'] as const;

const bodies: readonly HostileMessage[] = [
  ...METHODS_22.map((method) =>
    goodRequest(
      22,
      `${method} with a length`,
      requestText(`${method} / HTTP/1.1`, ['Content-Length: 5'], 'helloGET'),
      'length',
      'hello',
      {
        rest: 3,
      },
    ),
  ),
  ...METHODS_22.map((method) =>
    goodRequest(
      22,
      `${method} with chunks`,
      requestText(`${method} / HTTP/1.1`, ['Transfer-Encoding: chunked'], `${HELLO_CHUNKS}GET`),
      'chunked',
      'hello',
      { rest: 3 },
    ),
  ),
  goodRequest(22, 'POST without a body', post('GET / HTTP/1.1\r\n'), 'none', '', { rest: 16 }),
  cutShort(goodRequest(23, '', get('X: 1'), 'none'), 'head that stalls in a name', 25),
  cutShort(goodRequest(23, '', get('X: 1'), 'none'), 'head that stalls in the request line', 7),
  cutShort(goodRequest(23, '', get('X: 1'), 'none'), 'head that stalls before its last LF', get('X: 1').length - 1),
  cutShort(goodRequest(23, '', get(), 'none'), 'nothing sent', 0),
  cutShort(goodRequest(23, '', post('hello', 'Content-Length: 9007199254740991'), 'length'), 'body that stalls', 1000),
  cutShort(
    goodRequest(23, '', postChunks(HELLO_CHUNKS), 'chunked'),
    'last CRLF that does not come',
    postChunks(HELLO_CHUNKS).length - 1,
  ),
];

/** All entries of clients. */
export const HOSTILE_REQUESTS: readonly HostileMessage[] = [
  ...lengthAndCoding,
  ...codings,
  ...lines,
  ...chunks,
  ...hosts,
  ...startLines,
  ...connections,
  ...bodies,
];
