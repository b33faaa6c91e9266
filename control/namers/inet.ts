/** The system namer's names for a host and a port: `/$/inet`, `/$/fixedinet` and `/$/io.buoyant.rinet` (spec 01 section 5). */
import { type Activity, ok, type State } from '../../core/names/activity.ts';
import { type Addr, type Name, sameAddr } from '../../core/names/bound.ts';
import { Live } from '../../core/names/live.ts';
import { leaf, type NameTree, NEG } from '../../core/names/name-tree.ts';
import type { Path } from '../../core/names/path.ts';
import { type Utility, unknownNamer } from '../../core/names/system.ts';
import type { Dns } from './dns.ts';

const PORT_MAX = 65535;
const INT_MAX = 0x7fffffff;

/** The utilities by class, for the system namer. */
export function inetUtilities(dns: Dns): Readonly<Record<string, Utility>> {
  return {
    inet: (rest, path) => inet(rest, path, (host) => dns.ips(host)),
    fixedinet: (rest, path) => inet(rest, path, (host) => dns.fixedIps(host)),
    'io.buoyant.rinet': (rest, path) => {
      const [portText, host] = rest.segments;
      const port = readPort(portText);
      if (host === undefined || port === undefined) return Live.of<State<NameTree<Name>>>(ok(NEG));
      return bindTo(path, 4, dns.ips(host), port);
    },
  };
}

/** `<host>/<port>/rest`; else, the host omitted, `<port>/rest`. */
function inet(rest: Path, path: Path, ipsOf: (host: string) => Activity<readonly string[]>): Activity<NameTree<Name>> {
  const [first, second] = rest.segments;
  const port = readPort(second);
  if (first !== undefined && port !== undefined) return bindTo(path, 4, ipsOf(first), port);
  const lonePort = readPort(first);
  if (lonePort !== undefined) return bindTo(path, 3, ipsOf(''), lonePort);
  return unknownNamer(path);
}

function bindTo(path: Path, idSize: number, ips: Activity<readonly string[]>, port: number): Activity<NameTree<Name>> {
  const addr = ips.map((state) => addrOf(state, port), sameAddr);
  return Live.of<State<NameTree<Name>>>(ok(leaf({ id: path.take(idSize), residual: path.drop(idSize), addr })));
}

function addrOf(state: State<readonly string[]>, port: number): Addr {
  if (port < 0 || port > PORT_MAX) return { state: 'failed', cause: `port out of range:${port}` };
  if (state.state === 'failed') return { state: 'failed', cause: state.message };
  if (state.state === 'pending') return state;
  if (state.value.length === 0) return { state: 'neg' };
  return { state: 'bound', addresses: state.value.map((ip) => ({ ip, port, weight: 1 })) };
}

/** A signed 32-bit integer, as Finagle reads ports: one outside the range of ports still makes a name. */
function readPort(text: string | undefined): number | undefined {
  if (text === undefined || !/^[+-]?[0-9]+$/.test(text)) return undefined;
  const port = Number(text);
  return port <= INT_MAX && port >= -INT_MAX - 1 ? port : undefined;
}
