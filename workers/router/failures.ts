/**
 * What a client is told when Weft itself fails its request: status, reason, and Linkerd's texts where programs or people
 * read them (spec 03 section 6).
 */
import { Dtab } from '../../core/names/dtab.ts';
import type { Reason } from '../../core/reasons.ts';
import { durationText } from '../../core/resilience/duration-text.ts';
import type { Failure } from './exchange.ts';

/** Nothing was reset by an endpoint. */
export const NO_RESET = -1;

/** Makes a failure. @param resetCode of the RST_STREAM that an endpoint sent */
export function failure(
  status: number,
  reason: Reason,
  message: string,
  retryable = false,
  resetCode = NO_RESET,
): Failure {
  return { status, reason, message, retryable, resetCode };
}

/** No identifier knew the request. @param request as `Request("GET /x", from /127.0.0.1:1234)` */
export function unidentified(request: string, reason: string): Failure {
  return failure(400, 'unidentified', `Unknown destination: ${request} / ${reason}`);
}

/** A client keeps a request from its endpoints, which have said of most that they are overloaded (spec 05 section 7.1). */
export function overloadDropped(): Failure {
  return failure(502, 'overload_dropped', 'Request not issued to the backend due to observed overload.');
}

/** The name was not bound in time (spec 05 section 1). */
export function bindingTimeout(timeoutMs: number, path: string): Failure {
  const message = `Exceeded ${durationText(timeoutMs)} binding timeout while resolving name: ${path}`;
  return failure(502, 'binding_timeout', message);
}

/** No connection to an endpoint came about in the same time, over all that were tried. @param client the bound name */
export function acquisitionTimeout(timeoutMs: number, client: string, path: string): Failure {
  const message = `Exceeded ${durationText(timeoutMs)} binding timeout while connecting to ${client} for name: ${path}`;
  return failure(502, 'binding_timeout', message);
}

/** The name resolves to nothing that could serve (block A of the spec). */
export function noBrokers(path: string, baseDtab: string, overrideDtab: string): Failure {
  const message = `Unable to route request!

service name: ${path}
dtab:

base dtab:
${dtabLines(baseDtab)}
override dtab:
${dtabLines(overrideDtab)}
`;
  return failure(502, 'no_brokers', message);
}

/** No connection to an endpoint came about (block B). */
export function noConnection(
  reason: Reason,
  endpoint: string,
  path: string,
  client: string,
  addresses: readonly string[],
): Failure {
  const message = `Unable to establish connection to ${endpoint}.

service name: ${path}
client name: ${client}
addresses: [${addresses.join(', ')}]
selected address: ${endpoint}
`;
  return failure(502, reason, message, true);
}

/** Something that the worker needs is used up. */
export function localResources(message: string): Failure {
  return failure(503, 'local_resources', message, true);
}

/** `totalTimeoutMs` has passed. @param client whose endpoints were asked last; '' while the name was not bound */
export function totalTimeout(timeoutMs: number, client: string): Failure {
  const to = client === '' ? 'unspecified' : client.slice(1);
  const message = `exceeded ${durationText(timeoutMs)} to ${to} while waiting for a response for the request, including retries (if applicable). Remote Info: Not Available`;
  return failure(503, 'total_timeout', message);
}

/** A server's `timeoutMs` has passed. */
export function serverTimeout(timeoutMs: number): Failure {
  const message = `exceeded ${durationText(timeoutMs)} to unspecified while waiting for a response for an individual request, excluding retries. Remote Info: Not Available`;
  return failure(503, 'server_timeout', message);
}

/** `requestAttemptTimeoutMs` has passed. @param endpoint that was asked */
export function attemptTimeout(timeoutMs: number, client: string, endpoint: string): Failure {
  const label = client.slice(1);
  const message = `exceeded ${durationText(timeoutMs)} to ${label} while waiting for a response for an individual request, excluding retries. Remote Info: Downstream Address: /${endpoint}, Downstream label: ${label}`;
  return failure(503, 'attempt_timeout', message);
}

function dtabLines(text: string): string {
  if (text === '') return '';
  const dentries = Dtab.read(text).toJSON();
  return dentries.map(({ prefix, dst }) => `  ${prefix} => ${dst}`).join('\n');
}
