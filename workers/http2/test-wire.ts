/** Frames as tests read and write them: whole, with their payloads, from bytes that a connection has sent. */
import { FRAME_HEADER_BYTES, FrameHeader, writeFrameHeader } from '../../core/http2/frame.ts';
import { FRAME_NAMES } from '../../core/http2/frame-types.ts';

/** A frame. */
export interface TestFrame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Uint8Array;
}

/** The frames that bytes are. @throws RangeError when the last one is cut */
export function framesIn(bytes: Uint8Array): TestFrame[] {
  const frames: TestFrame[] = [];
  const header = new FrameHeader();
  for (let at = 0; at < bytes.length; ) {
    const payload = header.read(bytes, at, bytes.length);
    const end = payload + header.length;
    if (payload < 0 || end > bytes.length) throw new RangeError(`a frame is cut: ${bytes.length - at} bytes`);
    frames.push({
      type: header.type,
      flags: header.flags,
      id: header.streamId,
      payload: bytes.slice(payload, end),
    });
    at = end;
  }
  return frames;
}

/** A frame's bytes. */
export function frameBytes(type: number, flags: number, id: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  writeFrameHeader(bytes, 0, payload.length, type, flags, id);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

/** A frame in a few words: `DATA 1 +3 flags 1`. */
export function showFrame({ type, flags, id, payload }: TestFrame): string {
  const name = FRAME_NAMES[type] ?? `type ${type}`;
  return `${name} ${id} +${payload.length}${flags === 0 ? '' : ` flags ${flags}`}`;
}
