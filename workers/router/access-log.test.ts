/**
 * From a request's head to a line of the log: what a worker records, and what the supervisor makes of it. Whatever a client
 * says, it is one line, and its values can be read back.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RingBuffer } from 'ringbuf.js';
import { formatLine } from '../../control/access-logs/line.ts';
import { HeadParser } from '../../core/http1/head.ts';
import { TEST_LIMITS } from '../../core/http1/message-reader.ts';
import { type AccessRecord, RECORD_WORDS, readAccessRecord } from '../../core/shared/access-record.ts';
import { FAMILY_IPV4, FAMILY_IPV6, parseIp } from '../../core/shared/endpoint-address.ts';
import { LIMIT_COUNTER, LIMITS_SCOPE } from '../../core/shared/stats.ts';
import { NO_BLOCK } from '../net/blocks.ts';
import { TestNet } from '../net/test-net.ts';
import { AccessLog } from './access-log.ts';
import { Exchange } from './exchange.ts';
import type { Router } from './router.ts';

/** Ten o'clock on Christmas Day, 2018. */
const NOW_MS = Date.parse('2018-12-25T10:00:00.900Z');
const RING_WORDS = 4096;
const FD = 9;

class Site {
  readonly world = new TestNet();
  readonly ring = new RingBuffer(RingBuffer.getStorageForCapacity(RING_WORDS, Int32Array), Int32Array);
  readonly log = new AccessLog(3, this.world.net, this.ring, () => NOW_MS);
  readonly exchange = new Exchange(null as unknown as Router);
  readonly #parser = new HeadParser(TEST_LIMITS);
  readonly #headAt = this.world.take(65536);

  constructor(ip = '10.0.0.9') {
    this.world.sockets.peerAddress = (fd, words, at) => {
      assert.equal(fd, FD);
      const address = new Int32Array(4);
      const family = parseIp(ip, address);
      words.set(address, at);
      return family;
    };
  }

