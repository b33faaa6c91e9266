/**
 * zlib, whose functions Node's own binary exports beside OpenSSL's: calls into it have the shape of system calls, on memory
 * that is named by offsets.
 *
 *     z_stream    0        8          24         32          48   56     64               88         96
 *                 next_in  avail_in   next_out   avail_out   msg  state  zalloc zfree ... data_type  ...   112 bytes
 *
 * The state behind it (some 268 KiB with the usual window) is zlib's, from malloc.
 */
import { declare, declareSeldom, type ForeignFunction } from './ffi.ts';
import type { KernelMemory } from './memory.ts';

const STREAM_BYTES = 112;
const NEXT_IN = 0;
const AVAIL_IN = 2;
const NEXT_OUT = 6;
const AVAIL_OUT = 8;

export const Z_NO_FLUSH = 0;
export const Z_SYNC_FLUSH = 2;
export const Z_FINISH = 4;
const Z_OK = 0;
const Z_STREAM_END = 1;
/** Nothing to do: no error. */
const Z_BUF_ERROR = -5;

const Z_DEFLATED = 8;
const Z_DEFAULT_STRATEGY = 0;
const MEMORY_LEVEL = 8;
const WINDOW_BITS = 15;
/** Added to the window's bits: a gzip header instead of zlib's. */
const GZIP = 16;

/** This Node does not export what is needed. */
export class ZlibError extends Error {}

interface Functions {
  readonly version: ForeignFunction;
  readonly init: ForeignFunction;
  readonly deflate: ForeignFunction;
  readonly reset: ForeignFunction;
  readonly end: ForeignFunction;
}

let functions: Functions | null = null;

/**
 * Finds zlib's functions; further calls cost nothing.
 *
 * @param find how a function is declared; given by tests alone
 * @throws ZlibError when this Node does not export them
 */
export function loadZlib(find: (prototype: string, seldom: boolean) => ForeignFunction = declareEither): void {
  if (functions !== null && find === declareEither) return;
  try {
    const loaded = {
      version: find('uint64_t zlibVersion()', false),
      init: find(
        'int deflateInit2_(uint64_t stream, int level, int method, int window, int memory, int strategy, uint64_t version, int size)',
        true,
      ),
      deflate: find('int deflate(uint64_t stream, int flush)', false),
      reset: find('int deflateReset(uint64_t stream)', false),
      end: find('int deflateEnd(uint64_t stream)', false),
    };
    functions = loaded;
  } catch {
    throw new ZlibError(
      `compression needs zlib's functions, which this Node (${process.version}) does not export: write "compressionLevel: 0" in every http router, or run another build of Node`,
    );
  }
}

function declareEither(prototype: string, seldom: boolean): ForeignFunction {
  return seldom ? declareSeldom(prototype) : declare(prototype);
}

/** One stream that compresses: begun, fed and drained again and again. */
export class Deflate {
  /** It has come to its end: all there is has been written. */
  ended = false;
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #address: number;
  readonly #word: number;
  readonly #functions: Functions;

  /** Bytes of memory that a stream takes at `at`. */
  static readonly streamBytes = 128;

  constructor(memory: KernelMemory, at: number) {
    if (functions === null) throw new Error('loadZlib was not called');
    this.#functions = functions;
    this.#words = memory.words;
    this.#base = memory.base;
    this.#address = memory.base + at;
    this.#word = at >> 2;
  }

  /** Allocates the state. @param level 1 to 9 @returns false when there is no memory for it */
  open(gzip: boolean, level: number): boolean {
    this.#words.fill(0, this.#word, this.#word + STREAM_BYTES / 4);
    const { init, version } = this.#functions;
    const windowBits = gzip ? WINDOW_BITS + GZIP : WINDOW_BITS;
    const address = this.#address;
    this.ended = false;
    return (
      init(address, level, Z_DEFLATED, windowBits, MEMORY_LEVEL, Z_DEFAULT_STRATEGY, version(), STREAM_BYTES) === Z_OK
    );
  }

  /** Begins anew with the same settings. */
  reset(): void {
    this.ended = false;
    this.#functions.reset(this.#address);
  }

  /** Frees the state. */
  close(): void {
    this.#functions.end(this.#address);
  }

  /** Offers bytes; {@link run} takes them. They must lie still until {@link run} has left room in its output. */
  feed(at: number, byteLength: number): void {
    const address = this.#base + at;
    this.#words[this.#word + NEXT_IN] = address;
    this.#words[this.#word + NEXT_IN + 1] = address / 4294967296;
    this.#words[this.#word + AVAIL_IN] = byteLength;
  }

  /**
   * Compresses into memory. As many bytes as there is room for say that there may be more to come.
   *
   * @param flush one of Z_*
   * @returns bytes written
   * @throws Error when zlib's state is broken
   */
  run(at: number, byteLength: number, flush: number): number {
    const address = this.#base + at;
    const words = this.#words;
    words[this.#word + NEXT_OUT] = address;
    words[this.#word + NEXT_OUT + 1] = address / 4294967296;
    words[this.#word + AVAIL_OUT] = byteLength;
    const result = this.#functions.deflate(this.#address, flush);
    if (result === Z_STREAM_END) this.ended = true;
    else if (result !== Z_OK && result !== Z_BUF_ERROR) throw new Error(`deflate answers ${result}`);
    return byteLength - (words[this.#word + AVAIL_OUT] as number);
  }
}
