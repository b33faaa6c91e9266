/** Heads in a worker's memory, for tests of what is written from them: decoded from HTTP/2 or parsed from HTTP/1, and read back. */
import { HeadParser } from '../../core/http1/head.ts';
import { TEST_LIMITS } from '../../core/http1/message-reader.ts';
import { METHOD_GET } from '../../core/http1/methods.ts';
import { FieldSection } from '../../core/http2/field-section.ts';
import { HpackDecoder } from '../../core/http2/hpack/decoder.ts';
import { DynamicTable } from '../../core/http2/hpack/dynamic-table.ts';
import { bytesOf, TestDecoder, TestEncoder, type TestField } from '../../core/http2/hpack/test-codec.ts';
import { readRequestHead, readResponseHead, readTrailers } from '../../core/http2/message-head.ts';
import type { TestNet } from '../net/test-net.ts';
import { branchHeaders } from '../router/branch-headers.ts';
import type { ClientStack } from '../router/client-stack.ts';
import type { RouteBranch } from '../router/routes.ts';
import { branchFields } from './prepared-fields.ts';

const SECTION_BYTES = 32_768;
const TEXT_BYTES = 65_536;
const TABLE_BYTES = 4096;
const FIELDS_MAX = 200;

/** Fields from lines such as `:path: /`, `accept: *`; one with `!` in front is never to be indexed. */
export function fieldsFrom(lines: readonly string[]): TestField[] {
  return lines.map((line) => {
    const [, never, name = '', value = ''] = /^(!?)(:?[^:]*): ?(.*)$/.exec(line) ?? [];
    return never === '!' ? [name, value, true] : [name, value];
  });
}

/** And back. */
export function linesOf(fields: readonly TestField[]): string[] {
  return fields.map(([name, value, never]) => `${never ? '!' : ''}${name}: ${value}`);
}

/** Where requests of tests are routed to. */
export function testBranch(residual = '/', dtab = ''): RouteBranch {
  const names = ['/svc/web', '/#/io.l5d.fs/web', residual, dtab] as const;
  return {
    client: {} as ClientStack,
    bound: 1,
    clientServiceScope: 0,
    residual,
    answerStatus: 0,
    headers: branchHeaders(...names),
    fields: branchFields(...names),
  };
}

/** The heads of one test at a time. */
export class TestHeads {
  readonly world: TestNet;
  readonly section: FieldSection;
  readonly parser: HeadParser = new HeadParser({ ...TEST_LIMITS, headBytesMax: TEXT_BYTES });
  readonly #codec: TestDecoder = new TestDecoder({ fieldCountMax: FIELDS_MAX });
  readonly #textAt: number;

  constructor(world: TestNet) {
    this.world = world;
    this.section = new FieldSection(world.memory.bytes, world.take(SECTION_BYTES), SECTION_BYTES, FIELDS_MAX);
    this.#textAt = world.take(TEXT_BYTES);
  }

  /** A section as it is decoded, not yet judged. */
  decoded(lines: readonly string[]): FieldSection {
    const block = new TestEncoder(TABLE_BYTES).encode(fieldsFrom(lines)) as Uint8Array;
    const decoder = new HpackDecoder(new Uint8Array(DynamicTable.regionBytes(TABLE_BYTES)), 0, TABLE_BYTES, 1 << 20);
    const error = decoder.decode(block, 0, block.length, this.section);
    if (error !== 0) throw new RangeError(`not decoded: ${error}`);
    return this.section;
  }

  /** A request's head. */
  request(lines: readonly string[], endStream = true): FieldSection {
    return good(readRequestHead(this.decoded(lines), endStream), this.section);
  }

  /** A response's head. */
  response(lines: readonly string[], endStream = false, method = METHOD_GET): FieldSection {
    return good(readResponseHead(this.decoded(lines), method, endStream), this.section);
  }

  /** Trailers. */
  trailers(lines: readonly string[]): FieldSection {
    return good(readTrailers(this.decoded(lines)), this.section);
  }

  /** A request's head of HTTP/1. @param lines without their ends */
  http1Request(...lines: readonly string[]): HeadParser {
    const end = this.#place(lines);
    return parsed(this.parser.parseRequest(this.world.memory.bytes, this.#textAt, end), end, this.parser);
  }

  /** A response's head of HTTP/1. */
  http1Response(...lines: readonly string[]): HeadParser {
    const end = this.#place(lines);
    return parsed(this.parser.parseResponse(this.world.memory.bytes, this.#textAt, end, METHOD_GET), end, this.parser);
  }

  #place(lines: readonly string[]): number {
    const text = bytesOf(`${lines.join('\r\n')}\r\n\r\n`);
    this.world.memory.bytes.set(text, this.#textAt);
    return this.#textAt + text.length;
  }

  /** The fields of a block, which must be good for any connection. */
  read(at: number, end: number): string[] {
    const block = this.world.memory.bytes.slice(at, end);
    const error = this.#codec.decode(block);
    const { decoder } = this.#codec;
    if (error !== 0 || decoder.refersToTable || !decoder.stateless) throw new RangeError(`not for everybody: ${error}`);
    return linesOf(this.#codec.fields);
  }
}

function good(error: number, section: FieldSection): FieldSection {
  if (error !== 0) throw new RangeError(`malformed: ${error}`);
  return section;
}

function parsed(result: number, end: number, parser: HeadParser): HeadParser {
  if (result !== end) throw new RangeError(`not parsed: ${result}`);
  return parser;
}
