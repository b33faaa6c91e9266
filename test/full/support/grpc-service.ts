/**
 * A gRPC service of @grpc/grpc-js and its client, with a method for each shape of call and one that never answers.
 * Messages are bytes: what they mean is nothing that a proxy could spoil.
 */
import type { EventEmitter } from 'node:events';
import * as grpc from '@grpc/grpc-js';
import { IP } from '../../support/weft.ts';

/** Metadata of this name is sent back, at the head and behind the messages. */
export const ECHOED = 'x-echo';
/** Messages may be of any length. */
const UNBOUNDED = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
const STREAM_MESSAGE_BYTES = 10_000;

const same = (message: Buffer) => message;

function method(name: string, requestStream: boolean, responseStream: boolean): grpc.MethodDefinition<Buffer, Buffer> {
  const path = `/weft.Test/${name}`;
  const codec = {
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  return { path, requestStream, responseStream, ...codec };
}

const METHODS = {
  unary: method('Unary', false, false),
  collect: method('Collect', true, false),
  produce: method('Produce', false, true),
  chat: method('Chat', true, true),
  never: method('Never', false, false),
  fail: method('Fail', false, false),
} satisfies grpc.ServiceDefinition;

/** The server. */
export class GrpcServer {
  readonly port: number;
  /** Chats and calls that never end, open at the moment. */
  open = 0;
  /** The most of them at one time. */
  mostOpen = 0;
  /** Calls that were cancelled before they were answered. */
  cancelled = 0;
  /** Time that callers gave to calls that never end, in order. */
  readonly allowancesMs: number[] = [];
  readonly #server: grpc.Server;

  private constructor(server: grpc.Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(): Promise<GrpcServer> {
    const server = new grpc.Server(UNBOUNDED);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`${IP}:0`, grpc.ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
    const started = new GrpcServer(server, port);
    server.addService(METHODS, started.#handlers());
    return started;
  }

  /** As a line of a disco file. */
  get disco(): string {
    return `${IP} ${this.port}`;
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #handlers(): grpc.UntypedServiceImplementation {
    return {
      unary: (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
        call.sendMetadata(echoOf(call.metadata));
        callback(null, call.request, echoOf(call.metadata));
      },
      collect: (call: grpc.ServerReadableStream<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
        let sum = 0;
        call.on('data', (message: Buffer) => {
          sum += message.length;
        });
        call.on('end', () => callback(null, Buffer.from(String(sum))));
      },
      produce: (call: grpc.ServerWritableStream<Buffer, Buffer>) => this.#produce(call),
      chat: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
        this.#opened(call);
        call.on('data', (message: Buffer) => call.write(message));
        call.on('end', () => call.end());
      },
      never: (call: grpc.ServerUnaryCall<Buffer, Buffer>) => {
        this.#opened(call);
        this.allowancesMs.push(Number(call.getDeadline()) - Date.now());
      },
      fail: (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
        const status = { code: call.request[0] ?? 0, details: call.request.subarray(1).toString() };
        callback({ ...status, metadata: echoOf(call.metadata) });
      },
    };
  }

  /** Sends as many messages as the request says, no faster than they are taken. */
  #produce(call: grpc.ServerWritableStream<Buffer, Buffer>): void {
    this.#opened(call);
    let left = Number(call.request);
    const more = () => {
      while (left > 0 && !call.cancelled) {
        left--;
        if (!call.write(Buffer.alloc(STREAM_MESSAGE_BYTES, left % 256))) {
          call.once('drain', more);
          return;
        }
      }
      call.end();
    };
    more();
  }

  /** Counts a call. It is over when its answer is given to the kernel whole, or when it is cancelled, whichever comes first. */
  #opened(call: EventEmitter): void {
    this.open++;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    let over = false;
    const end = (cancelled: boolean) => {
      if (over) return;
      over = true;
      this.open--;
      if (cancelled) this.cancelled++;
    };
    call.on('cancelled', () => end(true));
    call.on('finish', () => end(false));
  }
}

function echoOf(metadata: grpc.Metadata): grpc.Metadata {
  const echo = new grpc.Metadata();
  for (const name of [ECHOED, `${ECHOED}-bin`]) for (const value of metadata.get(name)) echo.add(name, value);
  return echo;
}

/** What a unary call has brought. */
export interface Answer {
  readonly message: Buffer;
  readonly head: grpc.Metadata;
  readonly trailers: grpc.Metadata;
}

/** A client with a connection of its own. */
export class GrpcClient {
  readonly #client: grpc.Client;

  /** @param authority the name to ask for; what it connects to unless given */
  constructor(port: number, authority?: string) {
    const name = authority === undefined ? {} : { 'grpc.default_authority': authority };
    const options = { ...UNBOUNDED, 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_retries': 0, ...name };
    this.#client = new grpc.Client(`${IP}:${port}`, grpc.credentials.createInsecure(), options);
  }

  close(): void {
    this.#client.close();
  }

  /** @throws a grpc.ServiceError with its code */
  call(
    name: 'unary' | 'never' | 'fail',
    message: Buffer,
    metadata: grpc.Metadata = new grpc.Metadata(),
    options: grpc.CallOptions = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      let head = new grpc.Metadata();
      let trailers = new grpc.Metadata();
      let answer: Buffer | undefined;
      const { path } = METHODS[name];
      const call = this.#client.makeUnaryRequest(path, same, same, message, metadata, options, (error, value) => {
        answer = value;
        if (error) reject(error);
      });
      call.on('metadata', (received: grpc.Metadata) => {
        head = received;
      });
      call.on('status', (status: grpc.StatusObject) => {
        trailers = status.metadata;
        // The callback may come behind it.
        setImmediate(() => {
          if (answer !== undefined) resolve({ message: answer, head, trailers });
        });
      });
    });
  }

  /** Sends messages. @returns the answer to all of them */
  collect(messages: Iterable<Buffer>): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeClientStreamRequest<Buffer, Buffer>(
        METHODS.collect.path,
        same,
        same,
        (error, value) => {
          if (error) reject(error);
          else resolve(value as Buffer);
        },
      );
      for (const message of messages) call.write(message);
      call.end();
    });
  }

  /** @param count messages that are asked for */
  produce(count: number): grpc.ClientReadableStream<Buffer> {
    return this.#client.makeServerStreamRequest(METHODS.produce.path, same, same, Buffer.from(String(count)));
  }

  chat(): grpc.ClientDuplexStream<Buffer, Buffer> {
    return this.#client.makeBidiStreamRequest(METHODS.chat.path, same, same);
  }
}
