/** Spells out a route key as the names it stands for: once per new key, off the hot path. */
import { Dtab } from '../../core/names/dtab.ts';
import { Path } from '../../core/names/path.ts';
import { KEY_DTAB, KEY_PATH_TEXT, KEY_SEGMENT } from './identifiers.ts';

/** A key in words. */
export interface SpelledKey {
  /** The service name: prefix and segments. */
  readonly path: Path;
  /** The request's own dtab; empty without one. */
  readonly dtab: Dtab;
}

/** A dtab header that does not parse: answered 400 before anything is counted (spec 06 vector 5c). */
export class BadDtabError extends Error {}

/**
 * @param key as identifiers write it
 * @throws BadDtabError for a dtab part that does not parse; NameParseError for a path-text part that does not
 */
export function spellKey(key: Uint8Array, dstPrefix: Path): SpelledKey {
  const text = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
  const [name = '', ...dtabs] = text.split(String.fromCharCode(KEY_DTAB));
  const [segmentText = '', pathText] = name.split(String.fromCharCode(KEY_PATH_TEXT));
  const segments = segmentText === '' ? [] : segmentText.split(String.fromCharCode(KEY_SEGMENT));
  let path = dstPrefix.concat(Path.of(...segments));
  if (pathText !== undefined) path = path.concat(Path.read(pathText));
  let dtab = Dtab.empty;
  for (const part of dtabs) dtab = dtab.concat(readDtab(part));
  return { path, dtab };
}

function readDtab(text: string): Dtab {
  try {
    return Dtab.read(text);
  } catch (error) {
    throw new BadDtabError(error instanceof Error ? error.message : String(error));
  }
}
