/**
 * Hostile HTTP/2 heads and the answer to each, as data: rows 30 and 31 of the hostile-inputs table, in both directions
 * (RFC 9113 sections 8.1 to 8.5). The tests of the core read them here; those of the whole process send them.
 */
import {
  everywhere,
  type Field,
  GET,
  type HostileHead,
  OK,
  POST,
  request,
  response,
  trailers,
} from './hostile-head.ts';

const NAME = 'a field name is empty or not a token';
const NAME_CASE = 'a field name holds an upper-case letter';
const VALUE = 'a field value holds a control character';
const VALUE_SPACE = 'a field value begins or ends with whitespace';
const LOOKALIKE = 'a field name imitates a framing field with an underscore';
const CONNECTION = 'a field that is for one HTTP/1 connection';
const TE = 'the TE value is not trailers';
const LATE = 'a pseudo-header field behind a regular one';
const UNKNOWN = 'a pseudo-header field that the message may not have';
const REPEATED = 'more than one pseudo-header field of a name';
const IN_TRAILERS = 'a pseudo-header field in a trailer section';
const PATH_CHAR = 'the :path holds a character other than visible ASCII, or a fragment';
const PATH_FORM = 'the :path has no form that its method allows';
const AUTHORITY = 'the authority is not a host with an optional port';
const SCHEME = 'the :scheme is not a URI scheme';
const METHOD = 'the :method is not a token';
const STATUS = 'the :status is not three digits from 100 on';
const LENGTH = 'the Content-Length is not a number in range';
const ENDED = 'END_STREAM behind a head with a Content-Length above 0';
const CONNECT_AUTHORITY = 'the :authority of CONNECT is not a host with a port';

/** GET with one of its fields changed, or left out. */
function changed(name: string, value?: string, method = 'GET'): Field[] {
  const fields = GET.map(([key, old]): Field => [key, key === ':method' ? method : old]);
  return fields.flatMap(([key, old]): Field[] =>
    key !== name ? [[key, old]] : value === undefined ? [] : [[key, value]],
  );
}

function connect(authority: string, ...more: readonly Field[]): Field[] {
  return [[':method', 'CONNECT'], [':authority', authority], ...more];
}

