/** The utility namers that split `host:port` into two segments: `hostportPfx` and `porthostPfx`. */
import { leaf, type NameTree, NEG } from '../name-tree.ts';
import { Path } from '../path.ts';

/** The port may be a name: a DNS label as Kubernetes has them, of 63 characters at the most. */
const HOST_PORT = /^([^:]+):([a-z0-9][-a-z0-9]{0,62})$/;

/** `/<pfx>/<host>:<port>/rest` to `/<pfx>/<host>/<port>/rest`. */
export function hostportPfx(rest: Path): NameTree<Path> {
  return split(rest, (host, port) => Path.of(host, port));
}

/** `/<pfx>/<host>:<port>/rest` to `/<pfx>/<port>/<host>/rest`. */
export function porthostPfx(rest: Path): NameTree<Path> {
  return split(rest, (host, port) => Path.of(port, host));
}

function split(rest: Path, order: (host: string, port: string) => Path): NameTree<Path> {
  const match = HOST_PORT.exec(rest.segments[1] ?? '');
  if (match === null) return NEG;
  return leaf(rest.take(1).concat(order(match[1]!, match[2]!)).concat(rest.drop(2)));
}
