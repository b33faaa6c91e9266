/**
 * Holds whoever is tested to RFC 9113: every frame that comes is judged by what was sent and told before. It shares no rule
 * with Weft's own code, and judges only what the peer can know: a frame that may have crossed one of ours is allowed.
 */
import * as flag from '../../../core/http2/frame-flags.ts';
import * as type from '../../../core/http2/frame-types.ts';
import * as setting from '../../../core/http2/setting-ids.ts';
import type { Field, Frame } from './frames.ts';
import { describe, hasFlag, numberAt, type Received, settingsOf } from './received.ts';
import { Windows } from './windows.ts';

const MAX_FRAME_BYTES = 16384;
const WINDOW_MAX = 0x7fffffff;
const CONNECTION_FIELDS = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'];
const PSEUDO = {
  request: [':method', ':scheme', ':authority', ':path'],
  response: [':status'],
};

/** What is known of a stream. */
interface Stream {
  headSeen: boolean;
  endedByUs: boolean;
  endedByPeer: boolean;
  resetByUs: boolean;
  resetByPeer: boolean;
}

/** The judge of one connection. */
export class Referee {
  readonly #peerIsClient: boolean;
  readonly #streams = new Map<number, Stream>();
  /** What the peer may send. */
  readonly #windows = new Windows();
  /** What we may send: its windows may not rise too high. */
  readonly #granted = new Windows();
  /** SETTINGS that we sent and that are not acknowledged. */
  readonly #unacknowledged: Frame[] = [];
  readonly #pings: Buffer[] = [];
  #maxFrameBytes = MAX_FRAME_BYTES;
  #streamsMax = Number.POSITIVE_INFINITY;
  #highest = 0;
  #goawayLast = WINDOW_MAX;
  #blockStreamId = 0;
  #settingsSeen = false;

  constructor(peerIsClient: boolean) {
    this.#peerIsClient = peerIsClient;
  }

  /** Notes a frame that we sent. */
  sent(frame: Frame): void {
    const { streamId } = frame;
    switch (frame.type) {
      case type.FRAME_HEADERS:
      case type.FRAME_DATA: {
        const stream = this.#stream(streamId);
        stream.endedByUs ||= hasFlag(frame, flag.FLAG_END_STREAM);
        if (frame.type === type.FRAME_DATA) this.#granted.consume(streamId, frame.payload.length);
        return;
      }
      case type.FRAME_RST_STREAM:
        this.#stream(streamId).resetByUs = true;
        return;
      case type.FRAME_SETTINGS:
        if (!hasFlag(frame, flag.FLAG_ACK)) this.#unacknowledged.push(frame);
        return;
      case type.FRAME_PING:
        if (!hasFlag(frame, flag.FLAG_ACK)) this.#pings.push(Buffer.from(frame.payload));
        return;
      case type.FRAME_WINDOW_UPDATE:
        this.#windows.update(streamId, numberAt(frame, 0) & WINDOW_MAX);
        return;
      default:
    }
  }

  /** Judges a frame that came. @returns what is wrong with it, or undefined */
  judge(frame: Received): string | undefined {
    const fault = this.#judgeOrder(frame) ?? this.#judgeFrame(frame);
    return fault === undefined ? undefined : `${fault}: ${describe(frame)}`;
  }

  /** Judges the fields of a header block. @returns what is wrong with them, or undefined */
  judgeFields(fields: readonly Field[], isTrailers: boolean, endStream: boolean): string | undefined {
    if (isTrailers && !endStream) return 'trailers without END_STREAM';
    const allowed = isTrailers ? [] : PSEUDO[this.#peerIsClient ? 'request' : 'response'];
    const firstRegular = fields.findIndex(([name]) => !name.startsWith(':'));
    for (const [i, [name, value]] of fields.entries()) {
      if (name.startsWith(':')) {
        if (!allowed.includes(name)) return `${name} where it may not be`;
        if (firstRegular >= 0 && i > firstRegular) return `${name} behind a regular field`;
        if (fields.filter(([other]) => other === name).length > 1) return `${name} twice`;
      } else {
        if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) return `a bad name ${JSON.stringify(name)}`;
        if (CONNECTION_FIELDS.includes(name) || (name === 'te' && value.toLowerCase() !== 'trailers'))
          return `the field ${name}`;
      }
      // biome reads a class with control characters as a mistake.
      if ([...value].some((char) => '\0\r\n'.includes(char)) || value !== value.trim()) return `a bad value of ${name}`;
    }
    return undefined;
  }

