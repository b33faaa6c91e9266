/** Bound names, the addresses behind them, and the namers that give them: where names end and endpoints begin. */
import type { Activity } from './activity.ts';
import type { Live } from './live.ts';
import type { NameTree } from './name-tree.ts';
import type { Path } from './path.ts';

/** One endpoint. */
export interface Address {
  /** An IPv4 or IPv6 literal. */
  readonly ip: string;
  readonly port: number;
  /** Share of the traffic relative to the other addresses of the set; 1 unless configured. */
  readonly weight: number;
}

/** The state of an address set (spec 01, vocabulary). */
export type Addr =
  | { readonly state: 'pending' }
  | { readonly state: 'neg' }
  | { readonly state: 'failed'; readonly cause: string }
  | {
      readonly state: 'bound';
      readonly addresses: readonly Address[];
      /** Set when the data plane itself answers in the place of endpoints: every request with this status code. */
      readonly local?: { readonly kind: 'status'; readonly code: number };
    };

/** A name with an address set. */
export interface Bound {
  /** What the set is known by: clients are keyed by it. */
  readonly id: Path;
  /** The rest of the path, which the namer did not consume. */
  readonly residual: Path;
  readonly addr: Live<Addr>;
  /** What a transformer made this of; absent for what a namer gave. Delegations show it. */
  readonly origin?: { readonly transformer: string; readonly bound: Bound };
}

/** What a namer answers: names to look up further, or bound ones. */
export type Name = Path | Bound;

/** A source of names. */
export interface Namer {
  /** The whole prefix that its names begin with, such as `/#/io.l5d.fs`. */
  readonly prefix: Path;
  /** Looks up what follows the prefix. Nothing runs before the activity is observed. */
  lookup(rest: Path): Activity<NameTree<Name>>;
  /** The names that it knows now, prefix included; absent where they cannot be listed. */
  names?(): readonly Path[];
}

/** Whether two bound names may stand for each other: the same id, residual, and the very same address set. */
export function sameBound(a: Bound, b: Bound): boolean {
  return a.addr === b.addr && a.id.equals(b.id) && a.residual.equals(b.residual);
}

/** Whether two address sets are the same; the order of addresses matters. */
export function sameAddr(a: Addr, b: Addr): boolean {
  if (a.state === 'failed') return b.state === 'failed' && a.cause === b.cause;
  if (a.state !== 'bound' || b.state !== 'bound') return a.state === b.state;
  return (
    a.local?.code === b.local?.code &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every((address, i) => {
      const other = b.addresses[i]!;
      return address.ip === other.ip && address.port === other.port && address.weight === other.weight;
    })
  );
}
