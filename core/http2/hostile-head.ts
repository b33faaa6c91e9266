/** The shape of an entry in the list of hostile HTTP/2 heads (`hostile-heads.ts`), and how such entries are made. */

/** A name and a value, one character for each byte. */
export type Field = readonly [name: string, value: string];

/** What a head says, when it is accepted. */
export interface HeadFacts {
  readonly method?: string;
  readonly authority?: string;
  readonly target?: string;
  readonly scheme?: string;
  readonly status?: number;
  readonly contentLength?: number;
  readonly body?: 'none' | 'length' | 'until END_STREAM';
  readonly cookies?: number;
  readonly expectContinue?: boolean;
  /** Names that must not be forwarded. */
  readonly withheld?: readonly string[];
}

/** One entry. */
export interface HostileHead {
  /** Row of the hostile-inputs table. */
  readonly row: number;
  readonly side: 'request' | 'response' | 'trailers';
  readonly name: string;
  readonly fields: readonly Field[];
  readonly endStream: boolean;
  /** For a response: the name of the method that it answers. */
  readonly requestMethod: string;
  /** The message of the refusal, which is a 400 for a request unless `status` says otherwise; or what is read. */
  readonly expect: string | HeadFacts;
  readonly status: number;
}

/** A request that nothing is wrong with. */
export const GET: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'a.b:1'],
  [':path', '/'],
];

/** The same with a body. */
export const POST: readonly Field[] = [[':method', 'POST'], ...GET.slice(1)];

/** A response that nothing is wrong with. */
export const OK: readonly Field[] = [[':status', '200']];

type Options = Partial<Pick<HostileHead, 'endStream' | 'requestMethod' | 'status'>>;

function entry(
  row: number,
  side: HostileHead['side'],
  name: string,
  fields: readonly Field[],
  expect: string | HeadFacts,
  options: Options,
): HostileHead {
  return { row, side, name, fields, expect, endStream: true, requestMethod: 'GET', status: 400, ...options };
}

/** A request; END_STREAM is set unless the options say otherwise. */
export function request(
  row: number,
  name: string,
  fields: readonly Field[],
  expect: string | HeadFacts,
  options: Options = {},
): HostileHead {
  return entry(row, 'request', name, fields, expect, options);
}

/** A response to GET with END_STREAM, unless the options say otherwise. */
export function response(
  row: number,
  name: string,
  fields: readonly Field[],
  expect: string | HeadFacts,
  options: Options = {},
): HostileHead {
  return entry(row, 'response', name, fields, expect, options);
}

/** A trailer section. */
export function trailers(row: number, name: string, fields: readonly Field[], expect: string | HeadFacts): HostileHead {
  return entry(row, 'trailers', name, fields, expect, {});
}

/** The same field at the end of a request, of a response, and of a trailer section. */
export function everywhere(row: number, name: string, field: Field, expect: string | HeadFacts): HostileHead[] {
  return [
    request(row, name, [...GET, field], expect),
    response(row, name, [...OK, field], expect),
    trailers(row, name, [['grpc-status', '0'], field], expect),
  ];
}
