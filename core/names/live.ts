/**
 * A value that changes, for those who look at it: the set of addresses behind a file, the binding of a name.
 *
 * Nothing runs for a value that nobody observes. The first observer opens it, the last one to leave closes it, and
 * with it every watch and timer behind it:
 *
 *     closed --observe (first)--> open --set, set, set--> open --stop (last)--> closed
 *                                   |                       |
 *                                   +-- value now           +-- value to all observers whose last one differs
 *
 * Delivery is synchronous. A `set` from within an observer is delivered when the round under way is over, so that an
 * observer is never entered twice; it may then miss values in between, never the last one. Derived values may show a
 * mixture of an old and a new input for the length of one delivery.
 */

/** Ends an observation. Calling it again does nothing. */
export type Stop = () => void;

/** Whether two values are the same to an observer. */
export type Equals<T> = (a: T, b: T) => boolean;

/** Starts producing values: calls `set` at least once before it returns, and later as often as the value changes. */
export type Open<T> = (set: (value: T) => void) => Stop;

interface Observer<T> {
  callback(value: T): void;
  /** What it was told last; undefined before the first time. */
  told: { readonly value: T } | undefined;
}

interface Session<T> {
  current: { readonly value: T } | undefined;
  delivering: boolean;
  close: Stop;
}

/** An observable value, opened lazily. */
export class Live<T> {
  readonly #open: Open<T>;
  /** Held without its type, so that a live of a narrower type may stand for one of a wider: only its opener writes. */
  readonly #equals: Equals<unknown>;
  /** The only observer: nearly every live between a file and a route has one, and there are tens of a name. */
  #sole: Observer<T> | undefined;
  /** All observers, while there are more. */
  #several: Set<Observer<T>> | undefined;
  #session: Session<T> | undefined;

  /**
   * @param open starts producing values for the first observer; what it returns stops that after the last one
   * @param equals equal consecutive values are delivered once
   */
  constructor(open: Open<T>, equals: Equals<T> = Object.is) {
    this.#open = open;
    this.#equals = equals as Equals<unknown>;
  }

  /** A value that never changes. */
  static of<T>(value: T): Live<T> {
    return new Constant(value);
  }

  /** The values of several lives, as one; it changes with each of them. */
  static join<T>(lives: readonly Live<T>[]): Live<readonly T[]> {
    return new Live((set) => {
      const values: T[] = [];
      let complete = false;
      const stops = lives.map((live, i) =>
        live.observe((value) => {
          values[i] = value;
          if (complete) set([...values]);
        }),
      );
      complete = true;
      set([...values]);
      return () => {
        for (const stop of stops) stop();
      };
    });
  }

  /** Calls back with the value now, before it returns, and with every later one until it is stopped. */
  observe(callback: (value: T) => void): Stop {
    const observer: Observer<T> = { callback, told: undefined };
    const session = this.#session ?? this.#start();
    this.#add(observer);
    this.#tellFirst(observer, session);
    return () => {
      if (!this.#remove(observer) || this.#sole !== undefined || this.#several !== undefined) return;
      const last = this.#session;
      this.#session = undefined;
      last?.close();
    };
  }

  /** The value now. */
  sample(): T {
    const seen: T[] = [];
    this.observe((value) => seen.push(value))();
    return seen[0]!;
  }

  /** This value, transformed. */
  map<U>(transform: (value: T) => U, equals: Equals<U> = Object.is): Live<U> {
    return new Live((set) => this.observe((value) => set(transform(value))), equals);
  }

  /** The value of the live that `select` names for this value; the former one is left when the next is held. */
  flatMap<U>(select: (value: T) => Live<U>, equals: Equals<U> = Object.is): Live<U> {
    return new Live((set) => {
      let stopInner: Stop = noop;
      let chosen: Live<U> | undefined;
      const stopOuter = this.observe((value) => {
        const inner = select(value);
        chosen = inner;
        const stopFormer = stopInner;
        const stop = inner.observe((innerValue) => {
          if (chosen === inner) set(innerValue);
        });
        // Telling an observer may have closed this live under our hands.
        if (chosen === inner) stopInner = stop;
        else stop();
        stopFormer();
      });
      return () => {
        chosen = undefined;
        stopOuter();
        stopInner();
      };
    }, equals);
  }

  #add(observer: Observer<T>): void {
    if (this.#several !== undefined) {
      this.#several.add(observer);
    } else if (this.#sole === undefined) {
      this.#sole = observer;
    } else {
      this.#several = new Set([this.#sole, observer]);
      this.#sole = undefined;
    }
  }

