/**
 * The classifiers that go by the status of gRPC (spec 02 section 8.1). They differ in which failures are retryable:
 * core/resilience/classifiers/grpc.ts.
 */
import { kind } from '../kinds.ts';
import { int } from '../scalars.ts';
import { list, required, withDefault } from '../schema.ts';

/** Values of `grpc-status`. */
const statusCodes = list(int(0, 16));

/** The values that are successes. */
const common = { successStatusCodes: withDefault(statusCodes, [0]) };

/** Retries nothing. */
export const grpcNeverRetryable = kind('io.l5d.h2.grpc.neverRetryable', common);

/** Retries UNAVAILABLE. */
export const grpcDefault = kind('io.l5d.h2.grpc.default', common);

/** Retries what says UNAVAILABLE in any way that gRPC knows. */
export const grpcCompliant = kind('io.l5d.h2.grpc.compliant', common);

/** Retries whatever has a status that is no success. */
export const grpcAlwaysRetryable = kind('io.l5d.h2.grpc.alwaysRetryable', common);

/** Retries the statuses that it lists. */
export const grpcRetryableStatusCodes = kind('io.l5d.h2.grpc.retryableStatusCodes', {
  ...common,
  retryableStatusCodes: required(statusCodes),
});
