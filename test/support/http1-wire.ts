/** HTTP/1 on the wire as tests write and read it: messages cut into pieces, and messages recognised in received bytes. */
import assert from 'node:assert/strict';
import { setImmediate as nextTick } from 'node:timers/promises';
import { Random } from '../../core/balance/random.ts';
import { MessageReader, type MessageRecord, type Side } from '../../core/http1/message-reader.ts';
import { METHOD_NAMES } from '../../core/http1/methods.ts';

/** Ways in which a message is cut. */
export const CUTS = ['whole', 'bytes', 'random'] as const;
export type Cut = (typeof CUTS)[number];

/** Longer messages are sent byte by byte only at their beginning and end: what lies between is one run of the same. */
const EDGE_BYTES = 200;
const CUTS_MAX = 6;

/** Cuts a message. @param random where the random cuts are */
export function cutUp(text: string, cut: Cut, random: Random): string[] {
  if (cut === 'whole' || text.length < 2) return [text];
  const at = new Set<number>();
  if (cut === 'bytes') {
    for (let i = 1; i < text.length; i++) if (i < EDGE_BYTES || text.length - i < EDGE_BYTES) at.add(i);
  } else {
    for (let i = 0; i < CUTS_MAX; i++) at.add(1 + Math.floor(random.unit() * (text.length - 1)));
  }
  const ends = [...[...at].sort((a, b) => a - b), text.length];
  return ends.map((end, i) => text.slice(i === 0 ? 0 : ends[i - 1], end));
}

/** Sends pieces, each in a tick of its own. */
export async function sendPieces(send: (piece: string) => void, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    send(piece);
    if (pieces.length > 1) await nextTick();
  }
}

/** Reads the first message of what was received. @param method of the request, for a response */
export function readFirst(received: string, side: Side, method = 'GET', ended = false): MessageRecord {
  const reader = new MessageReader(side, Math.max(0, METHOD_NAMES.indexOf(method)));
  const bytes = Uint8Array.from(Buffer.from(received, 'latin1'));
  reader.read(bytes, bytes.length);
  return ended ? reader.end() : reader.record;
}

/** A response, with the informational ones that came first. */
export interface Answered {
  readonly informational: readonly MessageRecord[];
  readonly final: MessageRecord;
  /** What was received behind it. */
  readonly rest: string;
}

/** Reads a response behind any number of 1xx ones (101 is final). */
export function readAnswer(received: string, method = 'GET', ended = false): Answered {
  const informational: MessageRecord[] = [];
  let rest = received;
  for (;;) {
    const record = readFirst(rest, 'response', method, ended);
    if (record.verdict !== 'accepted') return { informational, final: record, rest: '' };
    rest = rest.slice(record.consumed);
    if (!/^1\d\d$/.test(record.start) || record.start === '101') return { informational, final: record, rest };
    informational.push(record);
  }
}

/** Whether a whole response is there. */
export function answered(received: string, method = 'GET'): boolean {
  return readAnswer(received, method).final.verdict === 'accepted';
}

/** The lower-case names of field lines. */
export function namesOf(lines: readonly string[]): string[] {
  return lines.map((line) => line.slice(0, line.indexOf(':')).toLowerCase());
}

/** The value of a field, undefined when it is not there. */
export function fieldOf(record: MessageRecord, name: string): string | undefined {
  const line = record.fields.find((field) => field.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

/** Does something for all items, so many at a time. */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  each: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const errors: unknown[] = [];
  const run = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      await each(item).catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, run));
  if (errors.length > 0) {
    const texts = errors.map((error) => (error instanceof Error ? error.message : String(error)));
    assert.fail(`${errors.length} of ${items.length}:\n${texts.join('\n')}`);
  }
}

/** A seeded source of cuts, its seed printed for a repetition by WEFT_SEED. */
export function seededRandom(): Random {
  const { WEFT_SEED } = process.env;
  const seed = Number(WEFT_SEED ?? Math.floor(Math.random() * 0x7fffffff));
  console.log(`seed of the random cuts: WEFT_SEED=${seed}`);
  return new Random(seed);
}
