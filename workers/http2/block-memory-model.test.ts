/**
 * Blocks that are recognised against a decoder that decodes each of them: a wrong hit would be a request routed wrongly. The
 * receivers here do as http2-connection.ts and server-connection.ts do; recognised-blocks.test.ts has the real ones.
 *
 *     encoder --block--> receiver: find, skip, or catch up and decode    } the same fields, or the same refusal,
 *                \-----> a decoder that decodes all of them              } block by block
 *
 * WEFT_FUZZ_CASES sets the number of cases, WEFT_FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { entriesOf, hexBytes, TestDecoder, TestEncoder, type TestField } from '../../core/http2/hpack/test-codec.ts';
import { IndexingEncoder } from '../../core/http2/hpack/test-indexing-encoder.ts';
import { BlockMemory, KnownBlock, type Remembered, SkippedBlocks } from './block-memory.ts';

const { WEFT_FUZZ_CASES = '300', WEFT_FUZZ_SEED = String(Date.now() % 2147483647) } = process.env;
const RUN = { seed: Number(WEFT_FUZZ_SEED), numRuns: Number(WEFT_FUZZ_CASES) };
const CONNECTIONS = 3;
/** Times that a block comes for a slot's owner to give way. */
const CONTESTS = 8;

/** What is made of a block here: its fields. */
interface Known extends Remembered {
  readonly fields: readonly TestField[];
}

/** How often blocks were recognised, of which sort. */
const hits = { shared: 0, own: 0, inserting: 0, caughtUp: 0 };
const SORTS = ['shared', 'own', 'inserting', 'caughtUp'] as const;
let seeds = 0;

/** One connection's receiving end. */
class Receiver {
  readonly codec: TestDecoder;
  readonly skipped = new SkippedBlocks();
  readonly #memory: BlockMemory<Known>;
  readonly #seed = Math.imul(++seeds, 0x9e3779b1);

  constructor(memory: BlockMemory<Known>, codec: TestDecoder) {
    this.#memory = memory;
    this.codec = codec;
    codec.decoder.reset();
  }

  /** @returns the block's fields, null when it is refused */
  receive(block: Uint8Array, endStream: boolean): readonly TestField[] | null {
    const { decoder } = this.codec;
    const memory = this.#memory;
    const known = memory.find(block, 0, block.length, endStream, decoder, this.#seed, this.skipped.isEmpty);
    if (known !== null) return this.#recognise(known, endStream);
    const { recurring } = memory;
    this.catchUp();
    if (this.codec.decode(block) !== 0) return null;
    const { fields } = this.codec;
    if (recurring && memory.admits(decoder)) {
      memory.remember({ block: new KnownBlock(block.slice(), endStream, decoder), fields }, decoder);
    }
    return fields;
  }

  #recognise(known: Known, endStream: boolean): readonly TestField[] {
    const { block } = known;
    assert.equal(block.endStream, endStream);
    if (block.decoder === null) hits.shared++;
    else hits.own++;
    if (block.insertedBytes === 0) return known.fields;
    hits.inserting++;
    this.skipped.add(block, this.codec.decoder.table.maxSize);
    return known.fields;
  }

  catchUp(): void {
    if (this.skipped.isEmpty) return;
    hits.caughtUp++;
    for (const { bytes } of this.skipped.takeAll()) assert.equal(this.codec.decode(bytes), 0);
  }
}

/** A message: its fields, for who encodes, and a block for who sends bytes as they are. */
interface Message {
  readonly fields: readonly TestField[];
  readonly block: Uint8Array;
}

interface Encoder {
  /** @param anew put everything into the table once more, if that is in the encoder's hands */
  encode(message: Message, anew: boolean): Uint8Array;
  limit(bytes: number): void;
}

const KINDS = ['ours', 'ours, compressed', 'indexing', 'raw', 'without a table'] as const;
type Kind = (typeof KINDS)[number];

function createEncoder(kind: Kind): Encoder {
  if (kind === 'raw') return { encode: ({ block }) => block, limit: () => {} };
  if (kind === 'indexing') {
    const encoder = new IndexingEncoder();
    return {
      encode: ({ fields }, anew) => encoder.encode(fields, anew),
      limit: (bytes) => encoder.limitTableSize(bytes),
    };
  }
  const codec = new TestEncoder(kind === 'without a table' ? 0 : 4096, kind === 'ours, compressed');
  return {
    encode: ({ fields }) => codec.encode(fields) ?? assert.fail('no room for a block'),
    limit: (bytes) => codec.encoder.limitTableSize(bytes),
  };
}

/** A connection: who sends, who receives, and who decodes everything. */
class Line {
  readonly receiver: Receiver;
  readonly #encoder: Encoder;
  readonly #reference = new TestDecoder();
  #limit = 4096;

