/**
 * The random numbers of the hot path: sfc32 (Chris Doty-Humphrey's Small Fast Counting generator, 128 bits of state,
 * passes PractRand), because it needs only 32-bit additions, shifts and no 64-bit product, allocates nothing, and
 * makes every draw repeatable from its seed. Not for secrets.
 *
 *     t = a + b + counter;  a = b ^ (b >>> 9);  b = c * 9;  c = rotl(c, 21) + t;  counter += 1;  output t
 */

const SCALE = 2 ** -32;

/** A seeded stream of random numbers. One per thread. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  /** @param seed any 32 bits; equal seeds give equal streams */
  constructor(seed: number) {
    this.a = 0;
    this.b = seed | 0;
    this.c = 0x2545f491;
    this.counter = 1;
    for (let round = 0; round < 15; round += 1) this.nextInt32();
  }

  /** 32 random bits as a signed integer. */
  nextInt32(): number {
    const t = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + t) | 0;
    return t;
  }

  /** Uniform in [0, 1), in steps of 2^-32. */
  unit(): number {
    return (this.nextInt32() >>> 0) * SCALE;
  }

  /**
   * Uniform whole number in [0, n). Biased by at most n / 2^32, which no balancer can notice.
   *
   * @param n from 1 to 2^21, so that the product below stays exact
   */
  below(n: number): number {
    return ((this.nextInt32() >>> 0) * SCALE * n) | 0;
  }
}