const fields: readonly HostileHead[] = [
  ...everywhere(30, 'an upper-case name', ['X-Y', '1'], NAME_CASE),
  ...everywhere(30, 'an upper-case framing field', ['Content-Length', '1'], NAME_CASE),
  ...everywhere(30, 'an upper-case Transfer-Encoding', ['TRANSFER-ENCODING', 'chunked'], NAME_CASE),
  ...everywhere(30, 'an empty name', ['', '1'], NAME),
  ...everywhere(30, 'an empty name before a colon', ['', ':path'], NAME),
  ...everywhere(30, 'a colon in a name', ['a:b', '1'], NAME),
  ...everywhere(30, 'a colon behind a name', ['host:', 'x'], NAME),
  ...everywhere(30, 'a space in a name', ['a b', '1'], NAME),
  ...everywhere(30, 'a space behind a name', ['transfer-encoding ', 'chunked'], NAME),
  ...everywhere(30, 'a name of a space', [' ', '1'], NAME),
  ...everywhere(30, 'CR LF in a name', ['a\r\nb', '1'], NAME),
  ...everywhere(30, 'a whole line in a name', ['transfer-encoding: chunked\r\nx', '1'], NAME),
  ...everywhere(30, 'CR for a hyphen', ['content\rlength', '5'], NAME),
  ...everywhere(30, 'NUL in a name', ['a\0', '1'], NAME),
  ...everywhere(30, 'a tab in a name', ['a\t', '1'], NAME),
  ...everywhere(30, 'DEL in a name', ['a\x7f', '1'], NAME),
  ...everywhere(30, 'obs-text in a name', ['\xe9', '1'], NAME),
  ...everywhere(30, 'a delimiter in a name', ['a(b)', '1'], NAME),
  ...everywhere(30, 'CR LF in a value', ['x', 'a\r\nb: c'], VALUE),
  ...everywhere(30, 'a request in a value', ['x', 'a\r\n\r\nGET /admin HTTP/1.1'], VALUE),
  ...everywhere(30, 'LF in a value', ['x', 'a\nb'], VALUE),
  ...everywhere(30, 'CR at the end of a value', ['x', 'a\r'], VALUE),
  ...everywhere(30, 'NUL in a value', ['x', 'a\0b'], VALUE),
  ...everywhere(30, 'a control in a long value', ['x', `${'a'.repeat(33)}\x01`], VALUE),
  ...everywhere(30, 'DEL in a value', ['x', 'a\x7f'], VALUE),
  ...everywhere(30, 'a space before a value', ['x', ' a'], VALUE_SPACE),
  ...everywhere(30, 'a space behind a value', ['x', 'a '], VALUE_SPACE),
  ...everywhere(30, 'a tab before a value', ['x', '\ta'], VALUE_SPACE),
  ...everywhere(30, 'a value of a space', ['x', ' '], VALUE_SPACE),
  ...everywhere(30, 'content_length', ['content_length', '1'], LOOKALIKE),
  ...everywhere(30, 'transfer_encoding', ['transfer_encoding', 'chunked'], LOOKALIKE),
  ...everywhere(30, 'connection', ['connection', 'close'], CONNECTION),
  ...everywhere(30, 'connection of nothing', ['connection', ''], CONNECTION),
  ...everywhere(30, 'keep-alive', ['keep-alive', 'timeout=5'], CONNECTION),
  ...everywhere(30, 'proxy-connection', ['proxy-connection', 'keep-alive'], CONNECTION),
  ...everywhere(30, 'transfer-encoding', ['transfer-encoding', 'chunked'], CONNECTION),
  ...everywhere(30, 'transfer-encoding: identity', ['transfer-encoding', 'identity'], CONNECTION),
  ...everywhere(30, 'upgrade', ['upgrade', 'h2c'], CONNECTION),
  ...everywhere(30, 'te: gzip', ['te', 'gzip'], TE),
  ...everywhere(30, 'te: trailers, gzip', ['te', 'trailers, gzip'], TE),
  ...everywhere(30, 'te of nothing', ['te', ''], TE),
  ...everywhere(30, 'an inner space and tab', ['x', 'a \tb'], {}),
  ...everywhere(30, 'obs-text in a value', ['x', 'caf\xe9'], {}),
  ...everywhere(30, 'an empty value', ['x', ''], {}),
  ...everywhere(30, 'other underscores', ['my_field', '1'], {}),
  ...everywhere(30, 'the field trailer', ['trailer', 'grpc-status'], {}),
];

