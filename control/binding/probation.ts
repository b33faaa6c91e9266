/**
 * `enableProbation`: endpoints that discovery has removed stay in use for as long as they are open (spec 05 section 2), since
 * discovery may be wrong about an endpoint that answers.
 *
 *     listed --left out of a set--> on probation --listed again--> listed
 *                                        |
 *                                        '--not open, when looked at: each second--> gone
 */
import { canonicalIp } from '../../core/config/ip-literal.ts';
import type { Address } from '../../core/names/bound.ts';
import type { EndpointPublisher } from '../../core/shared/endpoint-publisher.ts';
import type { EndpointAddress } from '../../core/shared/endpoint-region.ts';

const LOOK_MS = 1000;

/** The endpoints of one client that are on probation. */
export class Probation {
  readonly #publisher: EndpointPublisher;
  readonly #client: number;
  readonly #republish: () => void;
  #kept: readonly EndpointAddress[] = [];
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param client its endpoint table
   * @param republish asked when one of them is not open any more
   */
  constructor(publisher: EndpointPublisher, client: number, republish: () => void) {
    this.#publisher = publisher;
    this.#client = client;
    this.#republish = republish;
  }

  /** A set has come. @returns what is to be published: the set, and what was published before and is open */
  extend(addresses: readonly Address[] | 'neg'): readonly EndpointAddress[] | 'neg' {
    this.stop();
    const listed = addresses === 'neg' ? [] : addresses;
    const keys = new Set(listed.map(keyOf));
    this.#kept = this.#publisher.openEndpoints(this.#client).filter((endpoint) => !keys.has(keyOf(endpoint)));
    if (this.#kept.length === 0) return addresses;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
    return [...listed, ...this.#kept];
  }

  /** Looks at them no more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const open = new Set(this.#publisher.openEndpoints(this.#client).map(keyOf));
    if (this.#kept.some((endpoint) => !open.has(keyOf(endpoint)))) this.#republish();
  }
}

function keyOf({ ip, port }: { readonly ip: string; readonly port: number }): string {
  return `${canonicalIp(ip) ?? ip} ${port}`;
}
