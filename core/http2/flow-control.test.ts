/** Flow control against a model that keeps every byte apart: nothing beyond a window, nothing lost, nothing made up. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import * as flow from './flow-control.ts';
import {
  ERR_STREAM_WINDOW_EXCEEDED,
  ERR_STREAM_WINDOW_OVERFLOW,
  ERR_WINDOW_EXCEEDED,
  ERR_WINDOW_OVERFLOW,
  ERR_WINDOW_OVERFLOW_BY_SETTINGS,
} from './protocol-errors.ts';
import { describe as describeError } from './test-frames.ts';

const { grantThreshold, ReceiveWindow, SendWindow } = flow;
const MAX = 2 ** 31 - 1;

function sendWindow(bytes: number): flow.SendWindow {
  const window = new SendWindow();
  window.reset(bytes);
  return window;
}

function receiveWindow(size: number, ratio = 0.5): flow.ReceiveWindow {
  const window = new ReceiveWindow();
  window.reset(size, grantThreshold(size, ratio));
  return window;
}

function parts(window: flow.ReceiveWindow): number[] {
  return [window.available, window.held, window.owed];
}

describe('send windows (row 33)', () => {
  test('rise to 2^31-1 and not beyond (section 6.9.1)', () => {
    const window = sendWindow(65535);
    assert.equal(window.update(MAX - 65535, true), 0);
    assert.equal(window.available, MAX);
    assert.equal(window.update(1, true), ERR_WINDOW_OVERFLOW);
    assert.equal(window.update(1, false), ERR_STREAM_WINDOW_OVERFLOW);
    assert.equal(window.available, MAX, 'nothing is counted of an error');
    window.consume(1);
    assert.equal(window.update(1, false), 0);
  });

  test('fall below 0 by SETTINGS, and then nothing is sent (section 6.9.2)', () => {
    const connection = sendWindow(65535);
    const stream = sendWindow(65535);
    flow.consumeData(connection, stream, 60000);
    assert.equal(stream.adjust(16384 - 65535), 0);
    assert.equal(stream.available, -43616);
    assert.equal(flow.sendableData(connection, stream, 100, 16384), 0);
    assert.equal(stream.update(43616, false), 0);
    assert.equal(flow.sendableData(connection, stream, 100, 16384), 0);
    assert.equal(stream.update(1, false), 0);
    assert.equal(flow.sendableData(connection, stream, 100, 16384), 1);
  });

  test('are not raised beyond 2^31-1 by SETTINGS', () => {
    const window = sendWindow(65535);
    assert.equal(window.update(1, false), 0);
    assert.equal(window.adjust(MAX - 65535), ERR_WINDOW_OVERFLOW_BY_SETTINGS);
    assert.equal(describeError(ERR_WINDOW_OVERFLOW_BY_SETTINGS).split(':')[0], 'connection FLOW_CONTROL_ERROR');
    assert.equal(window.adjust(MAX - 65536), 0);
  });

  test('what may go out is the least of five', () => {
    const cases: readonly (readonly number[])[] = [
      [9, 9, 9, 9, 9],
      [1, 9, 9, 9, 1],
      [9, 2, 9, 9, 2],
      [9, 9, 3, 9, 3],
      [9, 9, 9, 4, 4],
      [9, 9, -1, 4, 0],
      [9, 9, 9, -5, 0],
      [0, 9, 9, 9, 0],
    ];
    for (const [wanted, maxFrame, connection, stream, result] of cases) {
      assert.equal(flow.sendableData(sendWindow(connection!), sendWindow(stream!), wanted!, maxFrame!), result);
    }
  });
});

describe('receive windows', () => {
  test('hold what came until it was taken, and owe it then', () => {
    const window = receiveWindow(100);
    assert.ok(window.receive(60));
    assert.deepEqual(parts(window), [40, 60, 0]);
    window.credit(49);
    assert.equal(window.grantIsDue, false);
    window.credit(1);
    assert.equal(window.grantIsDue, true);
    assert.equal(window.grant(), 50);
    assert.deepEqual(parts(window), [90, 10, 0]);
    assert.equal(window.grant(), 0);
  });

  test('refuse DATA beyond them', () => {
    const connection = receiveWindow(100);
    const stream = receiveWindow(50);
    assert.equal(flow.receiveData(connection, stream, 101, 101), ERR_WINDOW_EXCEEDED);
    assert.deepEqual(
      [parts(connection), parts(stream)],
      [
        [100, 0, 0],
        [50, 0, 0],
      ],
    );
    assert.equal(flow.receiveData(connection, stream, 51, 51), ERR_STREAM_WINDOW_EXCEEDED);
    assert.deepEqual(
      [parts(connection), parts(stream)],
      [
        [49, 0, 51],
        [50, 0, 0],
      ],
    );
    assert.equal(describeError(ERR_WINDOW_EXCEEDED).split(':')[0], 'connection FLOW_CONTROL_ERROR');
    assert.equal(describeError(ERR_STREAM_WINDOW_EXCEEDED).split(':')[0], 'stream FLOW_CONTROL_ERROR');
  });

  test('credit padding at once: nobody will take it', () => {
    const connection = receiveWindow(100);
    const stream = receiveWindow(100);
    assert.equal(flow.receiveData(connection, stream, 60, 10), 0);
    assert.deepEqual(
      [parts(connection), parts(stream)],
      [
        [40, 10, 50],
        [40, 10, 50],
      ],
    );
  });

  test('dropped DATA count for the connection, and are credited', () => {
    const connection = receiveWindow(100);
    assert.equal(flow.receiveIgnoredData(connection, 70), 0);
    assert.deepEqual(parts(connection), [30, 0, 70]);
    assert.equal(flow.receiveIgnoredData(connection, 31), ERR_WINDOW_EXCEEDED);
  });

  test('a stream that ends gives the connection back what it held', () => {
    const connection = receiveWindow(100);
    const stream = receiveWindow(100);
    assert.equal(flow.receiveData(connection, stream, 30, 30), 0);
    flow.creditData(connection, stream, 10);
    flow.abandonData(connection, stream);
    assert.deepEqual([parts(connection), stream.held], [[70, 0, 30], 0]);
  });

  test('that of a connection begins with 65535 and owes the rest', () => {
    const window = new ReceiveWindow();
    window.resetConnection(1048576, grantThreshold(1048576, 0.5));
    assert.deepEqual([...parts(window), window.size], [65535, 0, 983041, 1048576]);
    assert.equal(window.grant(), 983041);
    window.resetConnection(65535, 1);
    assert.deepEqual(parts(window), [65535, 0, 0]);
    assert.equal(window.grantIsDue, false);
  });

  test('a lowered size makes it negative until it is used up; empty DATA may come all the same', () => {
    const window = receiveWindow(100);
    assert.ok(window.receive(80));
    window.resize(-50);
    assert.deepEqual([window.available, window.size], [-30, 50]);
    assert.ok(window.receive(0));
    assert.equal(window.receive(1), false);
    window.credit(80);
    assert.equal(window.grant(), 80);
    assert.equal(window.available, 50);
  });

  test('thresholds follow the ratio of Linkerd', () => {
    assert.equal(grantThreshold(65535, 0.99), 656);
    assert.equal(grantThreshold(65535, 0.5), 32768);
    assert.equal(grantThreshold(65535, 0.999999), 1);
    assert.equal(grantThreshold(1, 0.5), 1);
    assert.equal(grantThreshold(0, 0.5), 1);
  });
});

/** Two proxied streams on one connection each way, every byte a number of its own. */
class Relay {
  readonly size = 200;
  readonly streamSize = 120;
  readonly connection = receiveWindow(200);
  readonly streams = [receiveWindow(120), receiveWindow(120)];
  readonly toConnection = sendWindow(150);
  readonly toStreams = [sendWindow(90), sendWindow(90)];
  /** What the sender believes that it may send. */
  senderConnection = 200;
  readonly senderStreams = [120, 120];
  /** Bytes in our hands, by stream. */
  readonly inHand = [0, 0];
  /** Bytes that the receiver has been sent and has not told that it read. */
  readonly unread = [0, 0];