const pseudo: readonly HostileHead[] = [
  request(30, 'pseudo behind regular', [...GET.slice(0, 3), ['x', '1'], [':path', '/']], LATE),
  request(30, 'an unknown pseudo behind regular', [...GET, ['x', '1'], [':x', '/']], LATE),
  response(
    30,
    'pseudo behind regular',
    [
      ['x', '1'],
      [':status', '200'],
    ],
    LATE,
  ),
  request(30, 'an unknown pseudo', [...GET, [':x', '1']], UNKNOWN),
  request(30, 'a pseudo of a colon', [...GET, [':', '1']], UNKNOWN),
  request(30, 'an upper-case pseudo', [...changed(':path'), [':Path', '/']], UNKNOWN),
  request(30, ':status in a request', [...GET, [':status', '200']], UNKNOWN),
  request(30, ':protocol, which was not announced', [...GET, [':protocol', 'websocket']], UNKNOWN),
  response(30, 'an unknown pseudo', [...OK, [':x', '1']], UNKNOWN),
  ...GET.map((field) => response(30, `${field[0]} in a response`, [...OK, field], UNKNOWN)),
  ...GET.map((field) => request(30, `${field[0]} twice`, [...GET, field], REPEATED)),
  response(30, ':status twice', [...OK, ...OK], REPEATED),
  ...[...GET, ...OK].map((field) => trailers(30, `${field[0]} in trailers`, [['x', '1'], field], IN_TRAILERS)),
  trailers(30, 'an unknown pseudo in trailers', [[':x', '1']], IN_TRAILERS),
  request(30, 'no fields', [], 'no :method'),
  response(30, 'no fields', [], 'no :status'),
  trailers(30, 'no fields', [], {}),
  request(30, 'no :method', changed(':method'), 'no :method'),
  request(30, 'no :scheme', changed(':scheme'), 'no :scheme'),
  request(30, 'no :path', changed(':path'), 'no :path'),
  request(30, 'an empty :method', changed(':method', ''), METHOD),
  request(30, 'a space in :method', [...changed(':method'), [':method', 'GET /x']], METHOD),
  request(30, 'an empty :scheme', changed(':scheme', ''), SCHEME),
  request(30, 'a URL for a :scheme', changed(':scheme', 'http://x/?'), SCHEME),
  request(30, 'a :scheme that begins with a digit', changed(':scheme', '1http'), SCHEME),
  request(30, 'a :scheme of an at sign', changed(':scheme', '@'), SCHEME),
  request(30, 'a :scheme of a bracket', changed(':scheme', '['), SCHEME),
  request(30, 'a :scheme from a to z', changed(':scheme', 'a+z.0-Z'), { scheme: 'a+z.0-Z' }),
  request(30, 'a :scheme from z to a', changed(':scheme', 'Za'), { scheme: 'Za' }),
  request(30, 'another :scheme from z to a', changed(':scheme', 'z'), { scheme: 'z' }),
  request(30, 'a control in :path', changed(':path', '/\x01'), VALUE),
  request(30, 'an empty :path', changed(':path', ''), 'the :path is empty'),
  request(30, 'a space in :path', changed(':path', '/a b'), PATH_CHAR),
  request(30, 'a request line in :path', changed(':path', '/ HTTP/1.1'), PATH_CHAR),
  request(30, 'a fragment in :path', changed(':path', '/a#b'), PATH_CHAR),
  request(30, 'obs-text in :path', changed(':path', '/\xe9'), PATH_CHAR),
  request(30, 'a relative :path', changed(':path', 'a/b'), PATH_FORM),
  request(30, 'a query for a :path', changed(':path', '?a'), PATH_FORM),
  request(30, 'a URL for a :path', changed(':path', 'http://x/'), PATH_FORM),
  request(30, 'an asterisk with GET', changed(':path', '*'), PATH_FORM),
  request(30, 'two asterisks', changed(':path', '**', 'OPTIONS'), PATH_FORM),
  request(30, 'an asterisk with OPTIONS', changed(':path', '*', 'OPTIONS'), { method: 'OPTIONS', target: '*' }),
];

const authorities: readonly HostileHead[] = [
  request(30, 'neither :authority nor host', changed(':authority'), 'neither :authority nor Host'),
  request(30, 'an empty :authority', changed(':authority', ''), AUTHORITY),
  request(30, 'an empty host', [...changed(':authority'), ['host', '']], AUTHORITY),
  request(30, 'both empty', [...changed(':authority', ''), ['host', '']], AUTHORITY),
  request(30, 'userinfo', changed(':authority', 'u@a'), AUTHORITY),
  request(30, 'a path in :authority', changed(':authority', 'a/b'), AUTHORITY),
  request(30, 'a port of letters', changed(':authority', 'a:x'), AUTHORITY),
  request(30, 'a path in host', [...changed(':authority'), ['host', 'a/b']], AUTHORITY),
  request(30, 'a bad host like :authority', [...changed(':authority', 'a b'), ['host', 'a b']], AUTHORITY),
  request(30, 'another host', [...GET, ['host', 'x']], 'the Host is not the :authority'),
  request(30, 'host in another letter case', [...GET, ['host', 'A.b:1']], 'the Host is not the :authority'),
  request(30, 'host without the port', [...GET, ['host', 'a.b']], 'the Host is not the :authority'),
  request(30, 'an empty host beside :authority', [...GET, ['host', '']], 'the Host is not the :authority'),
  request(30, 'two hosts', [...GET, ['host', 'a.b:1'], ['host', 'a.b:1']], 'more than one Host'),
  request(30, 'two hosts alone', [...changed(':authority'), ['host', 'a'], ['host', 'a']], 'more than one Host'),
  request(30, 'host like :authority', [...GET, ['host', 'a.b:1']], { authority: 'a.b:1' }),
  request(30, 'host alone', [...changed(':authority'), ['host', 'x:9']], { authority: 'x:9' }),
  request(30, 'an IPv6 address', changed(':authority', '[::1]:80'), { authority: '[::1]:80' }),
];

