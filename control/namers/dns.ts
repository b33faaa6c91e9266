/**
 * Host names to IP addresses, kept fresh while somebody wants them.
 *
 *     pending --answer--> ok [ips] --no such host--> ok []      every answer is asked for again after refreshMs;
 *        \                  ^  |                                a failure keeps the last good answer
 *         `--error--> failed'  `--error--> (stays)
 */
import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { type Activity, failed, ok, PENDING, type State, sameState } from '../../core/names/activity.ts';
import { Live, SharedLives } from '../../core/names/live.ts';
import { type After, afterMs } from './timer.ts';

/** Asks for the addresses of a host; rejects with `code: 'ENOTFOUND'` if there is no such host. */
export type Resolve = (host: string) => Promise<readonly string[]>;

const LOOPBACK = '127.0.0.1';
const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})$/;

const NO_HOST = ok<readonly string[]>([]);

/** Resolves through the system (`/etc/hosts`, search domains, DNS), as the JVM does. */
export const resolveBySystem: Resolve = async (host) => {
  const answers = await lookup(host, { all: true });
  return answers.map(({ address }) => address);
};

/** Resolver of host names. An address list is sorted; an empty one means that there is no such host. */
export class Dns {
  readonly #resolve: Resolve;
  readonly #after: After;
  readonly #refreshMs: number;
  readonly #refreshed = new SharedLives((host) => this.#open(host, true));
  readonly #fixed = new SharedLives((host) => this.#open(host, false));

  /** @param options.refreshMs time between two resolutions of a host (LIMITS.dnsRefreshMs) */
  constructor(options: { refreshMs: number; resolve?: Resolve; after?: After }) {
    this.#refreshMs = options.refreshMs;
    this.#resolve = options.resolve ?? resolveBySystem;
    this.#after = options.after ?? afterMs;
  }

  /** Hosts that are being kept fresh now. */
  get active(): number {
    return this.#refreshed.size + this.#fixed.size;
  }

  /** The addresses of a host, asked for again and again. Literals need no asking. */
  ips(host: string): Activity<readonly string[]> {
    return this.#ips(host, this.#refreshed);
  }

  /** The addresses of a host, asked for until there is an answer. */
  fixedIps(host: string): Activity<readonly string[]> {
    return this.#ips(host, this.#fixed);
  }

  #ips(host: string, lives: SharedLives<State<readonly string[]>>): Activity<readonly string[]> {
    const literal = ipLiteral(host);
    if (literal !== undefined) return Live.of(ok([literal]));
    return HOST_NAME.test(host) ? lives.get(host.toLowerCase()) : Live.of(NO_HOST);
  }

  #open(host: string, refresh: boolean): Activity<readonly string[]> {
    return new Live<State<readonly string[]>>((set) => {
      let open = true;
      let stopTimer = () => {};
      let known = false;
      const settle = (state: State<readonly string[]>): void => {
        if (!open) return;
        const answered = state.state === 'ok';
        if (!answered || refresh) stopTimer = this.#after(this.#refreshMs, ask);
        if (answered || !known) set(state);
        known ||= answered;
      };
      const ask = (): void => {
        this.#resolve(host).then(
          (ips) => settle(ok(usable(ips))),
          (error: NodeJS.ErrnoException) =>
            settle(error.code === 'ENOTFOUND' ? NO_HOST : failed(`${host}: ${error.message}`)),
        );
      };
      set(PENDING);
      ask();
      return () => {
        open = false;
        stopTimer();
      };
    }, sameState(sameList));
  }
}

/**
 * The IP address that a text stands for by itself, without DNS: IPv6, or IPv4 in one to four decimal numbers, of
 * which the last fills the remaining bytes (`127.1` is 127.0.0.1). The empty text is the loopback address. An octal or
 * hexadecimal reading, which C's inet_aton has, is left out: it makes `010.0.0.1` another address than the JVM's.
 */
export function ipLiteral(text: string): string | undefined {
  if (text === '') return LOOPBACK;
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (isIPv6(bare)) return bare.includes('%') ? undefined : bare.toLowerCase();
  if (!/^[0-9]{1,10}(?:\.[0-9]{1,10}){0,3}$/.test(text)) return undefined;
  const numbers = text.split('.').map(Number);
  const last = numbers.pop()!;
  const lastBytes = 4 - numbers.length;
  if (numbers.some((number) => number > 255) || last >= 256 ** lastBytes) return undefined;
  for (let byte = lastBytes - 1; byte >= 0; byte--) numbers.push(Math.floor(last / 256 ** byte) % 256);
  return numbers.join('.');
}

/** IPv4 addresses if there are any, else IPv6; sorted, because name servers turn the order of their answers round. */
function usable(ips: readonly string[]): readonly string[] {
  const byFamily = (family: number): string[] => [...new Set(ips.filter((ip) => isIP(ip) === family))].sort();
  const v4 = byFamily(4);
  return v4.length > 0 ? v4 : byFamily(6).filter((ip) => !ip.includes('%'));
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
