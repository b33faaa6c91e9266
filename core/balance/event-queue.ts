/**
 * The future of a simulation: actions by virtual time, the earliest first and those of one moment in the order they
 * were scheduled, so that a run depends on its seed alone. A binary heap in an array:
 *
 *     parent of i: (i - 1) >> 1      children of i: 2i + 1, 2i + 2
 */

interface Event {
  readonly atMicros: number;
  readonly order: number;
  readonly act: () => void;
}

/** Scheduled actions. */
export class EventQueue {
  private readonly heap: Event[];
  private scheduled: number;

  constructor() {
    this.heap = [];
    this.scheduled = 0;
  }

  /** Schedules an action. O(log n). */
  schedule(atMicros: number, act: () => void): void {
    const event = { atMicros, order: this.scheduled, act };
    this.scheduled += 1;
    let at = this.heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.heap[parent] as Event;
      if (!isBefore(event, above)) break;
      this.heap[at] = above;
      at = parent;
    }
    this.heap[at] = event;
  }

  /** Removes and returns the earliest event, or undefined when none is left. O(log n). */
  next(): Event | undefined {
    const first = this.heap[0];
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.heap.length) break;
      if (child + 1 < this.heap.length && isBefore(this.heap[child + 1] as Event, this.heap[child] as Event))
        child += 1;
      if (!isBefore(this.heap[child] as Event, last)) break;
      this.heap[at] = this.heap[child] as Event;
      at = child;
    }
    this.heap[at] = last;
    return first;
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.atMicros < right.atMicros || (left.atMicros === right.atMicros && left.order < right.order);
}
