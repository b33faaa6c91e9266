/** The kit's judge sees every sort of fault, at both ends, and none in what is allowed. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CANCEL, NO_ERROR } from '../../../core/http2/error-codes.ts';
import { FLAG_END_HEADERS, FLAG_END_STREAM } from '../../../core/http2/frame-flags.ts';
import { FRAME_RST_STREAM, FRAME_SETTINGS, FRAME_WINDOW_UPDATE } from '../../../core/http2/frame-types.ts';
import { Http2Client } from './client.ts';
import * as send from './frames.ts';
import type { PeerOptions } from './peer.ts';
import { Http2Upstream } from './upstream.ts';

const { continuation, data, frame, goaway, headers, headersOf, pingAck, pushPromise, rst, settings } = send;
const { settingsAck, windowUpdate } = send;

const OK = headers(1, { ':status': '200' });
const OK_ENDED = headers(1, { ':status': '200' }, { endStream: true });
const END = { endStream: true };
const GET = { ':method': 'GET', ':scheme': 'http', ':authority': 'a', ':path': '/' };
const LARGE = 'x'.repeat(16384);

type Case = readonly [name: string, sent: readonly send.Sendable[], fault: RegExp | null, options?: PeerOptions];

/** Of a server, in answer to a GET on stream 1. */
const SERVER: readonly Case[] = [
  ['a response', [OK, data(1, 'x'), data(1, '', END)], null],
  ['a response with trailers', [headers(1, { ':status': '103' }), OK, headers(1, { a: 'b' }, END)], null],
  ['a reset behind a response', [OK_ENDED, rst(1, NO_ERROR)], null],
  ['fragments', [headers(1, { ':status': '200', a: 'b' }, { fragments: [1, 0], ...END })], null],
  ['a full window', [OK, ...Array(3).fill(data(1, LARGE)), data(1, LARGE.slice(1), END)], null],
  ['DATA first', [data(1, 'x', END)], /DATA without a head/],
  ['DATA on another stream', [OK, data(3, 'x')], /DATA without a head/],
  ['DATA behind the end', [OK_ENDED, data(1, 'x')], /DATA on a stream that has ended/],
  ['DATA behind a reset', [OK, rst(1, CANCEL), data(1, 'x')], /DATA on a stream that has ended/],
  ['HEADERS behind the end', [OK_ENDED, headers(1, { a: 'b' }, END)], /HEADERS on a stream that has ended/],
  ['HEADERS on another stream', [headers(3, { ':status': '200' })], /HEADERS on a stream that was not opened/],
  ['trailers that end nothing', [OK, headers(1, { a: 'b' })], /trailers without END_STREAM/],
  [
    'DATA beyond the windows',
    [OK, ...Array(4).fill(data(1, LARGE))],
    /beyond the window of the connection/,
    noGrants(),
  ],
  ['DATA beyond its window', [OK, data(1, 'x'.repeat(11))], /beyond the window of the stream/, tinyWindow()],
  ['a large frame', [OK, data(1, `${LARGE}x`)], /a frame above 16384 bytes/],
  ['a large frame, allowed', [OK, data(1, `${LARGE}x`, END)], null, { settings: { MAX_FRAME_SIZE: 20_000 } }],
  ['an interrupted block', [headersOf(1, '\x88', FLAG_END_STREAM), rst(1, 0)], /within a header block/],
  ['CONTINUATION alone', [OK, continuation(1, '')], /outside a header block/],
  ['a push', [pushPromise(1, 2)], /nobody asked for/],
  ['an unknown frame', [frame(0x42, 0, 1)], /nobody asked for/],
  ['a second reset', [rst(1, CANCEL), rst(1, CANCEL)], /a second RST_STREAM/],
  ['a reset of an idle stream', [rst(3, CANCEL)], /RST_STREAM on an idle stream/],
  ['a reset of 3 bytes', [frame(FRAME_RST_STREAM, 0, 1, 'abc')], /RST_STREAM of another length/],
  ['a needless acknowledgement', [settingsAck(), settingsAck()], /an acknowledgement of nothing/],
  ['ENABLE_PUSH', [settings({ ENABLE_PUSH: 1 })], /ENABLE_PUSH/],
  ['SETTINGS on a stream', [frame(FRAME_SETTINGS, 0, 1)], /on a stream that it is not for/],
  ['SETTINGS of 5 bytes', [frame(FRAME_SETTINGS, 0, 0, '12345')], /SETTINGS of a broken length/],
  ['an answer to no PING', [pingAck()], /no proper PING/],
  ['WINDOW_UPDATE of 0', [windowUpdate(0, 0)], /no proper WINDOW_UPDATE/],
  ['WINDOW_UPDATE of 5 bytes', [frame(FRAME_WINDOW_UPDATE, 0, 0, '12345')], /no proper WINDOW_UPDATE/],
  ['WINDOW_UPDATE too far', [windowUpdate(0, 0x7fffffff - 65534)], /a window above 2\^31-1/],
  ['WINDOW_UPDATE as far as it goes', [windowUpdate(0, 0x7fffffff - 65535)], null],
  ['WINDOW_UPDATE on an idle stream', [windowUpdate(3, 1)], /WINDOW_UPDATE on an idle stream/],
  ['a rising GOAWAY', [goaway(1, 0), goaway(3, 0)], /no proper GOAWAY/],
  ['falling GOAWAYs', [goaway(3, 0), goaway(1, 0)], null],
  ['an upper-case name', [headers(1, { ':status': '200', 'X-A': '1' })], /a bad name "X-A"/],
  ['a name of nothing', [headers(1, { ':status': '200', '': '1' })], /a bad name ""/],
  ['a line end in a value', [headers(1, { ':status': '200', a: 'b\r\nc' })], /a bad value of a/],
  ['a space around a value', [headers(1, { ':status': '200', a: ' b' })], /a bad value of a/],
  ['connection', [headers(1, { ':status': '200', connection: 'close' })], /the field connection/],
  ['te: gzip', [headers(1, { ':status': '200', te: 'gzip' })], /the field te/],
  ["a request's pseudo field", [headers(1, { ':status': '200', ':path': '/' })], /:path where it may not be/],
  ['a late pseudo field', [headers(1, { a: 'b', ':status': '200' })], /:status behind a regular field/],
  [
    'a doubled pseudo field',
    [
      headers(1, [
        [':status', '200'],
        [':status', '200'],
      ]),
    ],
    /:status twice/,
  ],
  ['a pseudo field in trailers', [OK, headers(1, { ':status': '200' }, END)], /:status where it may not be/],
  ['a block that does not decode', [headersOf(1, '\x80')], /a header block: error/],
];

