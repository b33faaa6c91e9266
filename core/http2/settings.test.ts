/** Every rule of RFC 9113 section 6.5.2, as a payload and what it leads to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FrameHeader } from './frame.ts';
import { FRAME_SETTINGS } from './frame-types.ts';
import * as ids from './setting-ids.ts';
import { type OwnSettings, PeerSettings, SETTINGS_FRAME_BYTES_MAX, UNBOUNDED, writeSettings } from './settings.ts';
import { describe as describeError, setting } from './test-frames.ts';

const MAX = 0xffffffff;
const PUSH = 'connection PROTOCOL_ERROR: SETTINGS_ENABLE_PUSH is neither 0 nor 1 (RFC 9113 6.5.2)';
const PUSH_BY_SERVER = 'connection PROTOCOL_ERROR: a server sends SETTINGS_ENABLE_PUSH of 1 (RFC 9113 6.5.2)';
const WINDOW = 'connection FLOW_CONTROL_ERROR: SETTINGS_INITIAL_WINDOW_SIZE is above 2^31-1 (RFC 9113 6.5.2)';
const FRAME = 'connection PROTOCOL_ERROR: SETTINGS_MAX_FRAME_SIZE is not from 2^14 to 2^24-1 (RFC 9113 6.5.2)';
const CONNECT = 'connection PROTOCOL_ERROR: SETTINGS_ENABLE_CONNECT_PROTOCOL is neither 0 nor 1 (RFC 8441 3)';
const PRIORITIES = 'connection PROTOCOL_ERROR: SETTINGS_NO_RFC7540_PRIORITIES is neither 0 nor 1 (RFC 9218 2.1)';

type Values = Partial<Record<keyof PeerSettings, number | boolean>>;
type Entry = readonly [id: number, value: number];

const ACCEPTED: readonly (readonly [entries: readonly Entry[], values: Values])[] = [
  [[], { headerTableBytes: 4096, enablePush: true, maxConcurrentStreams: MAX, initialWindowBytes: 65535 }],
  [[], { maxFrameBytes: 16384, maxHeaderListBytes: MAX, enableConnectProtocol: false, noRfc7540Priorities: false }],
  [[[1, 0]], { headerTableBytes: 0, headerTableBytesLowest: 0 }],
  [[[1, MAX]], { headerTableBytes: MAX, headerTableBytesLowest: MAX }],
  [
    [
      [1, 100],
      [1, 8192],
    ],
    { headerTableBytes: 8192, headerTableBytesLowest: 100 },
  ],
  [
    [
      [1, 8192],
      [1, 100],
    ],
    { headerTableBytes: 100, headerTableBytesLowest: 100 },
  ],
  [[[2, 0]], { enablePush: false }],
  [[[3, 0]], { maxConcurrentStreams: 0 }],
  [[[3, MAX]], { maxConcurrentStreams: MAX }],
  [[[4, 0]], { initialWindowBytes: 0, initialWindowDelta: -65535 }],
  [[[4, 0x7fffffff]], { initialWindowBytes: 0x7fffffff, initialWindowDelta: 0x7fffffff - 65535 }],
  [
    [
      [4, 1],
      [4, 65536],
    ],
    { initialWindowBytes: 65536, initialWindowDelta: 1 },
  ],
  [[[5, 16384]], { maxFrameBytes: 16384 }],
  [[[5, 16777215]], { maxFrameBytes: 16777215 }],
  [[[6, 0]], { maxHeaderListBytes: 0 }],
  [[[8, 1]], { enableConnectProtocol: true }],
  [[[9, 1]], { noRfc7540Priorities: true }],
  [
    [
      [0, MAX],
      [7, MAX],
      [10, MAX],
      [0xffff, MAX],
      [3, 5],
    ],
    { maxConcurrentStreams: 5, headerTableBytes: 4096 },
  ],
];

const REFUSED: readonly (readonly [peerIsServer: boolean, entry: Entry, error: string])[] = [
  [false, [2, 2], PUSH],
  [false, [2, MAX], PUSH],
  [true, [2, 2], PUSH],
  [true, [2, 1], PUSH_BY_SERVER],
  [false, [4, 0x80000000], WINDOW],
  [false, [4, MAX], WINDOW],
  [true, [5, 16383], FRAME],
  [false, [5, 0], FRAME],
  [false, [5, 16777216], FRAME],
  [false, [5, MAX], FRAME],
  [false, [8, 2], CONNECT],
  [true, [9, 2], PRIORITIES],
];

function payload(entries: readonly Entry[]): Uint8Array {
  return Uint8Array.from([7, 7, ...entries.flatMap(([id, value]) => setting(id, value)), 7]);
}

function apply(settings: PeerSettings, entries: readonly Entry[]): number {
  const bytes = payload(entries);
  return settings.apply(bytes, 2, bytes.length - 1);
}

describe('settings of a peer', () => {
  for (const [entries, values] of ACCEPTED) {
    test(`${JSON.stringify(entries)} gives ${JSON.stringify(values)}`, () => {
      const settings = new PeerSettings(false);
      assert.equal(apply(settings, entries), 0);
      assert.deepEqual({ ...settings, ...values }, { ...settings });
    });
  }

  for (const [peerIsServer, entry, error] of REFUSED) {
    test(`${peerIsServer ? 'a server' : 'a client'} may not say ${entry.join('=')}`, () => {
      assert.equal(describeError(apply(new PeerSettings(peerIsServer), [[3, 1], entry, [3, 2]])), error);
    });
  }

  test('a server may turn pushes down, a client may ask for them', () => {
    assert.equal(apply(new PeerSettings(true), [[2, 0]]), 0);
    const client = new PeerSettings(false);
    assert.deepEqual([apply(client, [[2, 0]]), client.enablePush], [0, false]);
    assert.deepEqual([apply(client, [[2, 1]]), client.enablePush], [0, true]);
  });

  test('a frame changes what it names alone, and the delta is that of the last frame', () => {
    const settings = new PeerSettings(false);
    apply(settings, [
      [4, 70000],
      [1, 64],
    ]);
    apply(settings, [[5, 20000]]);
    assert.deepEqual([settings.initialWindowBytes, settings.initialWindowDelta], [70000, 0]);
    assert.deepEqual([settings.headerTableBytes, settings.headerTableBytesLowest], [64, 64]);
    assert.equal(settings.maxFrameBytes, 20000);
  });
});

describe('our settings', () => {
  const INITIAL: OwnSettings = {
    isClient: false,
    headerTableBytes: 4096,
    maxConcurrentStreams: UNBOUNDED,
    initialWindowBytes: 65535,
    maxFrameBytes: 16384,
    maxHeaderListBytes: UNBOUNDED,
  };

  /** What a peer reads of them, by identifier. */
  function announce(own: OwnSettings): Record<string, number> {
    const bytes = new Uint8Array(SETTINGS_FRAME_BYTES_MAX + 2);
    const end = writeSettings(bytes, 1, own);
    const header = new FrameHeader();
    const start = header.read(bytes, 1, end);
    assert.deepEqual({ ...header }, { length: end - start, type: FRAME_SETTINGS, flags: 0, streamId: 0 });
    const view = new DataView(bytes.buffer);
    const entries: [string, number][] = [];
    for (let at = start; at < end; at += 6)
      entries.push([ids.SETTING_NAMES[view.getUint16(at)]!, view.getUint32(at + 2)]);
    return Object.fromEntries(entries);
  }

  test('initial values are not sent, but a client always turns pushes down', () => {
    assert.deepEqual(announce(INITIAL), {});
    assert.deepEqual(announce({ ...INITIAL, isClient: true }), { ENABLE_PUSH: 0 });
  });

  test('all others are', () => {
    const own = { isClient: true, headerTableBytes: 0, maxConcurrentStreams: 100, initialWindowBytes: 1048576 };
    assert.deepEqual(announce({ ...own, maxFrameBytes: 32768, maxHeaderListBytes: 65536 }), {
      ENABLE_PUSH: 0,
      HEADER_TABLE_SIZE: 0,
      MAX_CONCURRENT_STREAMS: 100,
      INITIAL_WINDOW_SIZE: 1048576,
      MAX_FRAME_SIZE: 32768,
      MAX_HEADER_LIST_SIZE: 65536,
    });
  });

  test('what we write a peer understands', () => {
    const own = fc.record({
      isClient: fc.boolean(),
      headerTableBytes: fc.nat(MAX),
      maxConcurrentStreams: fc.nat(MAX),
      initialWindowBytes: fc.nat(0x7fffffff),
      maxFrameBytes: fc.integer({ min: 16384, max: 16777215 }),
      maxHeaderListBytes: fc.nat(MAX),
    });
    fc.assert(
      fc.property(own, ({ isClient, ...values }) => {
        const bytes = new Uint8Array(SETTINGS_FRAME_BYTES_MAX);
        const end = writeSettings(bytes, 0, { isClient, ...values });
        const peer = new PeerSettings(!isClient);
        assert.equal(peer.apply(bytes, 9, end), 0);
        assert.deepEqual({ ...peer, ...values, enablePush: !isClient }, { ...peer });
      }),
    );
  });
});