  /** Streams that the peer has open. */
  get active(): number {
    return [...this.#streams.values()].filter(isActive).length;
  }

  #judgeOrder(frame: Received): string | undefined {
    if (frame.payload.length > this.#maxFrameBytes) return `a frame above ${this.#maxFrameBytes} bytes`;
    const isAck = hasFlag(frame, flag.FLAG_ACK);
    if (!this.#settingsSeen && (frame.type !== type.FRAME_SETTINGS || isAck)) return 'the first frame is not SETTINGS';
    this.#settingsSeen = true;
    const within = this.#blockStreamId;
    if (within !== 0 && (frame.type !== type.FRAME_CONTINUATION || frame.streamId !== within)) {
      return 'within a header block';
    }
    if (within === 0 && frame.type === type.FRAME_CONTINUATION) return 'outside a header block';
    if (frame.type === type.FRAME_HEADERS || within !== 0) {
      this.#blockStreamId = hasFlag(frame, flag.FLAG_END_HEADERS) ? 0 : frame.streamId;
    }
    return undefined;
  }

  #judgeFrame(frame: Received): string | undefined {
    const { streamId, payload } = frame;
    const onConnection = frame.type === type.FRAME_SETTINGS || frame.type === type.FRAME_PING;
    if (onConnection !== (streamId === 0) && frame.type < type.FRAME_GOAWAY) return 'on a stream that it is not for';
    switch (frame.type) {
      case type.FRAME_DATA:
        return this.#judgeData(frame);
      case type.FRAME_HEADERS:
        return this.#judgeHeaders(frame);
      case type.FRAME_CONTINUATION:
        return undefined;
      case type.FRAME_RST_STREAM:
        return this.#judgeReset(frame);
      case type.FRAME_SETTINGS:
        return this.#judgeSettings(frame);
      case type.FRAME_PING:
        return payload.length === 8 && this.#isExpectedPing(frame) ? undefined : 'no proper PING';
      case type.FRAME_GOAWAY:
        return this.#judgeGoaway(frame);
      case type.FRAME_WINDOW_UPDATE:
        return this.#judgeWindowUpdate(frame);
      default:
        return 'a frame that nobody asked for';
    }
  }

  #judgeData(frame: Received): string | undefined {
    const { streamId, payload } = frame;
    const stream = this.#streams.get(streamId);
    if (stream === undefined || !stream.headSeen) return 'DATA without a head';
    if (stream.endedByPeer || stream.resetByPeer) return 'DATA on a stream that has ended';
    this.#windows.consume(streamId, payload.length);
    if (payload.length > 0 && this.#windows.of(0) < 0) return 'DATA beyond the window of the connection';
    if (payload.length > 0 && this.#windows.of(streamId) < 0) return 'DATA beyond the window of the stream';
    stream.endedByPeer = hasFlag(frame, flag.FLAG_END_STREAM);
    return undefined;
  }

  #judgeHeaders(frame: Received): string | undefined {
    const { streamId } = frame;
    let stream = this.#streams.get(streamId);
    if (stream === undefined) {
      if (!this.#peerIsClient) return 'HEADERS on a stream that was not opened';
      if (streamId % 2 === 0 || streamId <= this.#highest) return 'a stream id that may not be opened';
      this.#highest = streamId;
      stream = this.#stream(streamId);
      if (this.active > this.#streamsMax) return `more than ${this.#streamsMax} streams`;
    }
    if (stream.endedByPeer || stream.resetByPeer) return 'HEADERS on a stream that has ended';
    stream.headSeen = true;
    stream.endedByPeer = hasFlag(frame, flag.FLAG_END_STREAM);
    return undefined;
  }

  #judgeReset(frame: Received): string | undefined {
    if (frame.payload.length !== 4) return 'RST_STREAM of another length';
    const stream = this.#streams.get(frame.streamId);
    if (stream === undefined) return 'RST_STREAM on an idle stream';
    if (stream.resetByPeer) return 'a second RST_STREAM';
    stream.resetByPeer = true;
    return undefined;
  }

  #judgeSettings(frame: Received): string | undefined {
    if (hasFlag(frame, flag.FLAG_ACK)) {
      const acknowledged = this.#unacknowledged.shift();
      if (acknowledged === undefined || frame.payload.length > 0) return 'an acknowledgement of nothing';
      for (const [id, value] of settingsOf(acknowledged)) this.#inForce(id, value);
      return undefined;
    }
    if (frame.payload.length % 6 !== 0) return 'SETTINGS of a broken length';
    for (const [id, value] of settingsOf(frame)) {
      if (id === setting.SETTING_INITIAL_WINDOW_SIZE) this.#granted.setInitial(value);
      if (id === setting.SETTING_ENABLE_PUSH && value !== 0) return 'ENABLE_PUSH';
    }
    return undefined;
  }

  #inForce(id: number, value: number): void {
    if (id === setting.SETTING_INITIAL_WINDOW_SIZE) this.#windows.setInitial(value);
    if (id === setting.SETTING_MAX_FRAME_SIZE) this.#maxFrameBytes = value;
    if (id === setting.SETTING_MAX_CONCURRENT_STREAMS) this.#streamsMax = value;
  }

  #isExpectedPing(frame: Received): boolean {
    if (!hasFlag(frame, flag.FLAG_ACK)) return true;
    return this.#pings.shift()?.equals(frame.payload) === true;
  }

  #judgeGoaway(frame: Received): string | undefined {
    const last = numberAt(frame, 0);
    if (frame.streamId !== 0 || frame.payload.length < 8 || last > this.#goawayLast) return 'no proper GOAWAY';
    this.#goawayLast = last;
    return undefined;
  }

  #judgeWindowUpdate(frame: Received): string | undefined {
    const { streamId } = frame;
    const increment = numberAt(frame, 0);
    if (frame.payload.length !== 4 || increment === 0 || increment > WINDOW_MAX) return 'no proper WINDOW_UPDATE';
    if (streamId !== 0 && !this.#streams.has(streamId)) return 'WINDOW_UPDATE on an idle stream';
    this.#granted.update(streamId, increment);
    return this.#granted.of(streamId) > WINDOW_MAX ? 'a window above 2^31-1' : undefined;
  }

  #stream(streamId: number): Stream {
    let stream = this.#streams.get(streamId);
    if (stream === undefined) {
      stream = { headSeen: false, endedByUs: false, endedByPeer: false, resetByUs: false, resetByPeer: false };
      this.#streams.set(streamId, stream);
    }
    return stream;
  }
}

function isActive(stream: Stream): boolean {
  return !stream.resetByUs && !stream.resetByPeer && !(stream.endedByUs && stream.endedByPeer);
}
