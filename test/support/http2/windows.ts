/** The flow-control windows of one direction of a connection (RFC 9113 section 6.9): what may be sent, or what may come. */
import { WINDOW_BYTES_INITIAL } from '../../../core/http2/settings.ts';

/** Windows of the connection (stream 0) and of its streams. */
export class Windows {
  readonly #byStream = new Map<number, number>([[0, WINDOW_BYTES_INITIAL]]);
  #initial = WINDOW_BYTES_INITIAL;

  /** Bytes of the window; negative after a SETTINGS change. */
  of(streamId: number): number {
    return this.#byStream.get(streamId) ?? this.#initial;
  }

  /** What DATA of a stream may be: the lesser of its window and the connection's. */
  available(streamId: number): number {
    return Math.min(this.of(streamId), this.of(0));
  }

  /** DATA of that length went. */
  consume(streamId: number, bytes: number): void {
    for (const id of [0, streamId]) this.#byStream.set(id, this.of(id) - bytes);
  }

  /** WINDOW_UPDATE. */
  update(streamId: number, increment: number): void {
    this.#byStream.set(streamId, this.of(streamId) + increment);
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE: changes all windows but the connection's. */
  setInitial(bytes: number): void {
    for (const [id, window] of this.#byStream) {
      if (id !== 0) this.#byStream.set(id, window - this.#initial + bytes);
    }
    this.#initial = bytes;
  }
}
