/**
 * One end of an HTTP/2 connection that does exactly what a test says. What every peer has to do all the time (acknowledge,
 * answer pings, grant windows) it does by itself until it is told not to. Everything that comes is kept, judged by a
 * {@link Referee}, and shown when a test fails.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { setImmediate as nextTick } from 'node:timers/promises';
import * as flag from '../../../core/http2/frame-flags.ts';
import * as type from '../../../core/http2/frame-types.ts';
import { PREFACE } from '../../../core/http2/preface.ts';
import * as setting from '../../../core/http2/setting-ids.ts';
import { MAX_FRAME_BYTES_INITIAL } from '../../../core/http2/settings.ts';
import { BlockReader } from './block-reader.ts';
import { BlockWriter } from './block-writer.ts';
import {
  type Block,
  data,
  type Frame,
  frameBytes,
  framesOfBlock,
  ping,
  pingAck,
  type Sendable,
  type Settings,
  settings,
  settingsAck,
  windowUpdate,
} from './frames.ts';
import { Message } from './message.ts';
import { contentOf, describe, FrameReader, hasFlag, isLike, numberAt, type Received, settingsOf } from './received.ts';
import { Referee } from './referee.ts';
import { Windows } from './windows.ts';

const TIMEOUT_MS = 10_000;
/** Frames that a failure shows, the last ones. */
const SHOWN_FRAMES = 40;
const SHOWN_CHARS = 300;

/** What a peer does by itself. */
export interface Automatic {
  /** Acknowledges SETTINGS. */
  settings: boolean;
  /** Answers PING. */
  pings: boolean;
  /** Gives back at once what DATA took of the windows. */
  windows: boolean;
}

/** How a peer begins. */
export interface PeerOptions {
  /** What its first SETTINGS say. */
  readonly settings?: Settings;
  /** Nothing is sent before the test does: no preface, no SETTINGS. */
  readonly silent?: boolean;
  readonly automatic?: Partial<Automatic>;
}

/** A GOAWAY that came. */
export interface Goaway {
  readonly lastStreamId: number;
  readonly code: number;
  readonly text: string;
}

/** See the head of this file. */
export class Http2Peer {
  readonly socket: Socket;
  readonly automatic: Automatic;
  /** All frames that came, in order. */
  readonly log: Received[] = [];
  /** The streams that have a head, in the order of the heads. */
  readonly heads: Message[] = [];
  /** What may be sent to the other side. */
  readonly windows = new Windows();
  /** Payload of the largest frame that the other side takes. */
  maxFrameBytes = MAX_FRAME_BYTES_INITIAL;
  /** The last SETTINGS of the other side, entry by entry. */
  readonly settings = new Map<number, number>();
  /** The other side has ended the connection. */
  ended = false;
  /** By a reset. */
  wasReset = false;
  /** What the other side did that it may not. */
  fault: string | undefined = undefined;
  readonly #isClient: boolean;
  readonly #reader = new FrameReader();
  readonly #referee: Referee;
  readonly #blocks = new BlockReader();
  readonly #writer = new BlockWriter();
  readonly #messages = new Map<number, Message>();
  readonly #taken = new Set<Received>();
  readonly #waiters = new Set<() => void>();
  /** Bytes of DATA not given back, by stream. */
  readonly #owed = new Map<number, number>();
  readonly #tableBytesOffered: number[] = [];
  #behindPieces: Uint8Array[] | undefined = undefined;
  /** Streams that this side has reset. */
  readonly #abandoned = new Set<number>();
  #prefaceSeen: boolean;

