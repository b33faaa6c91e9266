/**
 * A record as a line of the access log, in Linkerd's form, which is the combined log format with the host in front:
 *
 *     web 10.0.0.9 - - [25/12/2018:10:00:00 UTC] "GET /x?y=1 HTTP/1.1" 200 12 "-" "curl/7.58.0"
 *
 * What a client says is escaped, so that it is one value of one line whatever it holds.
 */
import type { AccessRecord } from '../../core/shared/access-record.ts';

/** What could end a value or a line, and what is no ASCII. A space ends the values that stand without quotes. */
const QUOTED_UNSAFE = /[^\x20-\x7e]|["\\]/;
const UNSAFE = /[^\x21-\x7e]|["\\]/;

function escapeEach(text: string, unsafe: RegExp): string {
  if (!unsafe.test(text)) return text;
  return text.replace(new RegExp(unsafe, 'g'), (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`;
  });
}

/** `-` for what is not there. */
function value(text: string | undefined, unsafe: RegExp): string {
  return text === undefined || text === '' ? '-' : escapeEach(text, unsafe);
}

let stampedSeconds = -1;
let stamp = '';

/** `25/12/2018:10:00:00`, in UTC. */
function stampOf(seconds: number): string {
  if (seconds !== stampedSeconds) {
    stampedSeconds = seconds;
    const [date = '', time = ''] = new Date(seconds * 1000).toISOString().slice(0, 19).split('T');
    stamp = `${date.split('-').reverse().join('/')}:${time}`;
  }
  return stamp;
}

/** The line of a record, with its line feed. @param protocol of the router */
export function formatLine(record: AccessRecord, protocol: 'http' | 'h2'): string {
  const { status, contentLength, minorVersion } = record;
  const isHttp2 = protocol === 'h2';
  const method = value(record.method.toUpperCase(), UNSAFE);
  const version = isHttp2 ? 'HTTP/2' : `HTTP/1.${minorVersion}`;
  const request = `${method} ${value(record.target, UNSAFE)} ${version}`;
  const length = isHttp2 || contentLength < 0 ? '-' : contentLength;
  const time = `${stampOf(record.seconds)} ${isHttp2 ? '+0000' : 'UTC'}`;
  const from = `${value(record.authority, UNSAFE)} ${value(record.clientIp, UNSAFE)}`;
  const about = `"${value(record.referer, QUOTED_UNSAFE)}" "${value(record.userAgent, QUOTED_UNSAFE)}"`;
  return `${from} - - [${time}] "${request}" ${status} ${length} ${about}\n`;
}
