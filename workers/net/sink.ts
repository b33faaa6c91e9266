/**
 * Where the bytes of a message go: the socket of an HTTP/1 connection, or a stream of an HTTP/2 one. Two interfaces, because
 * what is cheap differs: HTTP/1 passes on bytes as they were framed, HTTP/2 frames content anew.
 */

/** Takes the bytes of an HTTP/1 message, or of its body alone. */
export interface Sink {
  /** It is gone: what is written is dropped. */
  readonly closed: boolean;
  /** Bytes that wait here for the receiver. */
  readonly outputBytes: number;
  /** Sends bytes or queues them. @returns false when it ended over it */
  write(at: number, byteLength: number): boolean;
  /** Sends bytes of the read buffer, which stay where they are until the end of the tick. @returns as {@link write} */
  writeReceived(at: number, byteLength: number): boolean;
}

/** Takes the content of an HTTP/2 message: what its DATA frames carry. */
export interface Outlet {
  /**
   * Sends content, or queues what there is no window or room for.
   *
   * @param inPlace the content lies in the read buffer, with nine bytes in front of it that a frame header may take
   * @returns bytes that are taken; for the others `BodySource.taken` is called when they are
   */
  sendContent(at: number, byteLength: number, endStream: boolean, inPlace: boolean): number;
}

/** Whoever has handed content to an {@link Outlet}. */
export interface BodySource {
  /** So many bytes more have left the outlet's queue. */
  taken(byteLength: number): void;
}