/** Of a client, behind its SETTINGS. */
const CLIENT: readonly Case[] = [
  ['streams in order', [headers(1, GET, END), headers(5, GET, END)], null],
  ['an even stream', [headers(2, GET, END)], /a stream id that may not be opened/],
  ['a lower stream', [headers(5, GET, END), headers(3, GET, END)], /a stream id that may not be opened/],
  ['a status', [headers(1, { ':status': '200' }, END)], /:status where it may not be/],
  ['three streams of two', [1, 3, 5].map((id) => headers(id, GET)), /more than 2 streams/, twoStreams()],
  ['three streams, one reset', [headers(1, GET), rst(1, CANCEL), headers(3, GET), headers(5, GET)], null, twoStreams()],
  ['text', [Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')], /no preface/, { silent: true }],
  [
    'no SETTINGS first',
    [Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), headersOf(1, '\x82', FLAG_END_HEADERS)],
    /the first frame is not SETTINGS/,
    { silent: true },
  ],
];

function tinyWindow(): PeerOptions {
  return { settings: { INITIAL_WINDOW_SIZE: 10 } };
}

function noGrants(): PeerOptions {
  return { automatic: { windows: false } };
}

function twoStreams(): PeerOptions {
  return { settings: { MAX_CONCURRENT_STREAMS: 2 } };
}

/** Opens a connection of the kit with itself; faults are the tests' business. */
async function openPair(t: TestContext, client: PeerOptions, server: PeerOptions) {
  const upstream = await Http2Upstream.start(() => {}, server);
  const peer = await Http2Client.open(upstream.port, client);
  t.after(async () => {
    peer.socket.destroy();
    await upstream.stop().catch(() => {});
  });
  return { upstream, peer };
}

for (const [name, sent, fault, options = {}] of SERVER) {
  test(`a server sends ${name}: ${fault ?? 'allowed'}`, async (t) => {
    const { upstream, peer } = await openPair(t, options, {});
    peer.begin('a', { body: 'x' });
    const connection = await first(upstream, peer);
    await connection.until('a request', () => connection.heads.length === 1);
    connection.automatic.settings = false;
    connection.send(...sent);
    if (fault === null) await peer.roundTrip();
    else await assert.rejects(peer.roundTrip(), fault);
    assert.equal(peer.fault === undefined, fault === null);
    if (fault === null) peer.close();
    else assert.throws(() => peer.close(), fault);
  });
}

for (const [name, sent, fault, options = {}] of CLIENT) {
  test(`a client sends ${name}: ${fault ?? 'allowed'}`, async (t) => {
    const { upstream, peer } = await openPair(t, options.silent === true ? options : {}, options);
    const connection = await first(upstream, peer);
    if (options.silent !== true) await peer.roundTrip();
    peer.send(...sent);
    if (fault === null) await connection.roundTrip();
    else await assert.rejects(connection.message(99), fault);
    assert.equal(connection.fault === undefined, fault === null);
    if (fault === null) await upstream.stop();
    else await assert.rejects(upstream.stop(), fault);
  });
}

/** The upstream's connection: it is there once it has sent its SETTINGS. */
async function first(upstream: Http2Upstream, peer: Http2Client) {
  if (upstream.connections.length === 0) await peer.until('SETTINGS', () => peer.log.length > 0);
  const [connection] = upstream.connections;
  assert.ok(connection);
  return connection;
}
