/** The classifier that goes by the status of gRPC and retries nothing (spec 02 section 8.1, spec 05 section 11). */
import { kind } from '../kinds.ts';
import { int } from '../scalars.ts';
import { list, withDefault } from '../schema.ts';

/** `io.l5d.h2.grpc.neverRetryable`. */
export const grpcNeverRetryable = kind('io.l5d.h2.grpc.neverRetryable', {
  /** The values of `grpc-status` that are successes. */
  successStatusCodes: withDefault(list(int(0, 16)), [0]),
});
