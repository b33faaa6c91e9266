/**
 * A connection and its streams without a router behind them, for tests: all that both sides have in common is real, what
 * they do with messages is written down.
 */
import { headerListBytes } from '../../core/config/client-needs.ts';
import type { FieldSection } from '../../core/http2/field-section.ts';
import { fieldsOf, type TestField } from '../../core/http2/hpack/test-codec.ts';
import { afterHead } from '../../core/http2/message-sequence.ts';
import { OPEN, receiveEvent, stateOf, transition } from '../../core/http2/stream-state.ts';
import { Patience } from '../net/patience.ts';
import type { BodySource } from '../net/sink.ts';
import type { TestNet } from '../net/test-net.ts';
import type { KnownBlock } from './block-memory.ts';
import { Http2Endpoint, type Http2Settings } from './endpoint.ts';
import { Http2Connection } from './http2-connection.ts';
import { Http2Stream } from './http2-stream.ts';

const SCOPE = 1;
const STREAMS_MAX = 100;
const SCRATCH_BYTES = 32768;
const SETTINGS: Http2Settings = {
  initialStreamWindowBytes: 65535,
  headerTableBytes: 4096,
  maxFrameBytes: 16384,
  maxHeaderListBytes: undefined,
  windowUpdateRatio: 0.99,
};
let nextFd = 1000;

/** What the connections of one server have in common. */
export function testEndpoint(world: TestNet, settings: Partial<Http2Settings> = {}): Http2Endpoint {
  const endpoint = { ...SETTINGS, ...settings };
  const sectionAt = world.net.memory.reserve(headerListBytes(endpoint, world.net.limits));
  return new Http2Endpoint(world.net, endpoint, false, STREAMS_MAX, world.take(SCRATCH_BYTES), sectionAt);
}

/** A stream whose message nobody reads. */
export class TestStream extends Http2Stream {
  readonly events: string[] = [];
  /** The content that it has received. */
  readonly content: number[] = [];
  /** What was taken of content that it was given to send. */
  takenBytes = 0;

  constructor(link: TestConnection, id: number) {
    super(link);
    this.begin(link, id, OPEN);
  }

  receiveContent(at: number, byteLength: number, endStream: boolean): void {
    for (const byte of this.link.net.bytes.subarray(at, at + byteLength)) this.content.push(byte);
    if (endStream) this.events.push('end');
    this.taken(byteLength);
  }

  onReset(code: number): void {
    this.events.push(`reset ${code}`);
  }

  onEnded(): void {
    this.events.push('ended');
    this.letGo();
  }

  onStreamError(error: number): void {
    this.events.push(`error ${error}`);
  }

  onConnectionLost(errno: number): void {
    this.events.push(`lost ${errno}`);
  }

  onStalled(): void {
    this.events.push('stalled');
    this.cancelStream();
  }

  onFault(error: unknown): void {
    throw error;
  }

  protected onTimeLimit(): void {
    this.events.push('time');
  }

  protected get source(): BodySource {
    return {
      taken: (byteLength) => {
        this.takenBytes += byteLength;
      },
    };
  }
}

/** A server's connection whose requests come to nothing. */
export class TestConnection extends Http2Connection {
  readonly world: TestNet;
  readonly patience: Patience;
  /** The blocks that came, decoded. */
  readonly received: TestField[][] = [];
  readonly errors: number[] = [];
  /** Streams that were opened, in order. */
  readonly opened: TestStream[] = [];
  ends = 0;
  #nextId = 1;

  constructor(world: TestNet, endpoint: Http2Endpoint) {
    super(endpoint, 0, nextFd++, SCOPE, false);
    this.world = world;
    this.patience = new Patience(world.net.limits, { readTimeoutMs: undefined, writeTimeoutMs: undefined }, undefined);
  }

  /** Opens a stream as a request would. */
  openStream(): TestStream {
    const id = this.#nextId;
    this.#nextId += 2;
    this.ids.openPeer(id);
    const stream = new TestStream(this, id);
    this.addStream(stream);
    return stream;
  }

  /** Decodes a block as one that was not recognised. @returns its fields, null when it ended the connection */
  take(block: Uint8Array): TestField[] | null {
    const { bytes, wasteAt } = this.net;
    bytes.set(block, wasteAt);
    return this.decode(wasteAt, wasteAt + block.length) ? fieldsOf(this.endpoint.section) : null;
  }

  /** A block was recognised. */
  recognise(block: KnownBlock): void {
    this.skip(block);
  }

  get isCurrent(): boolean {
    return this.current;
  }

  /** The peer takes so much more of all streams. */
  widen(increment: number): void {
    this.sendWindow.update(increment, true);
    this.pumpWaiting();
  }

  /** Something to be sent waits for the end of the tick. */
  gather(): void {
    this.writeWindow(0, 1);
  }

  protected takeReceived(at: number, end: number): void {
    this.takeFrames(at, end);
  }

  protected onBlock(id: number, at: number, end: number, endStream: boolean): void {
    const next = transition(this.stateOfGone(id), receiveEvent(true, endStream));
    if (next < 0 || !this.decode(at, end)) return;
    const section: FieldSection = this.endpoint.section;
    this.received.push(fieldsOf(section));
    this.ids.openPeer(id);
    const stream = new TestStream(this, id);
    stream.state = stateOf(next);
    stream.phase = afterHead(0, endStream);
    this.addStream(stream);
    this.opened.push(stream);
  }

  protected onLastStreamEnded(): void {
    this.ends++;
  }

  protected onLeave(): void {}
  protected onPingAnswered(): void {}
  onDeadline(): void {}

  protected onBadPeer(error: number): void {
    this.errors.push(error);
  }
}