  constructor(memory: BlockMemory<Known>, codec: TestDecoder, kind: Kind) {
    this.#encoder = createEncoder(kind);
    this.receiver = new Receiver(memory, codec);
    if (kind !== 'raw') return;
    // Something to refer to.
    const first = hexBytes('4001610139 4001620138 4001630137');
    assert.equal(this.#reference.decode(first), 0);
    this.receiver.receive(first, true);
  }

  /** @returns false when the block was refused, rightly: the connection is over */
  send(message: Message, endStream: boolean, anew: boolean): boolean {
    const block = this.#encoder.encode(message, anew);
    const refused = this.#reference.decode(block) !== 0;
    assert.deepEqual(this.receiver.receive(block, endStream), refused ? null : this.#reference.fields);
    return !refused;
  }

  /** The sender makes its table smaller or larger: of itself, or because it was told to. */
  resize(bytes: number, told: boolean): void {
    if (told) {
      this.#limit = bytes;
      // What came before was not bound by it.
      this.receiver.catchUp();
      this.#reference.decoder.limitTableSize(bytes);
      this.receiver.codec.decoder.limitTableSize(bytes);
    }
    this.#encoder.limit(Math.min(bytes, this.#limit));
  }

  /** The tables are the same, once what was skipped is made up for. */
  check(): void {
    this.receiver.catchUp();
    assert.deepEqual(entriesOf(this.receiver.codec.decoder.table), entriesOf(this.#reference.decoder.table));
  }
}

const names = ['x-a', 'x-b', ':path', ':authority', 'user-agent', 'cookie', 'authorization', 'l5d-reqid'];
const values = ['', '1', '2', 'blue', '/a', '/b', 'a-cookie-of-20-chars', 'v'.repeat(300), 'w'.repeat(1300)];
const field = fc
  .tuple(fc.constantFrom(...names), fc.constantFrom(...values), fc.nat(9))
  .map(([name, value, never]): TestField => (never === 0 ? [name, value, true] : [name, value]));
/** Sizes of the table (0, 64, 4096); fields of both tables; literals, to be indexed or not, with names of all sorts. */
const sizes = fc.constantFrom('20', '3f21', '3fe11f', '203fe11f');
const inserting = fc.constantFrom('4001610131', '4001610132', '4001620131', '7e0131', '440131');
const referring = fc.constantFrom('be', 'be', 'bf', 'c0', '0f2f0131');
const pieces = fc.oneof(inserting, referring, fc.constantFrom('82', '0001610131', '1001610131'));
const block = fc
  .oneof(
    inserting,
    referring,
    fc.tuple(referring, inserting).map((list) => list.join('')),
    fc.tuple(sizes, fc.array(pieces, { maxLength: 2 })).map(([size, list]) => size + list.join('')),
    fc.array(pieces, { maxLength: 4 }).map((list) => list.join('')),
  )
  .map((hex) => hexBytes(hex));

const step = fc.record({
  line: fc.nat(CONNECTIONS - 1),
  message: fc.nat(100),
  times: fc.integer({ min: 1, max: CONTESTS + 2 }),
  endStream: fc.boolean(),
  anew: fc.boolean(),
  /** Before the blocks: a table's new size, a new connection, or what it should be when it stands still. */
  before: fc.oneof(
    { weight: 12, arbitrary: fc.constant('nothing' as const) },
    fc.constantFrom('resize', 'told', 'reconnect', 'check'),
  ),
  size: fc.constantFrom(0, 40, 100, 300, 1000, 4096),
});
/** @param kinds of senders that may be among the connections */
function traffic(kinds: readonly Kind[]) {
  return fc.record({
    slots: fc.constantFrom(1, 2, 16, 64),
    kinds: fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: CONNECTIONS }),
    messages: fc.array(fc.record<Message>({ fields: fc.array(field, { maxLength: 6 }), block }), {
      minLength: 2,
      maxLength: 5,
    }),
    steps: fc.array(step, { minLength: 1, maxLength: 60 }),
  });
}

const TRAFFICS: readonly (readonly [name: string, kinds: readonly Kind[], weight: number])[] = [
  ['encoders of all sorts', KINDS, 1],
  ['peers that send any blocks', ['raw'], 5],
];

for (const [name, kinds, weight] of TRAFFICS) {
  test(`${name}: blocks that are recognised say what they would if they were decoded`, (t) => {
    t.diagnostic(`WEFT_FUZZ_SEED=${RUN.seed} WEFT_FUZZ_CASES=${RUN.numRuns}`);
    const codecs = Array.from({ length: CONNECTIONS }, () => new TestDecoder());
    for (const sort of SORTS) hits[sort] = 0;
    fc.assert(
      fc.property(traffic(kinds), ({ slots, kinds, messages, steps }) => {
        const memory = new BlockMemory<Known>(slots);
        const connect = (at: number, shift: number) =>
          // A decoder goes to the next connection, as those of an endpoint do.
          new Line(memory, codecs[at] as TestDecoder, kinds[(at + shift) % kinds.length] as Kind);
        const lines = kinds.map((_, at) => connect(at, 0));
        for (const { line, message, times, endStream, anew, before, size } of steps) {
          const at = line % kinds.length;
          if (before === 'reconnect') lines[at] = connect(at, message);
          else if (before === 'check') lines[at]?.check();
          else if (before !== 'nothing') lines[at]?.resize(size, before === 'told');
          for (let i = 0; i < times; i++) {
            if (lines[at]?.send(messages[message % messages.length] as Message, endStream, anew)) continue;
            lines[at] = connect(at, message);
          }
        }
        for (const line of lines) line.check();
      }),
      { ...RUN, numRuns: RUN.numRuns * weight },
    );
    for (const sort of SORTS) assert.ok(hits[sort] > (RUN.numRuns * weight) / 10, `${sort}: ${hits[sort]}`);
  });
}