  /** @param isClient the role of this end */
  constructor(socket: Socket, isClient: boolean, options: PeerOptions = {}) {
    this.socket = socket;
    this.automatic = { settings: true, pings: true, windows: true, ...options.automatic };
    this.#isClient = isClient;
    this.#prefaceSeen = isClient;
    this.#referee = new Referee(!isClient);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('end', () => this.#end(false));
    socket.on('close', () => this.#end(false));
    socket.on('error', () => this.#end(true));
    if (options.silent === true) return;
    if (isClient) this.send(PREFACE);
    this.send(settings(options.settings ?? {}));
  }

  /** Makes bytes; they have to be sent next, because of the state of the header compression. */
  encode(...items: readonly Sendable[]): Buffer {
    return Buffer.concat(items.map((item) => this.#encodeOne(item)));
  }

  /** Sends, in order, in one write. */
  send(...items: readonly Sendable[]): void {
    this.write(this.encode(...items));
    // Windows have changed, perhaps.
    this.#wake();
  }

  /** Sends bytes that {@link encode} made. */
  write(bytes: Uint8Array): void {
    if (this.#behindPieces !== undefined) this.#behindPieces.push(bytes);
    else if (!this.socket.destroyed && bytes.length > 0) this.socket.write(bytes);
  }

  /** Sends bytes in pieces, each in a tick of its own. What else is sent meanwhile goes out behind them. */
  async writePieces(pieces: readonly Uint8Array[]): Promise<void> {
    assert.equal(this.#behindPieces, undefined, 'one cut at a time');
    const behind: Uint8Array[] = [];
    this.#behindPieces = behind;
    for (const piece of pieces) {
      if (!this.socket.destroyed) this.socket.write(piece);
      if (pieces.length > 1) await nextTick();
    }
    this.#behindPieces = undefined;
    for (const bytes of behind) this.write(bytes);
  }

  /**
   * Sends a body as the windows open, in frames as large as they may be.
   *
   * @returns bytes sent: fewer than all when the stream was reset, by either side, or the connection ended
   */
  async sendBody(streamId: number, body: Uint8Array, endStream = true): Promise<number> {
    const stopped = () => this.stream(streamId).resetCode !== undefined || this.#abandoned.has(streamId) || this.ended;
    for (let at = 0; ; ) {
      await this.until(`a window for stream ${streamId}`, () => stopped() || this.windows.available(streamId) > 0);
      if (stopped()) return at;
      const bytes = Math.min(body.length - at, this.windows.available(streamId), this.maxFrameBytes);
      const isLast = at + bytes === body.length;
      this.send(data(streamId, body.subarray(at, at + bytes), { endStream: endStream && isLast }));
      at += bytes;
      if (isLast) return at;
    }
  }

  /** What has come on a stream so far. */
  stream(streamId: number): Message {
    let message = this.#messages.get(streamId);
    if (message === undefined) {
      message = new Message(streamId);
      this.#messages.set(streamId, message);
    }
    return message;
  }

  /** Waits until nothing more comes on a stream. */
  async message(streamId: number): Promise<Message> {
    const message = this.stream(streamId);
    await this.until(`the end of stream ${streamId}`, () => message.over);
    return message;
  }

  /** Waits for the head on a stream, or for the end of the stream without one. */
  async head(streamId: number): Promise<Message> {
    const message = this.stream(streamId);
    await this.until(`a head on stream ${streamId}`, () => message.fields.length > 0 || message.over);
    return message;
  }

  /** Waits for the first frame that matches and was not taken before, and takes it. */
  frame(what: string, matches: (frame: Received) => boolean): Promise<Received> {
    return this.until(what, () => {
      const found = this.log.find((frame) => !this.#taken.has(frame) && matches(frame));
      if (found !== undefined) this.#taken.add(found);
      return found;
    });
  }

  /** Waits for a frame with exactly this content, and takes it. */
  expect(wanted: Frame | Block): Promise<Received> {
    return this.frame(describe(wanted), (frame) => isLike(frame, wanted));
  }

  /** Waits for a GOAWAY. */
  async goaway(): Promise<Goaway> {
    const frame = await this.frame('GOAWAY', (each) => each.type === type.FRAME_GOAWAY);
    const text = Buffer.from(frame.payload.subarray(8)).toString('latin1');
    return { lastStreamId: numberAt(frame, 0), code: numberAt(frame, 4), text };
  }

  /** Waits until the other side has ended the connection. */
  async closed(): Promise<void> {
    await this.until('the end of the connection', () => this.ended);
  }

  /** Waits until all that was sent has been read and acted upon: a PING overtakes nothing. */
  async roundTrip(): Promise<void> {
    const payload = String(Math.random()).slice(2, 10).padEnd(8, '0');
    this.send(ping(payload));
    await this.expect(pingAck(payload));
  }

  /** Gives back what DATA has taken of the windows, and goes on to do so by itself. */
  grantAll(): void {
    this.automatic.windows = true;
    for (const streamId of [...this.#owed.keys()]) this.#grant(streamId);
  }

  /** Waits for something that frames bring about. @throws AssertionError with all that came, also when nothing more can */
  until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(() => reject(this.#failure(`${what}: not in time`))), TIMEOUT_MS);
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#waiters.delete(check);
        settle();
      };
      const check = () => {
        const found = look();
        if (this.fault !== undefined) finish(() => reject(this.#failure(what)));
        else if (found !== undefined && found !== false) finish(() => resolve(found));
        else if (this.ended) finish(() => reject(this.#failure(`${what}: the connection has ended`)));
      };
      this.#waiters.add(check);
      check();
    });
  }

  /** Closes the connection. @throws AssertionError when the other side has ever broken a rule */
  close(): void {
    this.socket.destroy();
    if (this.fault !== undefined) throw this.#failure('the connection as a whole');
  }

  /** Streams that the other side has open, as far as this side knows. */
  get active(): number {
    return this.#referee.active;
  }

  #encodeOne(item: Sendable): Uint8Array {
    if (item instanceof Uint8Array) return item;
    if ('fields' in item) {
      const block = this.#writer.write(item.fields, item.options.coding, item.options.huffman);
      return Buffer.concat(framesOfBlock(item, block).map((frame) => this.#encodeOne(frame)));
    }
    this.#referee.sent(item);
    if (item.type === type.FRAME_RST_STREAM) this.#abandoned.add(item.streamId);
    if (item.type === type.FRAME_DATA) this.windows.consume(item.streamId, item.payload.length);
    if (item.type === type.FRAME_SETTINGS && !hasFlag(item, flag.FLAG_ACK)) {
      const size = settingsOf(item).findLast(([id]) => id === setting.SETTING_HEADER_TABLE_SIZE);
      this.#tableBytesOffered.push(size?.[1] ?? -1);
    }
    return frameBytes(item);
  }

  #receive(bytes: Buffer): void {
    try {
      let rest: Buffer | undefined = bytes;
      if (!this.#prefaceSeen) {
        const preface = this.#reader.take(bytes, PREFACE.length);
        if (preface === undefined) return;
        this.#prefaceSeen = true;
        if (!preface.equals(PREFACE)) throw new RangeError(`no preface: ${JSON.stringify(preface.toString('latin1'))}`);
        rest = Buffer.alloc(0);
      }
      for (const frame of this.#reader.add(rest)) this.#take(frame);
      if (this.#reader.isForeign) throw new RangeError(`not HTTP/2: ${this.#reader.rest.toString('latin1')}`);
    } catch (error) {
      this.fault ??= error instanceof Error ? error.message : String(error);
    }
    this.#wake();
  }

  #take(frame: Received): void {
    this.log.push(frame);
    this.fault ??= this.#referee.judge(frame);
    switch (frame.type) {
      case type.FRAME_HEADERS:
      case type.FRAME_CONTINUATION:
        this.#takeBlock(this.#blocks.add(frame));
        return;
      case type.FRAME_DATA:
        this.#takeData(frame);
        return;
      case type.FRAME_RST_STREAM:
        this.stream(frame.streamId).resetCode ??= numberAt(frame, 0);
        return;
      case type.FRAME_SETTINGS:
        this.#takeSettings(frame);
        return;
      case type.FRAME_PING:
        if (this.automatic.pings && !hasFlag(frame, flag.FLAG_ACK)) {
          this.send(pingAck(Buffer.from(frame.payload).toString('latin1')));
        }
        return;
      case type.FRAME_WINDOW_UPDATE:
        this.windows.update(frame.streamId, numberAt(frame, 0));
        return;
      default:
    }
  }

  /** @param head the HEADERS of a block that is whole now */
  #takeBlock(head: Received | undefined): void {
    if (head?.fields === undefined) return;
    const message = this.stream(head.streamId);
    const isTrailers = message.fields.length > 0;
    message.ended = hasFlag(head, flag.FLAG_END_STREAM);
    this.fault ??= this.#referee.judgeFields(head.fields, isTrailers, message.ended);
    message.addFields(head.fields);
    if (!isTrailers && message.fields.length > 0) this.heads.push(message);
  }

  #takeData(frame: Received): void {
    const message = this.stream(frame.streamId);
    message.addData(contentOf(frame));
    message.ended = hasFlag(frame, flag.FLAG_END_STREAM);
    if (frame.payload.length === 0) return;
    for (const id of [0, frame.streamId]) this.#owed.set(id, (this.#owed.get(id) ?? 0) + frame.payload.length);
    if (this.automatic.windows) for (const id of [0, frame.streamId]) this.#grant(id);
  }

  #grant(streamId: number): void {
    const bytes = this.#owed.get(streamId) ?? 0;
    this.#owed.delete(streamId);
    const useless = streamId !== 0 && this.stream(streamId).over;
    if (bytes > 0 && !useless && !this.ended) this.send(windowUpdate(streamId, bytes));
  }

  #takeSettings(frame: Received): void {
    if (hasFlag(frame, flag.FLAG_ACK)) {
      const size = this.#tableBytesOffered.shift() ?? -1;
      if (size >= 0) this.#blocks.limitTable(size);
      return;
    }
    for (const [id, value] of settingsOf(frame)) {
      this.settings.set(id, value);
      if (id === setting.SETTING_INITIAL_WINDOW_SIZE) this.windows.setInitial(value);
      if (id === setting.SETTING_MAX_FRAME_SIZE) this.maxFrameBytes = value;
      if (id === setting.SETTING_HEADER_TABLE_SIZE) this.#writer.limitTable(value);
    }
    if (this.automatic.settings) this.send(settingsAck());
  }

  #end(wasReset: boolean): void {
    this.ended = true;
    this.wasReset ||= wasReset;
    // As everybody does: whoever has said its last waits for that.
    this.socket.end();
    for (const message of this.#messages.values()) message.cut ||= !message.over;
    this.#wake();
  }

  #wake(): void {
    for (const check of [...this.#waiters]) check();
  }

  #failure(what: string): Error {
    const role = this.#isClient ? 'client' : 'server';
    const lines = this.log.slice(-SHOWN_FRAMES).map((frame) => `  ${describe(frame).slice(0, SHOWN_CHARS)}`);
    const skipped = this.log.length > SHOWN_FRAMES ? `  (${this.log.length - SHOWN_FRAMES} earlier ones)\n` : '';
    const state = this.wasReset ? 'reset' : this.ended ? 'ended' : 'open';
    const rest = this.#reader.rest.length > 0 ? `\n  and ${this.#reader.rest.length} bytes of another` : '';
    const fault = this.fault === undefined ? '' : `\nagainst the rules: ${this.fault}`;
    const frames = `${skipped}${lines.join('\n')}${rest}`;
    return new assert.AssertionError({
      message: `${what}${fault}\nThe ${role}'s connection is ${state}; frames that came:\n${frames || '  none'}`,
    });
  }
}
