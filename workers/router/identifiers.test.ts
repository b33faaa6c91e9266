/** What requests are named by each identifier of http and h2 (spec 03 sections 2 and 3), and why some are not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { H2IdentifierConfig, HttpIdentifierConfig, RouterConfig } from '../../core/config/types.ts';
import { HeadParser } from '../../core/http1/head.ts';
import { TEST_LIMITS } from '../../core/http1/message-reader.ts';
import type { ParsedHead } from '../../core/http1/parsed-head.ts';
import { readRequestHead } from '../../core/http2/message-head.ts';
import { emptySection, fillSection } from '../../core/http2/test-sections.ts';
import { Path } from '../../core/names/path.ts';
import { NameParseError } from '../../core/names/scanner.ts';
import { appendDtabKey, createIdentifiers, UNIDENTIFIED } from './identifiers.ts';
import { spellKey } from './spell-key.ts';

const KEY_BYTES = 1024;

interface Request {
  readonly head: ParsedHead;
  readonly bytes: Uint8Array;
  /** Where a key may be written. */
  readonly keyAt: number;
}

/** Fields of HTTP/2 as `name: value|...`; those of GET / on host web that are not among them come first. */
function h2Request(text: string): Request {
  const fields = text === '' ? [] : text.split('|').map((field) => /^(:?[^:]+): ?(.*)$/.exec(field)?.slice(1) ?? []);
  const given = new Map(fields as [string, string][]);
  const pseudo = Object.entries({ ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'web' });
  const first = pseudo.map(([name, value]) => [name, given.get(name) ?? value] as const);
  const rest = (fields as [string, string][]).filter(([name]) => !name.startsWith(':'));
  const head = fillSection(emptySection(), [...first.filter(([, value]) => value !== 'none'), ...rest]);
  assert.equal(readRequestHead(head, true), 0, text);
  return { head, bytes: head.bytes, keyAt: head.textEnd };
}

function http1Request(text: string): Request {
  const lines = text.split('|').map((line) => `${line}\r\n`);
  const message = Buffer.from(`${lines.join('')}\r\n`, 'latin1');
  const bytes = new Uint8Array(message.length + KEY_BYTES);
  bytes.set(message);
  const head = new HeadParser(TEST_LIMITS);
  assert.equal(head.parseRequest(bytes, 0, message.length), message.length, text);
  return { head, bytes, keyAt: message.length };
}

/** The name that the identifier gives, or `- ` and why there is none, or `! ` and why what it wrote is no name. */
function nameOf(protocol: 'http' | 'h2', config: object, { head, bytes, keyAt }: Request): string {
  const [identifier] = createIdentifiers({ protocol, identifier: [config] } as unknown as RouterConfig);
  assert.ok(identifier !== undefined);
  const end = identifier.writeKey(head, bytes, keyAt);
  if (end === UNIDENTIFIED) return `- ${identifier.reason}`;
  const key = bytes.slice(keyAt, appendDtabKey(head, bytes, end));
  try {
    const { path, dtab } = spellKey(key, Path.read('/svc'));
    return `${path.show()}${dtab.show() === '' ? '' : ` with ${dtab.show()}`}`;
  } catch (error) {
    assert.ok(error instanceof NameParseError, String(error));
    return `! ${error.message}`;
  }
}

type Without<T> = T extends unknown ? Omit<T, 'experimental'> : never;
type H2Row = readonly [request: string, name: string];

const token = (header = ':authority') => ({ kind: 'io.l5d.header.token', header }) as const;
const path = (segments?: number, header = ':path') => ({ kind: 'io.l5d.header.path', header, segments }) as const;