  begin(head: string, consumedBytes = 0): void {
    const { bytes } = this.world.net;
    const text = Buffer.from(head, 'latin1');
    bytes.set(text, this.#headAt);
    assert.equal(
      this.#parser.parseRequest(bytes, this.#headAt, this.#headAt + text.length),
      this.#headAt + text.length,
    );
    this.log.begin(this.exchange, this.#parser, consumedBytes, FD);
    // Nothing of the head is needed any more.
    bytes.fill(0x21, this.#headAt, this.#headAt + text.length);
  }

  answer(status: number, contentLength: number): void {
    this.exchange.status = status;
    this.log.answered(this.exchange, contentLength);
  }

  records(): AccessRecord[] {
    const words = new Int32Array(RING_WORDS);
    const bytes = Buffer.from(words.buffer);
    const end = this.ring.pop(words, words.length);
    const records: AccessRecord[] = [];
    for (let at = 0; at < end; at += words[at + RECORD_WORDS] as number) {
      records.push(readAccessRecord(words, at, (from, to) => bytes.toString('latin1', from, to)));
    }
    return records;
  }

  line(head: string, status = 200, contentLength = 12, protocol: 'http' | 'h2' = 'http', consumedBytes = 0): string {
    this.begin(head, consumedBytes);
    this.answer(status, contentLength);
    this.log.end(this.exchange);
    const [record, ...others] = this.records();
    assert.equal(others.length, 0);
    assert.equal(record?.router, 3);
    return formatLine(record, protocol);
  }
}

const UA = 'User-Agent: curl/7.58.0\r\n';

describe('lines', () => {
  const ROWS: readonly (readonly [head: string, status: number, length: number, line: string])[] = [
    [
      `GET /x?y=1 HTTP/1.1\r\nHost: web\r\n${UA}\r\n`,
      200,
      12,
      'web 10.0.0.9 - - [25/12/2018:10:00:00 UTC] "GET /x?y=1 HTTP/1.1" 200 12 "-" "curl/7.58.0"',
    ],
    [
      `get / HTTP/1.0\r\n${UA}REFERER: http://a.b/ c\r\n\r\n`,
      503,
      -1,
      '- 10.0.0.9 - - [25/12/2018:10:00:00 UTC] "GET / HTTP/1.0" 503 - "http://a.b/ c" "curl/7.58.0"',
    ],
    [
      'GET http://other:81/p HTTP/1.1\r\nHost: web\r\n\r\n',
      200,
      9_007_199_254_740_991,
      'other:81 10.0.0.9 - - [25/12/2018:10:00:00 UTC] "GET /p HTTP/1.1" 200 9007199254740991 "-" "-"',
    ],
    [
      'GET http://other HTTP/1.1\r\nHost: web\r\n\r\n',
      204,
      0,
      'other 10.0.0.9 - - [25/12/2018:10:00:00 UTC] "GET / HTTP/1.1" 204 0 "-" "-"',
    ],
    [
      'OPTIONS * HTTP/1.1\r\nHost: web\r\n\r\n',
      200,
      4_294_967_296,
      'web 10.0.0.9 - - [25/12/2018:10:00:00 UTC] "OPTIONS * HTTP/1.1" 200 4294967296 "-" "-"',
    ],
    [
      'CONNECT a.b:443 HTTP/1.1\r\nHost: a.b:443\r\n\r\n',
      200,
      -1,
      'a.b:443 10.0.0.9 - - [25/12/2018:10:00:00 UTC] "CONNECT a.b:443 HTTP/1.1" 200 - "-" "-"',
    ],
    [
      'GET / HTTP/1.1\r\nHost: web\r\nReferer:\r\nUser-Agent: a"b\\c\td\xe9\r\n\r\n',
      200,
      12,
      'web 10.0.0.9 - - [25/12/2018:10:00:00 UTC] "GET / HTTP/1.1" 200 12 "-" "a\\x22b\\x5Cc\\x09d\\xE9"',
    ],
    [
      'GET / HTTP/1.1\r\nHost: web\r\nUser-Agent: first\r\nUser-Agent: second\r\nX-Referer: no\r\n\r\n',
      200,
      12,
      'web 10.0.0.9 - - [25/12/2018:10:00:00 UTC] "GET / HTTP/1.1" 200 12 "-" "first"',
    ],
  ];
  for (const [head, status, length, line] of ROWS) {
    test(line, () => assert.equal(new Site().line(head, status, length), `${line}\n`));
  }

  test('of an h2 router: no length, and the time zone as an offset (spec 06 section 9)', () => {
    const line = new Site().line(`GET / HTTP/1.1\r\nHost: web\r\n${UA}\r\n`, 200, 12, 'h2');
    assert.equal(line, 'web 10.0.0.9 - - [25/12/2018:10:00:00 +0000] "GET / HTTP/2" 200 - "-" "curl/7.58.0"\n');
  });

  test('the target is the forwarded one', () => {
    const head = 'GET /svc/rest?x HTTP/1.1\r\nHost: web\r\n\r\n';
    assert.match(new Site().line(head, 200, 1, 'http', '/svc'.length), /"GET \/rest\?x HTTP\/1.1"/);
    assert.match(new Site().line(head, 200, 1, 'http', '/svc/rest'.length), /"GET \/\?x HTTP\/1.1"/);
  });

  for (const [ip, family] of [
    ['2001:db8::1', FAMILY_IPV6],
    ['255.255.255.255', FAMILY_IPV4],
  ] as const) {
    test(`a client at ${ip}`, () => {
      assert.equal(parseIp(ip, new Int32Array(4)), family);
      assert.equal(new Site(ip).line('GET / HTTP/1.1\r\nHost: web\r\n\r\n').split(' ')[1], ip);
    });
  }

  test('a client whose address is not known any more', () => {
    assert.match(new Site('gone').line('GET / HTTP/1.1\r\nHost: web\r\n\r\n'), /^web - - - \[/);
  });
});

describe('records', () => {
  test('one for each attempt that was answered, with what each answer was', () => {
    const site = new Site();
    site.begin('GET /again HTTP/1.1\r\nHost: web\r\n\r\n');
    site.answer(503, 7);
    site.answer(200, -1);
    site.log.end(site.exchange);
    assert.equal(site.exchange.recordAt, NO_BLOCK);
    assert.deepEqual(
      site.records().map(({ status, contentLength, target }) => [status, contentLength, target]),
      [
        [503, 7, '/again'],
        [200, -1, '/again'],
      ],
    );
  });

  test('none for a request that nobody answered; its memory is free again', () => {
    const site = new Site();
    const { smallBlocks } = site.world.net;
    const before = smallBlocks.usedCount;
    site.begin('GET / HTTP/1.1\r\nHost: web\r\n\r\n');
    assert.equal(smallBlocks.usedCount, before + 1);
    site.log.end(site.exchange);
    assert.equal(smallBlocks.usedCount, before);
    assert.deepEqual(site.records(), []);
  });

  test('a full ring drops what does not fit, counts it, and keeps what is in it whole', () => {
    const site = new Site();
    const { stats } = site.world;
    site.begin(`GET /${'x'.repeat(1000)} HTTP/1.1\r\nHost: web\r\n\r\n`);
    for (let i = 0; i < 100; i++) site.answer(200 + i, i);
    const dropped = stats.counter(LIMITS_SCOPE, LIMIT_COUNTER.accessLogRingBytes);
    const records = site.records();
    assert.ok(records.length >= 14 && records.length < 20, `${records.length} in the ring`);
    assert.equal(dropped, 100 - records.length);
    assert.deepEqual(
      records.map(({ status }) => status),
      records.map((_, i) => 200 + i),
    );
    site.answer(299, 1);
    assert.equal(site.records().length, 1, 'there is room again');
  });
});

/** The form of a line, each value as it is escaped. */
const LINE =
  /^([^ "\\]|\\x[0-9A-F]{2})+ [0-9a-f.:]+ - - \[25\/12\/2018:10:00:00 UTC\] "[A-Z]+ ((?:[^ "\\]|\\x[0-9A-F]{2})+) HTTP\/1\.1" 200 12 "((?:[^"\\]|\\x[0-9A-F]{2})*)" "((?:[^"\\]|\\x[0-9A-F]{2})*)"\n$/;

function unescaped(text: string): string {
  return text.replaceAll(/\\x([0-9A-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

describe('forged lines', () => {
  const evil = fc.string({
    unit: fc.oneof(
      fc.constantFrom('"', '\\', ' ', '\t', '-', '[', ']', '\\x22', '\\n', '%0a', '" 200 1 "-" "'),
      fc
        .integer({ min: 0x20, max: 0xff })
        .filter((code) => code !== 0x7f)
        .map((code) => String.fromCharCode(code)),
    ),
    maxLength: 60,
  });
  const trimmed = (text: string) => text.replaceAll(/^[ \t]+|[ \t]+$/g, '');

  test('whatever Referer and User-Agent hold, it is one line of the form, and they can be read back', () => {
    const site = new Site();
    fc.assert(
      fc.property(evil, evil, (referer, agent) => {
        const head = `GET /p HTTP/1.1\r\nHost: web\r\nReferer: ${referer}\r\nUser-Agent: ${agent}\r\n\r\n`;
        const line = site.line(head);
        const [, , , seenReferer = '', seenAgent = ''] = LINE.exec(line) ?? assert.fail(JSON.stringify(line));
        assert.match(line, /^[\x20-\x7e]+\n$/);
        const shown = (text: string) => (trimmed(text) === '' ? '-' : trimmed(text));
        assert.equal(unescaped(seenReferer), shown(referer));
        assert.equal(unescaped(seenAgent), shown(agent));
      }),
    );
  });

  test('whatever a record holds, it is one line of the form', () => {
    const any = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
    fc.assert(
      fc.property(any, any, any, any, (authority, target, referer, userAgent) => {
        const whole = { router: 0, seconds: NOW_MS / 1000, status: 200, contentLength: 12, clientIp: '::1' };
        const record = {
          ...whole,
          seconds: 1545732000,
          minorVersion: 1,
          method: 'GET',
          authority,
          target,
          referer,
          userAgent,
        };
        const line = formatLine(record, 'http');
        const [, , seenTarget = ''] = LINE.exec(line) ?? assert.fail(JSON.stringify(line));
        assert.equal(unescaped(seenTarget), target === '' ? '-' : target);
      }),
    );
  });
});
