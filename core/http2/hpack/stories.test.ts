/**
 * Header blocks that `nghttp` and `curl` wrote, connection by connection: whole, in fragments, cut short, and written again.
 *
 * test/fixtures/hpack/*.json were made once, by a script that listened with `net.createServer` (for curl's, but for the
 * prior-knowledge one, with `tls.createServer` and ALPN `h2`: curl 7.88 cannot use a connection twice without TLS), passed
 * all bytes to and from an `http2.createServer({ settings: { headerTableSize: tableBytes } })` and recorded those of the
 * client; ran `command` with BASE for its address; cut the recording into frames, of which HEADERS and CONTINUATION, less
 * padding and priority, are `blocks[].hex`; and took `blocks[].fields` from the `rawHeaders` and `http2.sensitiveHeaders` of
 * the server's `stream` events, which tell never-indexed fields by name alone. It answered with a page that links four assets, which `nghttp -a` fetches.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ROOT } from '../../../test/house/root.ts';
import { byName, hexBytes, TestDecoder, TestEncoder, type TestField } from './test-codec.ts';

interface Story {
  readonly description: string;
  readonly command: string;
  /** SETTINGS_HEADER_TABLE_SIZE of the side that decodes; in force from the first block that begins with a size. */
  readonly tableBytes: number;
  readonly blocks: readonly { readonly hex: string; readonly fields: readonly TestField[] }[];
}

const DIRECTORY = join(ROOT, 'test', 'fixtures', 'hpack');

/** A decoder that has decoded the story's blocks before `count`. */
function decoderAt({ blocks, tableBytes }: Story, count: number): TestDecoder {
  const codec = new TestDecoder({ tableBytesMax: Math.max(4096, tableBytes), textBytesMax: 1 << 17 });
  for (let i = 0; i <= count && i < blocks.length; i++) {
    const block = hexBytes(blocks[i]!.hex);
    if ((block[0]! & 0xe0) === 0x20) codec.decoder.limitTableSize(tableBytes);
    if (i < count) assert.equal(codec.decode(block), 0);
  }
  return codec;
}

/** Names and values alone. */
function texts(fields: readonly TestField[]): string[][] {
  return fields.map(([name, value]) => [name, value]);
}

/** What a receiver makes of the fragments of a block. */
function reassembled(fragments: readonly Uint8Array[]): Uint8Array {
  const block = new Uint8Array(fragments.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const fragment of fragments) {
    block.set(fragment, at);
    at += fragment.length;
  }
  return block;
}

for (const file of readdirSync(DIRECTORY)) {
  const story = JSON.parse(readFileSync(join(DIRECTORY, file), 'utf8')) as Story;
  const { description, blocks } = story;

  describe(`${file}: ${description}`, () => {
    test('every block, as it came', () => {
      const codec = decoderAt(story, 0);
      for (const { hex, fields } of blocks) {
        const block = hexBytes(hex);
        if ((block[0]! & 0xe0) === 0x20) codec.decoder.limitTableSize(story.tableBytes);
        assert.equal(codec.decode(block), 0);
        assert.deepEqual(byName(codec.fields), fields);
      }
    });

    test('split in two at every byte, and into single bytes', () => {
      for (const [i, { hex, fields }] of blocks.entries()) {
        const block = hexBytes(hex);
        // Later blocks in long stories only now and then: each needs the ones before decoded anew.
        const step = block.length > 500 ? 29 : 1;
        for (let at = 0; at <= block.length; at += step) {
          const codec = decoderAt(story, i);
          assert.equal(codec.decode(reassembled([block.subarray(0, at), block.subarray(at)])), 0);
          assert.deepEqual(byName(codec.fields), fields);
        }
        const codec = decoderAt(story, i);
        assert.equal(codec.decode(reassembled(Array.from(block, (byte) => Uint8Array.of(byte)))), 0);
        assert.deepEqual(byName(codec.fields), fields);
      }
    });

    test('cut off at every byte: an error, or fewer fields', () => {
      for (const [i, { hex, fields }] of blocks.entries()) {
        const block = hexBytes(hex);
        const step = block.length > 500 ? 7 : 1;
        for (let at = 0; at < block.length; at += step) {
          const codec = decoderAt(story, i);
          const result = codec.decode(block.subarray(0, at));
          const count = codec.section.fieldCount;
          if (result === 0) assert.ok(count < fields.length);
          assert.deepEqual(texts(codec.fields), texts(fields.slice(0, count)));
        }
      }
    });

    test('written again by our encoder, and read by our decoder', () => {
      for (const huffman of [false, true]) {
        const codec = new TestEncoder(4096, huffman);
        const decoder = new TestDecoder({ textBytesMax: 1 << 17 });
        codec.encoder.limitTableSize(story.tableBytes);
        for (const { fields } of blocks) {
          assert.equal(decoder.decode(codec.encode(fields) ?? hexBytes('ff')), 0);
          assert.deepEqual(texts(decoder.fields), texts(fields));
        }
      }
    });
  });
}
