/** The header lines that every request of a route gets, made once (spec 03 section 4.2). */
import { Piece, VIA_TEXT } from '../http1/field-lines.ts';

/**
 * `l5d-dst-service`, `l5d-dst-client`, `l5d-dst-residual` unless it is empty, `l5d-ctx-dtab` when the request brought a
 * dtab, and `via` last, so that a writer can leave it off.
 *
 * The texts are printed paths and dtabs, whose grammar has no CR or LF (spec 01 section 1.3).
 */
export function branchHeaders(path: string, id: string, residual: string, dtab: string): Piece {
  const lines = [`l5d-dst-service: ${path}`, `l5d-dst-client: ${id}`];
  if (residual !== '' && residual !== '/') lines.push(`l5d-dst-residual: ${residual}`);
  if (dtab !== '') lines.push(`l5d-ctx-dtab: ${dtab}`);
  const text = lines.map((line) => `${line}\r\n`).join('');
  if (/[^\x20-\x7e\r\n]/.test(text) || text.split('\r\n').length !== lines.length + 1) {
    throw new RangeError(`not fit for a header: ${JSON.stringify(text)}`);
  }
  return new Piece(Buffer.from(text + VIA_TEXT, 'latin1'));
}