const connects: readonly HostileHead[] = [
  request(30, 'CONNECT', connect('a:443'), { method: 'CONNECT', authority: 'a:443', target: '', scheme: '' }),
  request(30, 'CONNECT, open', connect('a:443'), { body: 'until END_STREAM' }, { endStream: false }),
  request(
    30,
    'CONNECT behind :authority',
    [
      [':authority', 'a:443'],
      [':method', 'CONNECT'],
    ],
    { authority: 'a:443' },
  ),
  request(30, 'CONNECT with host', connect('a:443', ['host', 'a:443']), { authority: 'a:443' }),
  request(30, 'CONNECT with another host', connect('a:443', ['host', 'b:443']), 'the Host is not the :authority'),
  request(30, 'CONNECT with :scheme', connect('a:443', [':scheme', 'https']), 'a :scheme or :path with CONNECT'),
  request(30, 'CONNECT with :path', connect('a:443', [':path', '/']), 'a :scheme or :path with CONNECT'),
  request(30, 'CONNECT behind :scheme', [[':scheme', 'https'], ...connect('a:443')], 'a :scheme or :path with CONNECT'),
  request(30, 'CONNECT behind :path', [[':path', '/'], ...connect('a:443')], 'a :scheme or :path with CONNECT'),
  request(
    30,
    'CONNECT without :authority',
    [
      [':method', 'CONNECT'],
      ['host', 'a:443'],
    ],
    CONNECT_AUTHORITY,
  ),
  request(30, 'CONNECT without a port', connect('a'), CONNECT_AUTHORITY),
  request(30, 'CONNECT to nothing', connect(''), CONNECT_AUTHORITY),
  request(30, 'CONNECT to a URL', connect('http://a:443'), CONNECT_AUTHORITY),
  request(
    31,
    'CONNECT with a length',
    connect('a:443', ['content-length', '5']),
    'a Content-Length with CONNECT, whose DATA are no content',
  ),
];

const BAD_LENGTHS: readonly Field[] = [
  '+5',
  '-1',
  '0x5',
  '5_0',
  '1 0',
  '',
  '05',
  '5, 5',
  '9007199254740992',
  '1e3',
].map((value): Field => ['content-length', value]);

