/** A bound that the bindings of all routers share. */

/** Places, of which there are so many. */
export class Room {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Takes a place. @returns false when there is none */
  take(): boolean {
    if (this.#taken >= this.#max) return false;
    this.#taken++;
    return true;
  }

  /** Gives a place back. */
  give(): void {
    this.#taken--;
  }
}
