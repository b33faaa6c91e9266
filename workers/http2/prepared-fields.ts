/** The fields that Weft adds to HTTP/2 messages, coded once (core/http2/hpack/literals.ts). */
import { literalField } from '../../core/http2/hpack/literals.ts';
import { Piece } from '../http1/field-lines.ts';

/** A field as a header block has it. */
export function field(name: string, value: string): Piece {
  return new Piece(literalField(name, value));
}

/** What a proxy adds to each message (RFC 9110 section 7.6.3), with the pseudonym that Linkerd's users look for. */
export const VIA_VALUE = 'h2 linkerd';
export const VIA = field('via', VIA_VALUE);
export const SUCCESS = field('l5d-success-class', '1.0');
export const FAILURE = field('l5d-success-class', '0.0');

/** Up to the value, whose length is the last byte: one of less than 127 bytes follows. */
export function fieldStart(name: string, valueBytes: number): Piece {
  const whole = literalField(name, 'x'.repeat(valueBytes));
  return new Piece(whole.subarray(0, whole.length - valueBytes));
}

/**
 * The fields that every request of a route gets (spec 03 section 4.2): `l5d-dst-service`, `l5d-dst-client`,
 * `l5d-dst-residual` unless it is empty, `l5d-ctx-dtab` when the request brought a dtab, and `via` last, so that a writer can
 * leave it off.
 */
export function branchFields(path: string, id: string, residual: string, dtab: string): Piece {
  const fields: Uint8Array[] = [literalField('l5d-dst-service', path), literalField('l5d-dst-client', id)];
  if (residual !== '' && residual !== '/') fields.push(literalField('l5d-dst-residual', residual));
  if (dtab !== '') fields.push(literalField('l5d-ctx-dtab', dtab));
  fields.push(literalField('via', VIA_VALUE));
  return new Piece(Buffer.concat(fields));
}
