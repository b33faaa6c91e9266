/** The utility namers on the labels of a host: `subdomainOf`, `domainToPath` and their `Pfx` forms. */
import { leaf, type NameTree, NEG } from '../name-tree.ts';
import { Path } from '../path.ts';
import { HOST } from './any.ts';

/** `/<domain>/<host>/rest` to `/<sub>/rest`. */
export function subdomainOf(rest: Path): NameTree<Path> {
  return replaceSubdomain(rest, Path.empty, 1);
}

/** `/<domain>/<pfx>/<host>/rest` to `/<pfx>/<sub>/rest`. */
export function subdomainOfPfx(rest: Path): NameTree<Path> {
  return replaceSubdomain(rest, rest.drop(1).take(1), 2);
}

/** `/<host>/rest` to the host's labels, the last one first, and the rest. */
export function domainToPath(rest: Path): NameTree<Path> {
  return reverseLabels(rest, 0);
}

/** `/<pfx>/<host>/rest` to `/<pfx>`, the host's labels, the last one first, and the rest. */
export function domainToPathPfx(rest: Path): NameTree<Path> {
  return reverseLabels(rest, 1);
}

function replaceSubdomain(rest: Path, prefix: Path, hostIndex: number): NameTree<Path> {
  const domain = rest.segments[0] ?? '';
  const host = rest.segments[hostIndex] ?? '';
  if (!HOST.test(domain) || !HOST.test(host)) return NEG;
  const colon = host.indexOf(':');
  const name = colon > 0 ? host.slice(0, colon) : host;
  const suffix = `.${domain}`;
  if (!name.endsWith(suffix) || name.length === suffix.length) return NEG;
  return leaf(prefix.concat(Path.of(name.slice(0, -suffix.length))).concat(rest.drop(hostIndex + 1)));
}

function reverseLabels(rest: Path, hostIndex: number): NameTree<Path> {
  const host = rest.segments[hostIndex] ?? '';
  // A name may end in the root's dot; an empty label anywhere else is no host.
  const labels = host.replace(/\.+$/, '').split('.');
  if (!HOST.test(host) || labels.includes('')) return NEG;
  return leaf(
    rest
      .take(hostIndex)
      .concat(Path.of(...labels.reverse()))
      .concat(rest.drop(hostIndex + 1)),
  );
}