  /** The sender sends as much of `wanted` as it believes that it may. */
  arrive(stream: number, wanted: number, padding: number): void {
    const bytes = Math.min(wanted, this.senderConnection, this.senderStreams[stream]!);
    const content = Math.max(0, bytes - padding);
    assert.equal(flow.receiveData(this.connection, this.streams[stream]!, bytes, content), 0);
    this.senderConnection -= bytes;
    this.senderStreams[stream]! -= bytes;
    this.inHand[stream]! += content;
  }

  /** We forward what the other side has room for, and credit just that. */
  forward(stream: number): void {
    const to = this.toStreams[stream]!;
    const bytes = flow.sendableData(this.toConnection, to, this.inHand[stream]!, 64);
    flow.consumeData(this.toConnection, to, bytes);
    flow.creditData(this.connection, this.streams[stream]!, bytes);
    this.inHand[stream]! -= bytes;
    this.unread[stream]! += bytes;
  }

  /** The receiver reads and updates its windows. */
  read(stream: number): void {
    const bytes = this.unread[stream]!;
    if (bytes === 0) return;
    assert.equal(this.toConnection.update(bytes, true), 0);
    assert.equal(this.toStreams[stream]!.update(bytes, false), 0);
    this.unread[stream] = 0;
  }

  /** We tell the sender what is due. */
  grant(stream: number): void {
    if (this.connection.grantIsDue) this.senderConnection += this.connection.grant();
    if (this.streams[stream]!.grantIsDue) this.senderStreams[stream]! += this.streams[stream]!.grant();
  }