const H2: readonly (readonly [config: Without<H2IdentifierConfig>, rows: readonly H2Row[]])[] = [
  [
    token(),
    [
      ['', '/svc/web'],
      [':authority: Foo.COM:8080', '/svc/Foo.COM:8080'],
      [':authority: none|host: Only-Host', '/svc/Only-Host'],
      ['l5d-dtab: /a => /b', '/svc/web with /a=>/b'],
    ],
  ],
  [
    token('X-Service'),
    [
      ['x-service: O/2', '/svc/\\x4f\\x2f\\x32'],
      ['x-service: first|x-service: second', '/svc/first'],
      ['', "- missing header: 'X-Service'"],
      ['x-service: ', "- missing header: 'X-Service'"],
      ['x-services: a|x-servic: b', "- missing header: 'X-Service'"],
    ],
  ],
  [token(':method'), [[':method: PUT', '/svc/PUT']]],
  [token(':scheme'), [[':scheme: https', '/svc/https']]],
  [
    token(':path'),
    [
      [':path: /a?b', '/svc/\\x2f\\x61\\x3f\\x62'],
      [':method: CONNECT|:scheme: none|:path: none|:authority: a:1', "- missing header: ':path'"],
    ],
  ],
  [
    path(),
    [
      [':path: /a/b', '/svc/a/b'],
      [':path: /a/b/?c=/d', '/svc/a/b'],
      [':path: /a?/', '/svc/a'],
      [':path: /', '- Missing destination path'],
      [':path: /?a', '- Missing destination path'],
      [':path: //', '- Missing destination path'],
      [':path: /a//b', "! label char expected but '/' found at '/a/[/]b'"],
      [':path: /a~b', "! end of input expected but '~' found at '/a[~]b'"],
      [':method: OPTIONS|:path: *', "! '/' expected but '*' found at '[*]'"],
    ],
  ],
  [
    path(1),
    [
      [':path: /pkg.Service/Method', '/svc/pkg.Service'],
      [':path: /pkg.Service', '/svc/pkg.Service'],
      [':path: /pkg.Service/?a', '/svc/pkg.Service'],
      [':path: /pkg.Service/~', '/svc/pkg.Service'],
      [':path: /', '- Path must have at least 1 segment(s)'],
      [':path: //a', '- Path must have at least 1 segment(s)'],
      [':method: OPTIONS|:path: *', "! '/' expected but '*' found at '[*]'"],
    ],
  ],
  [
    path(2),
    [
      [':path: /pkg.Service/Method', '/svc/pkg.Service/Method'],
      [':path: /a/b/c/d', '/svc/a/b'],
      [':path: /a', '- Path must have at least 2 segment(s)'],
      [':path: /a/', '- Path must have at least 2 segment(s)'],
      [':path: /a?/b', '- Path must have at least 2 segment(s)'],
      [':path: /a//b', "! label char expected but end of input found at '/a/[]'"],
    ],
  ],
  [
    path(1, 'L5D-Name'),
    [
      ['l5d-name: /a/b', '/svc/a'],
      ['l5d-name: a/b', "! '/' expected but 'a' found at '[a]/b'"],
      ['', '- Path must have at least 1 segment(s)'],
    ],
  ],
  [path(undefined, 'l5d-name'), [['', '- Missing destination path']]],
  [path(undefined, ':authority'), [['', "! '/' expected but 'w' found at '[w]eb'"]]],
  [{ kind: 'io.l5d.static', path: '/foo' }, [['', '/svc/foo']]],
];

for (const [config, rows] of H2) {
  for (const [request, name] of rows) {
    test(`h2 ${JSON.stringify(config)}: ${request} is ${name}`, () => {
      assert.equal(nameOf('h2', config, h2Request(request)), name);
    });
  }
}

const HTTP: readonly (readonly [config: Without<HttpIdentifierConfig>, request: string, name: string])[] = [
  [token('Host'), 'GET / HTTP/1.1|Host: Foo.com:8080', '/svc/Foo.com:8080'],
  [token('host'), 'GET http://bar:81/x HTTP/1.1|Host: foo', '/svc/bar:81'],
  [token('Host'), 'GET / HTTP/1.0', '- Host header is absent'],
  [token('X-Service'), 'GET / HTTP/1.1|Host: h|x-SERVICE: s', '/svc/s'],
  [token('X-Service'), 'GET / HTTP/1.1|Host: h', '- X-Service header is absent'],
  [{ kind: 'io.l5d.header', header: 'l5d-name' }, 'GET / HTTP/1.1|Host: h|L5d-Name: /a/b', '/svc/a/b'],
  [{ kind: 'io.l5d.header', header: 'l5d-name' }, 'GET / HTTP/1.1|Host: h', '- l5d-name header is absent'],
  [{ kind: 'io.l5d.methodAndHost', httpUriInDst: true }, 'GET /a/b?q HTTP/1.1|Host: WEB', '/svc/1.1/GET/web/a/b'],
  [{ kind: 'io.l5d.path', segments: 2, consume: false }, 'GET /a/b?c HTTP/1.1|Host: h', '/svc/a/b'],
  [{ kind: 'io.l5d.static', path: '/foo' }, 'GET / HTTP/1.1|Host: h', '/svc/foo'],
];

for (const [config, request, name] of HTTP) {
  test(`http ${JSON.stringify(config)}: ${request} is ${name}`, () => {
    assert.equal(nameOf('http', config, http1Request(request)), name);
  });
}
