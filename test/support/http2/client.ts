/** A client that speaks frames: a connection to Weft, and short ways to send a request and to wait for its response. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { IP } from '../weft.ts';
import { type BlockOptions, data, type Field, type Fields, fieldList, headers } from './frames.ts';
import type { Message } from './message.ts';
import { Http2Peer, type PeerOptions } from './peer.ts';

/** A request, as far as it is not a GET of `/`. */
export interface Request {
  readonly method?: string;
  readonly path?: string;
  readonly scheme?: string;
  readonly fields?: Fields;
  /** Sent at once, in one frame: for small ones. */
  readonly body?: string;
  readonly trailers?: Fields;
  /** The stream stays open on the client's side. */
  readonly open?: boolean;
  /** Of the head's block. */
  readonly block?: BlockOptions;
}

/** The fields of a request's head. */
export function requestFields(authority: string, request: Request = {}): Field[] {
  const { method = 'GET', path = '/', scheme = 'http', fields = {} } = request;
  return [[':method', method], [':scheme', scheme], [':authority', authority], [':path', path], ...fieldList(fields)];
}

/** One connection. */
export class Http2Client extends Http2Peer {
  #nextId = 1;

  /** Connects. */
  static async open(port: number, options: PeerOptions = {}): Promise<Http2Client> {
    const socket = connect({ port, host: IP, allowHalfOpen: true, noDelay: true });
    await once(socket, 'connect');
    return new Http2Client(socket, true, options);
  }

  /** Takes the next stream id. */
  nextId(): number {
    const id = this.#nextId;
    this.#nextId += 2;
    return id;
  }

  /** Sends a request on the next stream. @returns the stream's id */
  begin(authority: string, request: Request = {}): number {
    const id = this.nextId();
    const { body, trailers, open = false } = request;
    const isBare = body === undefined && trailers === undefined && !open;
    this.send(
      headers(id, requestFields(authority, request), { ...request.block, endStream: isBare }),
      ...(body === undefined ? [] : [data(id, body, { endStream: trailers === undefined && !open })]),
      ...(trailers === undefined ? [] : [headers(id, trailers, { endStream: true })]),
    );
    return id;
  }

  /** Sends a request and waits for all that comes of it. */
  ask(authority: string, request: Request = {}): Promise<Message> {
    return this.message(this.begin(authority, request));
  }
}
