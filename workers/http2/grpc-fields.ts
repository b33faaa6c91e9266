/** What gRPC has in the fields of a message: how it is told, until when it may take, and how it went (core/http2/grpc-status.ts). */
import { FIELD_NAME_END, FIELD_STRIDE, FIELD_VALUE_END, FIELD_VALUE_START } from '../../core/http1/parsed-head.ts';
import type { FieldSection } from '../../core/http2/field-section.ts';
import { isGrpcContentType, parseGrpcStatus, parseGrpcTimeout } from '../../core/http2/grpc-status.ts';

/** Of content-type in HPACK's static table. */
const CONTENT_TYPE_INDEX = 31;
const GRPC_TIMEOUT = Buffer.from('grpc-timeout');
const GRPC_STATUS = Buffer.from('grpc-status');

/** Whether a message says that it is gRPC's. */
export function isGrpc(section: FieldSection): boolean {
  const { nameIndex, fields, fieldCount } = section;
  for (let i = section.firstRegular; i < fieldCount; i++) {
    if (nameIndex[i] !== CONTENT_TYPE_INDEX) continue;
    const place = i * FIELD_STRIDE;
    const from = fields[place + FIELD_VALUE_START] as number;
    return isGrpcContentType(section.bytes, from, fields[place + FIELD_VALUE_END] as number);
  }
  return false;
}

/** The time that `grpc-timeout` allows, in milliseconds; -1 when there is none, or none that can be read. */
export function grpcTimeoutMs(section: FieldSection): number {
  const place = find(section, GRPC_TIMEOUT);
  if (place < 0) return -1;
  const { fields, bytes } = section;
  return parseGrpcTimeout(
    bytes,
    fields[place + FIELD_VALUE_START] as number,
    fields[place + FIELD_VALUE_END] as number,
  );
}

/** The value of `grpc-status`; -1 when there is none, or none that can be read. */
export function grpcStatusOf(section: FieldSection): number {
  const place = find(section, GRPC_STATUS);
  if (place < 0) return -1;
  const { fields, bytes } = section;
  return parseGrpcStatus(bytes, fields[place + FIELD_VALUE_START] as number, fields[place + FIELD_VALUE_END] as number);
}

/** @returns the place in `fields` of the first field with a name that the static table has not, or -1 */
function find(section: FieldSection, name: Uint8Array): number {
  const { bytes, fields, fieldCount, nameIndex } = section;
  for (let i = section.firstRegular; i < fieldCount; i++) {
    if (nameIndex[i] !== 0) continue;
    const place = i * FIELD_STRIDE;
    const from = fields[place] as number;
    if ((fields[place + FIELD_NAME_END] as number) - from === name.length && isAt(bytes, from, name)) return place;
  }
  return -1;
}

function isAt(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name[i]) return false;
  return true;
}
