/** The utility namer `io.buoyant.http.status`: a service without endpoints that answers each request with one status. */
import type { Addr, Bound } from '../bound.ts';
import { Live } from '../live.ts';
import { leaf, type NameTree, NEG } from '../name-tree.ts';
import type { Path } from '../path.ts';

/** `/$/io.buoyant.http.status/<code>/rest`, bound if the code is from 100 to 599. */
export function status(rest: Path, path: Path): NameTree<Bound> {
  const text = rest.segments[0] ?? '';
  if (!/^[1-5][0-9]{2}$/.test(text)) return NEG;
  const addr = Live.of<Addr>({ state: 'bound', addresses: [], local: { kind: 'status', code: Number(text) } });
  return leaf({ id: path.take(3), residual: path.drop(3), addr });
}
