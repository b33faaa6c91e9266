/**
 * The system namer: the names under `/$/`, of Finagle (spec 01 section 5.1) and of Linkerd (section 5.2).
 *
 *     /$/io.buoyant.http.anyMethod/GET/foo
 *        `------- class ---------' `rest-'
 */
import { type Activity, failed, ok } from './activity.ts';
import type { Name, Namer } from './bound.ts';
import { Live } from './live.ts';
import { EMPTY, FAIL, type NameTree, NEG } from './name-tree.ts';
import { Path } from './path.ts';
import { anyHost, anyHostPfx, anyMethod, anyMethodPfx } from './utility/any.ts';
import { domainToPath, domainToPathPfx, subdomainOf, subdomainOfPfx } from './utility/domain.ts';
import { hostportPfx, porthostPfx } from './utility/hostport.ts';
import { status } from './utility/status.ts';

/**
 * Looks up a name under `/$/<class>`.
 *
 * @param rest what follows the class
 * @param path the whole path
 */
export type Utility = (rest: Path, path: Path) => Activity<NameTree<Name>>;

const PREFIX = Path.of('$');

/** The namers that need nothing but the path. */
const PURE: Readonly<Record<string, (rest: Path, path: Path) => NameTree<Name>>> = {
  nil: () => EMPTY,
  fail: () => FAIL,
  'io.buoyant.hostportPfx': hostportPfx,
  'io.buoyant.porthostPfx': porthostPfx,
  'io.buoyant.http.anyMethod': anyMethod,
  'io.buoyant.http.anyMethodPfx': anyMethodPfx,
  'io.buoyant.http.anyHost': anyHost,
  'io.buoyant.http.anyHostPfx': anyHostPfx,
  'io.buoyant.http.subdomainOf': subdomainOf,
  'io.buoyant.http.subdomainOfPfx': subdomainOfPfx,
  'io.buoyant.http.domainToPath': domainToPath,
  'io.buoyant.http.domainToPathPfx': domainToPathPfx,
  'io.buoyant.http.status': status,
};

/** Linkerd's, and refused by name. */
const ZK_LEADER = 'io.buoyant.namer.zk.leader';

/** The namer of `/$/`. */
export class SystemNamer implements Namer {
  readonly prefix = PREFIX;
  readonly #utilities: ReadonlyMap<string, Utility>;

  /** @param utilities further ones by class, such as those that need DNS */
  constructor(utilities: Readonly<Record<string, Utility>>) {
    const pure = Object.entries(PURE).map(([kind, lookup]): [string, Utility] => [
      kind,
      (rest, path) => Live.of(ok(lookup(rest, path))),
    ]);
    this.#utilities = new Map([...pure, ...Object.entries(utilities)]);
  }

  lookup(rest: Path): Activity<NameTree<Name>> {
    const kind = rest.segments[0];
    if (kind === undefined) return Live.of(ok(NEG));
    const path = PREFIX.concat(rest);
    if (kind === ZK_LEADER) {
      return Live.of(failed(`${ZK_LEADER} is Linkerd's, and Weft does not support it: ${path.show()}`));
    }
    return this.#utilities.get(kind)?.(rest.drop(1), path) ?? unknownNamer(path);
  }
}

/** The answer for a path under `/$/` whose class does not exist. */
export function unknownNamer(path: Path): Activity<never> {
  return Live.of(failed(`Unknown namer: ${path.drop(1).take(1).show().slice(1)} for path: ${path.show()}`));
}
