/** The sending half of a connection, for tests: what streams and the layers above call, opened up. */
import { SendWindow } from '../../core/http2/flow-control.ts';
import { UINT31_MAX } from '../../core/http2/frame.ts';
import type { TestNet } from '../net/test-net.ts';
import { FrameOutput } from './frame-output.ts';

const SCOPE = 1;
let nextFd = 10;

/** A connection that only sends. */
export class TestOutput extends FrameOutput {
  readonly broken: number[] = [];
  dataSent = 0;
  drained = 0;
  /** The window update that is due at the end of each tick; 0 for none. */
  due = 0;

  constructor(world: TestNet) {
    super(world.net, 0, nextFd++, SCOPE, false);
    this.sendWindow.reset(UINT31_MAX);
  }

  protected writeDue(): void {
    if (this.due > 0) this.writeWindow(0, this.due);
  }

  protected onDataSent(): void {
    this.dataSent++;
  }

  protected onReadable(): void {}
  onReceived(): void {}
  onDeadline(): void {}

  protected onEnd(): void {
    this.close();
  }

  protected onDrained(): void {
    this.drained++;
  }

  protected onBroken(errno: number): void {
    this.broken.push(errno);
    this.reset();
  }

  onFault(error: unknown): void {
    throw error;
  }

  ping(number: number): void {
    this.writePingQuestion(0, number);
  }

  answerPing(at: number): void {
    this.writePingAnswer(at);
  }

  leave(id: number, code: number, text: string): void {
    this.writeLeave(id, code, text);
  }

  acknowledge(): void {
    this.writeSettingsAnswer();
  }

  /** DATA, as wide as the windows are. */
  data(id: number, at: number, byteLength: number, endStream = false, inPlace = false): void {
    const window = new SendWindow();
    window.reset(UINT31_MAX);
    this.writeData(id, window, at, byteLength, endStream, inPlace);
  }
}
