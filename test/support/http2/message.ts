/**
 * What came on one stream, put together as it comes: a request or a response (RFC 9113 section 8.1).
 *
 *     HEADERS (1xx)* HEADERS  DATA*  HEADERS?     and how it ended: END_STREAM, RST_STREAM, or with its connection
 *     informational  fields   body   trailers
 */
import type { Field } from './frames.ts';

/** A message. It grows until it is over. */
export class Message {
  readonly streamId: number;
  /** Heads of 1xx responses. */
  readonly informational: (readonly Field[])[] = [];
  /** The head's, with the pseudo-header fields; empty until it came. */
  fields: readonly Field[] = [];
  /** Undefined when there are none. */
  trailers: readonly Field[] | undefined = undefined;
  /** END_STREAM has come. */
  ended = false;
  /** The code of the RST_STREAM that came. */
  resetCode: number | undefined = undefined;
  /** The connection has ended. */
  cut = false;
  /** Content of DATA, padding left out. */
  bodyBytes = 0;
  readonly #data: Buffer[] = [];

  constructor(streamId: number) {
    this.streamId = streamId;
  }

  /** Nothing more comes. */
  get over(): boolean {
    return this.ended || this.cut || this.resetCode !== undefined;
  }

  /** The body so far, one character for each byte. */
  get body(): string {
    return this.bytes.toString('latin1');
  }

  /** The body so far. */
  get bytes(): Buffer {
    return Buffer.concat(this.#data);
  }

  /** Of a response; 0 before its head. */
  get status(): number {
    return Number(this.value(':status') ?? 0);
  }

  /** The value of a field of the head; undefined when it is not there. @throws RangeError when it is there more than once */
  value(name: string): string | undefined {
    const values = this.values(name);
    if (values.length > 1) throw new RangeError(`${name} is there ${values.length} times`);
    return values[0];
  }

  /** All values of a field of the head, in order. */
  values(name: string): string[] {
    return this.fields.filter(([field]) => field === name).map(([, value]) => value);
  }

  /** The value of a trailer. */
  trailer(name: string): string | undefined {
    return this.trailers?.find(([field]) => field === name)?.[1];
  }

  /** How it stands, in a few words. */
  get summary(): string {
    const end =
      this.resetCode !== undefined ? `reset ${this.resetCode}` : this.ended ? 'ended' : this.cut ? 'cut' : 'open';
    return `stream ${this.streamId}: ${this.status || 'no head'}, ${this.bodyBytes} bytes, ${end}`;
  }

  /** HEADERS came. */
  addFields(fields: readonly Field[]): void {
    if (this.fields.length > 0) this.trailers = fields;
    else if (fields.some(([name, value]) => name === ':status' && value.startsWith('1'))) {
      this.informational.push(fields);
    } else this.fields = fields;
  }

  /** DATA came. */
  addData(content: Buffer): void {
    this.bodyBytes += content.length;
    this.#data.push(content);
  }
}
