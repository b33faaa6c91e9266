/**
 * The Huffman code of RFC 7541 appendix B. It is canonical: codes of one length are consecutive numbers in the order of
 * their symbols, and go on with the next length, so the lengths alone determine it.
 *
 *     length 5: '0' 00000, '1' 00001, ... 't' 01001      length 6: ' ' 010100, '%' 010101, ...      EOS: 30 ones
 */

/** The symbol that no string may hold. */
export const EOS = 256;

const CODE_BITS_MIN = 5;
const CODE_BITS_MAX = 30;
const SYMBOLS = 257;

/** Bits of the code of each symbol. */
export const CODE_BITS: Uint8Array = Uint8Array.from([
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
]);

/** The code of each symbol, in the topmost bits of a 32-bit word. */
export const CODES: Int32Array = new Int32Array(SYMBOLS);

/** Codes have five bits and more, so eight bits end two symbols at most. */
export const SYMBOLS_PER_STEP = 2;
/** Bits of a step's entry that hold how many symbols it ends. */
export const STEP_COUNT_SHIFT = 16;
export const STEP_COUNT_MASK = 3;
/** What brings an entry's next state to where it is part of the next entry's place, and what it is then. */
export const STEP_STATE_SHIFT = 10;
export const STEP_STATE_MASK = 0x1ff00;

/** Once EOS was seen, a string is in this state to its end. The others are the inner nodes of the code's tree. */
const STATE_FAILED = SYMBOLS - 1;
const STATES = SYMBOLS;
const PADDING_BITS_MAX = 7;

/**
 * Eight bits of a string at a time: at `state * 256 + byte`, what the byte does in that state.
 *
 *     bit 31 ... 27 26 ........ 18 17  16 15 .......... 8  7 ........... 0
 *         |    -   |  next state  | count |  second symbol | first symbol |
 *
 * A quarter of a mebibyte, of which headers mostly use the same small part. A table for 12 bits at a time, 16 KiB, was
 * measured too: slower by a tenth to a third, but faster by as much when four megabytes of other data came in between.
 */
export const STEPS: Int32Array = new Int32Array(STATES * 256);

/** Per state: 1 when a string may end there: after a symbol, or within one after seven ones at most. */
export const MAY_END: Uint8Array = new Uint8Array(STATES);

/** Per inner node, what a 0 and a 1 lead to: another node, or a symbol as `LEAF + symbol`. */
type Tree = [number, number][];
const LEAF = 1024;

function buildCodes(): void {
  let code = 0;
  for (let bits = CODE_BITS_MIN; bits <= CODE_BITS_MAX; bits++) {
    for (let symbol = 0; symbol < SYMBOLS; symbol++) {
      if (CODE_BITS[symbol] === bits) CODES[symbol] = code++ << (32 - bits);
    }
    code *= 2;
  }
}

function buildTree(): Tree {
  const tree: Tree = [[0, 0]];
  for (let symbol = 0; symbol < SYMBOLS; symbol++) {
    const last = CODE_BITS[symbol]! - 1;
    let node = tree[0]!;
    for (let place = 0; place < last; place++) {
      const bit = (CODES[symbol]! >>> (31 - place)) & 1;
      if (node[bit] === 0) node[bit] = tree.push([0, 0]) - 1;
      node = tree[node[bit]!]!;
    }
    node[(CODES[symbol]! >>> (31 - last)) & 1] = LEAF + symbol;
  }
  return tree;
}

function stepOf(tree: Tree, state: number, byte: number): number {
  let node = state;
  let symbols = 0;
  let count = 0;
  for (let place = 7; place >= 0; place--) {
    const next = tree[node]![(byte >>> place) & 1]!;
    if (next === LEAF + EOS) return STATE_FAILED << 18;
    node = next < LEAF ? next : 0;
    if (next >= LEAF) symbols |= (next - LEAF) << (8 * count++);
  }
  return symbols | (count << STEP_COUNT_SHIFT) | (node << 18);
}

function buildSteps(tree: Tree): void {
  for (let byte = 0; byte < 256; byte++) {
    for (let state = 0; state < STATE_FAILED; state++) STEPS[state * 256 + byte] = stepOf(tree, state, byte);
    STEPS[STATE_FAILED * 256 + byte] = STATE_FAILED << 18;
  }
  let state = 0;
  for (let ones = 0; ones <= PADDING_BITS_MAX; ones++) {
    MAY_END[state] = 1;
    state = tree[state]![1];
  }
}

buildCodes();
buildSteps(buildTree());
