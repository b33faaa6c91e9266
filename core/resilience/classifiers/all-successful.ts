/** The classifier that takes every response for a success (spec 05 sections 10 and 11); its absence stays a failure. */
import { type ClassifierKind, VERDICT } from '../response-classifier.ts';

/** Every response that ends well is a success, whatever its status. */
export class AllSuccessful implements ClassifierKind {
  readonly retriesAtEnd = false;

  retries(): boolean {
    return false;
  }

  response(_method: number, _status: number, _grpcStatus: number, ended: boolean): number {
    return ended ? VERDICT.success : VERDICT.open;
  }

  ending(): number {
    return VERDICT.failure;
  }
}
