/**
 * The one door to foreign functions.
 *
 * koffi stands behind it today; Node's own `node:ffi` (26 and later) can take its place by changing this file alone.
 * Declarations must meet koffi's fast path, which costs some 30 ns a call where the slow one costs hundreds: at most
 * six parameters, none of pointer type (addresses travel as `uint64_t` in plain Numbers, exact below 2^53), no output
 * parameter, synchronous, declared once per thread.
 */
import koffi from 'koffi';

/** A foreign function: numbers in, a number out. */
export type ForeignFunction = (...args: number[]) => number;

const library = koffi.load(null);

/**
 * Declares a function of the C library.
 *
 * @param prototype a C prototype without pointer types, e.g. `int close(int fd)`
 * @throws TypeError when the prototype would miss the fast path, Error when the symbol does not exist
 */
export function declare(prototype: string): ForeignFunction {
  const parameters = prototype.slice(prototype.indexOf('(') + 1, prototype.lastIndexOf(')'));
  if (prototype.includes('*') || parameters.split(',').length > 6) {
    throw new TypeError(`not on the fast path of the FFI: ${prototype}`);
  }
  return library.func(prototype) as unknown as ForeignFunction;
}

/**
 * Declares a function that is called seldom: it may have more parameters than the fast path takes.
 *
 * @throws Error when the symbol does not exist
 */
export function declareSeldom(prototype: string): ForeignFunction {
  return library.func(prototype) as unknown as ForeignFunction;
}

/** The calling thread's errno as the last foreign call left it. Read it at once after a call that returned -1. */
export function lastErrno(): number {
  return koffi.errno();
}

/**
 * Memory that the kernel or malloc owns as an ArrayBuffer, without a copy and without a finaliser: it must stay
 * mapped for as long as the thread lives.
 */
export function viewMemory(address: number, byteLength: number): ArrayBuffer {
  return koffi.view(BigInt(address), byteLength);
}
