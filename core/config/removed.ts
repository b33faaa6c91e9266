/** Keys of older Linkerds that people still have in their files (spec 02 section 1), with what to write instead. */
import { removed } from './schema.ts';

/** Of servers and clients: the choice between two Netty versions. */
export const engine = removed('1.3.0', 'Leave it out: there is one engine.');

/** Of routers. */
export const removedRouterKeys = {
  engine,
  maxRequestKB: removed('1.7.0', 'Leave it out: bodies are streamed, whatever their size.'),
  maxResponseKB: removed('1.7.0', 'Leave it out: bodies are streamed, whatever their size.'),
  maxChunkKB: removed('1.6.0', 'Leave it out: chunks are forwarded, whatever their size.'),
  baseDtab: removed('1.0.0', 'Write "dtab".'),
  timeoutMs: removed('1.0.0', 'Write "totalTimeoutMs" under "service".'),
  httpUriInDst: removed('1.0.0', 'Write "httpUriInDst" under an identifier of kind io.l5d.methodAndHost.'),
  failFast: removed('1.0.0', 'Write "failFast" under "client".'),
};

/** Of the document. */
export const removedTopKeys = {
  tracers: removed('1.0.0', 'Write a tracer as an item of "telemetry".'),
};
