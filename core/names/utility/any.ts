/** The utility namers that drop a method or a host from a name: `anyMethod`, `anyHost` and their `Pfx` forms. */
import { leaf, type NameTree, NEG } from '../name-tree.ts';
import type { Path } from '../path.ts';

/** A coarse form of hosts: DNS names, IPv4 and IPv6, with or without a port. */
export const HOST = /^[A-Za-z0-9.:_-]+$/;
const METHOD = /^[A-Z]+$/;

/** `/<M>/rest` to `/rest`. */
export function anyMethod(rest: Path): NameTree<Path> {
  return dropSegment(rest, 0, METHOD);
}

/** `/<pfx>/<M>/rest` to `/<pfx>/rest`. */
export function anyMethodPfx(rest: Path): NameTree<Path> {
  return dropSegment(rest, 1, METHOD);
}

/** `/<host>/rest` to `/rest`. */
export function anyHost(rest: Path): NameTree<Path> {
  return dropSegment(rest, 0, HOST);
}

/** `/<pfx>/<host>/rest` to `/<pfx>/rest`. */
export function anyHostPfx(rest: Path): NameTree<Path> {
  return dropSegment(rest, 1, HOST);
}

function dropSegment(rest: Path, index: number, form: RegExp): NameTree<Path> {
  const segment = rest.segments[index];
  if (segment === undefined || !form.test(segment)) return NEG;
  return leaf(rest.take(index).concat(rest.drop(index + 1)));
}