  /** The stream is reset, and another takes its place. */
  abandon(stream: number): void {
    flow.abandonData(this.connection, this.streams[stream]!);
    this.streams[stream]!.reset(this.streamSize, grantThreshold(this.streamSize, 0.5));
    this.senderStreams[stream] = this.streamSize;
    this.inHand[stream] = 0;
  }

  check(): void {
    assert.equal(this.connection.size, this.size);
    assert.equal(this.senderConnection, this.connection.available);
    assert.equal(this.connection.held, this.inHand[0]! + this.inHand[1]!);
    assert.equal(this.toConnection.available + this.unread[0]! + this.unread[1]!, 150);
    for (const i of [0, 1]) {
      assert.deepEqual([this.streams[i]!.size, this.senderStreams[i]], [this.streamSize, this.streams[i]!.available]);
      assert.equal(this.streams[i]!.held, this.inHand[i]);
      assert.equal(this.toStreams[i]!.available + this.unread[i]!, 90);
    }
    assert.ok(this.inHand[0]! + this.inHand[1]! <= this.size, 'memory is bounded by the window');
    assert.ok(this.toConnection.available >= 0 && this.toStreams.every(({ available }) => available >= 0));
  }
}

describe('coupled windows', () => {
  const step = fc.record({
    kind: fc.constantFrom('arrive', 'forward', 'read', 'grant', 'abandon'),
    stream: fc.nat(1),
    bytes: fc.nat(150),
    padding: fc.nat(20),
  });

  test('conserve credits, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const relay = new Relay();
        for (const { kind, stream, bytes, padding } of steps) {
          if (kind === 'arrive') relay.arrive(stream, bytes, padding);
          else if (kind === 'forward') relay.forward(stream);
          else if (kind === 'read') relay.read(stream);
          else if (kind === 'grant') relay.grant(stream);
          else relay.abandon(stream);
          relay.check();
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('a receiver that reads nothing stops its sender, and one that reads again starts it', () => {
    const relay = new Relay();
    for (let i = 0; i < 50; i++) {
      relay.arrive(0, 64, 0);
      relay.forward(0);
      relay.grant(0);
    }
    assert.deepEqual([relay.unread[0], relay.toStreams[0]!.available], [90, 0]);
    const stopped = relay.inHand[0]!;
    relay.arrive(0, 64, 0);
    assert.equal(relay.inHand[0], stopped);
    for (let i = 0; i < 50; i++) {
      relay.read(0);
      relay.forward(0);
      relay.grant(0);
    }
    assert.equal(relay.inHand[0], 0);
    assert.ok(relay.senderStreams[0]! > relay.streamSize / 2);
  });

  test('send windows never leave their range, however they are updated', () => {
    const change = fc.oneof(fc.integer({ min: 1, max: MAX }), fc.integer({ min: -MAX, max: MAX }));
    const changes = fc.array(fc.tuple(fc.constantFrom('update', 'adjust', 'send'), change), { maxLength: 30 });
    fc.assert(
      fc.property(changes, (list) => {
        const window = sendWindow(65535);
        let model = 65535n;
        for (const [kind, amount] of list) {
          if (kind === 'send') {
            const bytes = flow.sendableData(sendWindow(MAX), window, Math.abs(amount), 0xffffff);
            assert.ok(bytes >= 0 && (bytes === 0 || BigInt(bytes) <= model));
            window.consume(bytes);
            model -= BigInt(bytes);
          } else {
            const delta = kind === 'update' ? Math.abs(amount) : amount;
            const error = kind === 'update' ? window.update(delta, false) : window.adjust(delta);
            assert.equal(error !== 0, model + BigInt(delta) > BigInt(MAX));
            if (error !== 0) return;
            model += BigInt(delta);
          }
          assert.equal(BigInt(window.available), model);
          assert.ok(window.available <= MAX);
        }
      }),
    );
  });
});