  /** @returns false when it had left before */
  #remove(observer: Observer<T>): boolean {
    if (this.#several !== undefined) {
      const found = this.#several.delete(observer);
      if (this.#several.size === 0) this.#several = undefined;
      return found;
    }
    if (this.#sole !== observer) return false;
    this.#sole = undefined;
    return true;
  }

  #start(): Session<T> {
    const session: Session<T> = { current: undefined, delivering: true, close: noop };
    this.#session = session;
    try {
      session.close = this.#open((value) => {
        if (this.#session !== session) return;
        if (session.current !== undefined && this.#equals(session.current.value, value)) return;
        session.current = { value };
        this.#deliver(session);
      });
      if (session.current === undefined) throw new Error('a live value was opened without a first value');
    } catch (error) {
      this.#session = undefined;
      session.close();
      throw error;
    }
    session.delivering = false;
    return session;
  }

  /**
   * Tells a newcomer alone: the others know, and going round all of them for each would make n observers cost n squared.
   * During a round, the newcomer is told by it too, but its observe() must not return before it knows.
   */
  #tellFirst(observer: Observer<T>, session: Session<T>): void {
    if (session.delivering) {
      this.#tell(observer, session);
      return;
    }
    const before = session.current;
    session.delivering = true;
    try {
      this.#tell(observer, session);
    } finally {
      session.delivering = false;
    }
    if (session.current !== before && this.#session === session) this.#deliver(session);
  }

  #deliver(session: Session<T>): void {
    if (session.delivering) return;
    session.delivering = true;
    try {
      for (let changed = true; changed; ) {
        changed = false;
        for (const observer of this.#several ?? (this.#sole === undefined ? [] : [this.#sole])) {
          if (this.#session !== session) return;
          if (this.#tell(observer, session)) changed = true;
        }
      }
    } finally {
      session.delivering = false;
    }
  }

  /** @returns whether there was something to tell */
  #tell(observer: Observer<T>, session: Session<T>): boolean {
    const current = session.current!;
    if (observer.told === current) return false;
    const known = observer.told !== undefined && this.#equals(observer.told.value, current.value);
    observer.told = current;
    if (!known) observer.callback(current.value);
    return !known;
  }
}

/** A value that never changes: nothing is kept of who looks at it. */
class Constant<T> extends Live<T> {
  readonly #value: T;

  constructor(value: T) {
    super(neverOpened);
    this.#value = value;
  }

  override observe(callback: (value: T) => void): Stop {
    callback(this.#value);
    return noop;
  }
}

/** A live value that its owner sets, and that is kept while nobody observes it. */
export class Cell<T> {
  readonly live: Live<T>;
  #value: T;
  #publish: (value: T) => void = noop;

  constructor(initial: T, equals: Equals<T> = Object.is) {
    this.#value = initial;
    this.live = new Live<T>((set) => {
      this.#publish = set;
      set(this.#value);
      return () => {
        this.#publish = noop;
      };
    }, equals);
  }

  get value(): T {
    return this.#value;
  }

  set value(value: T) {
    this.#value = value;
    this.#publish(value);
  }
}

/**
 * Lives found by key, each shared by all who observe it at one time and forgotten with its last observer: one watch
 * a file and one query a host name, however many names lead there.
 */
export class SharedLives<T> {
  readonly #create: (key: string) => Live<T>;
  readonly #observed = new Map<string, Live<T>>();

  constructor(create: (key: string) => Live<T>) {
    this.#create = create;
  }

  /** How many are observed now. */
  get size(): number {
    return this.#observed.size;
  }

  /** The live of a key. */
  get(key: string): Live<T> {
    return new Live((set) => {
      const shared = this.#observed.get(key) ?? this.#share(key);
      return shared.observe(set);
    });
  }

  #share(key: string): Live<T> {
    const source = this.#create(key);
    const shared: Live<T> = new Live((set) => {
      this.#observed.set(key, shared);
      const stop = source.observe(set);
      return () => {
        this.#observed.delete(key);
        stop();
      };
    });
    return shared;
  }
}

function neverOpened(): Stop {
  throw new Error('a constant has nothing to open');
}

function noop(): void {}
