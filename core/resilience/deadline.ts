/**
 * The deadline of a request as it goes from hop to hop: `l5d-ctx-deadline: <timestamp> <deadline>`, in nanoseconds since the
 * epoch (spec 03 sections 4.1 and 4.2). It is advisory: nobody rejects a request for it.
 *
 *     combined:   the latest timestamp, the earliest deadline
 *     a time-out of t ms that begins now is the deadline `now  now + t`
 */
import { EPOCH_NANOS_BYTES, EpochNanos } from './epoch-nanos.ts';

const SPACE = 0x20;

/** Bytes that {@link Deadline.write} writes: always so many, so that another deadline can be written over one. */
export const DEADLINE_BYTES = 2 * EPOCH_NANOS_BYTES + 1;

/** Read into, one at a time. */
const timestampRead = new EpochNanos();
const deadlineRead = new EpochNanos();
const timeout = new EpochNanos();

/** The strictest of any number of deadlines. */
export class Deadline {
  /** There is one. */
  isSet = false;
  readonly #timestamp = new EpochNanos();
  readonly #deadline = new EpochNanos();

  /** Forgets what there was. */
  clear(): void {
    this.isSet = false;
  }

  /** Takes over another's. */
  set(other: Deadline): void {
    this.isSet = other.isSet;
    this.#timestamp.set(other.#timestamp);
    this.#deadline.set(other.#deadline);
  }

  /** Combines the field value in `bytes[from, to)`. @returns false when it is none, and left out */
  combine(bytes: Uint8Array, from: number, to: number): boolean {
    let space = from;
    while (space < to && bytes[space] !== SPACE) space++;
    if (!timestampRead.read(bytes, from, space) || !deadlineRead.read(bytes, space + 1, to)) return false;
    this.#combine(timestampRead, deadlineRead);
    return true;
  }

  /** Combines a time-out. @param nowMs since the epoch */
  combineTimeout(nowMs: number, timeoutMs: number): void {
    timestampRead.setMs(nowMs);
    timeout.setMs(nowMs + timeoutMs);
    this.#combine(timestampRead, timeout);
  }

  /** Whole milliseconds that are left at a time since the epoch; below 0 when it has passed. */
  remainingMs(nowMs: number): number {
    return this.#deadline.ms - nowMs;
  }

  /** Writes it in {@link DEADLINE_BYTES}. @returns the end */
  write(bytes: Uint8Array, at: number): number {
    const end = this.#timestamp.write(bytes, at);
    bytes[end] = SPACE;
    return this.#deadline.write(bytes, end + 1);
  }

  /** As a field value. */
  toString(): string {
    return `${this.#timestamp} ${this.#deadline}`;
  }

  #combine(timestamp: EpochNanos, deadline: EpochNanos): void {
    if (!this.isSet || this.#timestamp.isBefore(timestamp)) this.#timestamp.set(timestamp);
    if (!this.isSet || deadline.isBefore(this.#deadline)) this.#deadline.set(deadline);
    this.isSet = true;
  }
}