const lengths: readonly HostileHead[] = [
  ...BAD_LENGTHS.map((field) => request(31, `length ${field[1]}`, [...POST, field], LENGTH, { endStream: false })),
  ...BAD_LENGTHS.map((field) => response(31, `length ${field[1]}`, [...OK, field], LENGTH, { endStream: false })),
  ...['5', '6'].flatMap((second) => {
    const two: Field[] = [
      ['content-length', '5'],
      ['content-length', second],
    ];
    const name = `lengths 5 and ${second}`;
    return [
      request(31, name, [...POST, ...two], 'more than one Content-Length', { endStream: false }),
      response(31, name, [...OK, ...two], 'more than one Content-Length', { endStream: false }),
    ];
  }),
  request(31, 'END_STREAM with a length', [...POST, ['content-length', '5']], ENDED),
  response(31, 'END_STREAM with a length', [...OK, ['content-length', '5']], ENDED),
  request(31, 'END_STREAM with length 1', [...POST, ['content-length', '1']], ENDED),
  request(31, 'END_STREAM with length 0', [...POST, ['content-length', '0']], { contentLength: 0, body: 'none' }),
  request(31, 'END_STREAM without a length', POST, { contentLength: -1, body: 'none', method: 'POST' }),
  request(
    31,
    'length 0, open',
    [...POST, ['content-length', '0']],
    { contentLength: 0, body: 'none' },
    { endStream: false },
  ),
  request(
    31,
    'a length',
    [...POST, ['content-length', '9007199254740991']],
    { contentLength: 2 ** 53 - 1, body: 'length' },
    { endStream: false },
  ),
  request(31, 'no length', POST, { contentLength: -1, body: 'until END_STREAM' }, { endStream: false }),
  response(
    31,
    'a length',
    [...OK, ['content-length', '7']],
    { contentLength: 7, body: 'length' },
    { endStream: false },
  ),
  response(31, 'no length', OK, { contentLength: -1, body: 'until END_STREAM' }, { endStream: false }),
  response(
    31,
    'a length, to HEAD',
    [...OK, ['content-length', '7']],
    { contentLength: 7, body: 'none' },
    { requestMethod: 'HEAD' },
  ),
  response(
    31,
    'a length, to HEAD, open',
    [...OK, ['content-length', '7']],
    { body: 'none' },
    { requestMethod: 'HEAD', endStream: false },
  ),
  ...['204', '304', '103'].map((status) =>
    response(
      31,
      `a length in ${status}`,
      [
        [':status', status],
        ['content-length', '7'],
      ],
      { status: Number(status), body: 'none' },
    ),
  ),
  response(
    31,
    'a length in a 2xx to CONNECT',
    [...OK, ['content-length', '7']],
    { contentLength: -1, body: 'until END_STREAM' },
    { requestMethod: 'CONNECT', endStream: false },
  ),
  response(
    31,
    'a length in a refusal of CONNECT',
    [
      [':status', '403'],
      ['content-length', '7'],
    ],
    { contentLength: 7, body: 'length' },
    { requestMethod: 'CONNECT', endStream: false },
  ),
  trailers(
    31,
    'a length in trailers is dropped',
    [
      ['content-length', '5'],
      ['x', '1'],
    ],
    { withheld: ['content-length'] },
  ),
];

const others: readonly HostileHead[] = [
  ...['', '20', '2000', '099', '2x0', '+20', '-20'].map((value) =>
    response(30, `:status ${value}`, [[':status', value]], STATUS),
  ),
  response(30, ':status with a reason', [[':status', '200 OK']], STATUS),
  response(30, ':status 101', [[':status', '101']], 'a :status of 101, which HTTP/2 has not'),
  response(30, 'no :status', [['x', '1']], 'no :status'),
  response(30, ':status 999', [[':status', '999']], { status: 999 }),
  request(30, 'te: trailers', [...GET, ['te', 'trailers']], {}),
  request(30, 'te: Trailers', [...GET, ['te', 'Trailers']], {}),
  request(30, 'expect', [...POST, ['expect', '100-continue']], { expectContinue: true }, { endStream: false }),
  request(20, 'another expectation', [...POST, ['expect', 'x']], 'the Expect value is not 100-continue', {
    status: 417,
  }),
  request(
    30,
    'an extension method',
    changed(':method', 'GET').map(([key, value]): Field => [key, key === ':method' ? 'get' : value]),
    { method: 'get' },
  ),
  request(30, 'crumbs of cookies', [...GET, ['cookie', 'a=1'], ['x', '1'], ['cookie', 'b=2'], ['cookie', 'c=3']], {
    cookies: 3,
  }),
  request(30, 'one cookie', [...GET, ['cookie', 'a=1; b=2']], { cookies: 1 }),
  trailers(
    12,
    'trailers that may not be',
    [
      ['host', 'x'],
      ['authorization', 'y'],
      ['grpc-status', '0'],
      ['te', 'trailers'],
    ],
    {
      withheld: ['host', 'authorization', 'te'],
    },
  ),
  trailers(
    12,
    "trailers of gRPC's and Linkerd's",
    [
      ['grpc-status', '0'],
      ['grpc-message', 'x'],
      ['l5d-success-class', '1.0'],
    ],
    {
      withheld: [],
    },
  ),
];

/** All entries. */
export const HOSTILE_HEADS: readonly HostileHead[] = [
  ...fields,
  ...pseudo,
  ...authorities,
  ...connects,
  ...lengths,
  ...others,
];
