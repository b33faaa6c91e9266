/**
 * What an endpoint is told of a request: every field of spec 03 sections 4.1, 4.2 and 5.4 that is read, written, kept or
 * taken away, as the endpoint sees it.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, echoHead, get, type Head, readHead, soleValueOf, valuesOf } from './support/exchange.ts';
import { ScriptedUpstream } from './support/scripted-upstream.ts';
import { freePort, IP, Weft } from './support/weft.ts';

let upstream: ScriptedUpstream;
let weft: Weft;
const ports = { plain: 0, clear: 0, stamped: 0 };

before(async () => {
  upstream = await ScriptedUpstream.start(echoHead);
  const dtab = `/svc => /$/inet/127.1/${upstream.port}`;
  ports.clear = await freePort();
  ports.stamped = await freePort();
  weft = await Weft.start({
    router: `  dtab: ${dtab}`,
    more: `- {protocol: http, label: clear, dtab: "${dtab}", servers: [{ip: ${IP}, port: ${ports.clear}, clearContext: true}]}
- {protocol: http, label: stamped, dtab: "${dtab}", servers: [{ip: ${IP}, port: ${ports.stamped}, timestampHeader: X-Start}]}`,
  });
  ports.plain = weft.port;
});

after(async () => {
  await weft.stop();
  await upstream.stop();
});

/** Sends a GET with further lines. @returns the head that the endpoint got */
async function seenBy(port: number, ...lines: readonly string[]): Promise<Head> {
  const answer = await ask(port, get('web', ...lines));
  assert.equal(answer.status, 200, answer.body);
  return readHead(answer.body);
}

/** What is sent, and the values that the endpoint gets; lines with `|` between them. */
interface Row {
  readonly sent: string;
  readonly seen: Readonly<Record<string, readonly string[]>>;
}

const ROWS: readonly Row[] = [
  // Section 4.1: read.
  { sent: 'l5d-dtab: /x=>/y', seen: { 'l5d-dtab': [], 'l5d-ctx-dtab': ['/x=>/y'] } },
  { sent: 'L5D-Ctx-Dtab: /x => /y ;', seen: { 'l5d-dtab': [], 'l5d-ctx-dtab': ['/x=>/y'] } },
  { sent: 'l5d-dtab: /c=>/d|l5d-ctx-dtab: /a=>/b', seen: { 'l5d-dtab': [], 'l5d-ctx-dtab': ['/a=>/b;/c=>/d'] } },
  {
    sent: 'l5d-dtab: /a=>/1|l5d-ctx-dtab: /b=>/2|l5d-dtab: /c=>/3|l5d-ctx-dtab: /d=>/4',
    seen: { 'l5d-ctx-dtab': ['/b=>/2;/d=>/4;/a=>/1;/c=>/3'] },
  },
  { sent: 'l5d-dtab:', seen: { 'l5d-dtab': [], 'l5d-ctx-dtab': [] } },
  { sent: 'dtab-local: /a=>/b', seen: { 'dtab-local': ['/a=>/b'], 'l5d-ctx-dtab': [] } },
  { sent: 'l5d-sample: 1.0', seen: { 'l5d-sample': [] } },
  { sent: 'l5d-ctx-other: 1|l5d-ctx-other: 2', seen: { 'l5d-ctx-other': ['1', '2'] } },
  {
    sent: 'l5d-ctx-deadline: 1700000000000000001 1700000000000000009',
    seen: { 'l5d-ctx-deadline': ['1700000000000000001 1700000000000000009'] },
  },
  {
    // The latest timestamp, the earliest deadline, by their last digits.
    sent: 'l5d-ctx-deadline: 1700000000000000001 1700000000000000008|x-a: 1|l5d-ctx-deadline: 1700000000000000002 1700000000000000009',
    seen: { 'l5d-ctx-deadline': ['1700000000000000002 1700000000000000008'], 'x-a': ['1'] },
  },
  {
    sent: 'l5d-ctx-deadline: 3 9223372036854775807|l5d-ctx-deadline: nonsense|l5d-ctx-deadline: 12  99|l5d-ctx-deadline: 1 50',
    seen: { 'l5d-ctx-deadline': ['3 50'] },
  },
  { sent: 'l5d-ctx-deadline: soon|l5d-ctx-deadline: later', seen: { 'l5d-ctx-deadline': [] } },
  // Section 4.2: written, whatever a client says.
  {
    sent: 'l5d-dst-service: /spoofed|l5d-dst-client: /spoofed|l5d-dst-residual: /spoofed',
    seen: { 'l5d-dst-service': ['/svc/web'], 'l5d-dst-residual': ['/web'] },
  },
  { sent: 'x-forwarded-client-cert: Hash=0', seen: { 'x-forwarded-client-cert': [] } },
  { sent: 'x-a: 1', seen: { via: ['1.1 linkerd'], forwarded: [], 'x-forwarded-for': [], 'l5d-ctx-deadline': [] } },
  { sent: 'Via: 1.0 fred, 1.1 p.example', seen: { via: ['1.0 fred, 1.1 p.example, 1.1 linkerd'] } },
  { sent: 'Via: 1.0 a|X-Between: 1|Via: 1.1 b', seen: { via: ['1.0 a, 1.1 b, 1.1 linkerd'], 'x-between': ['1'] } },
  { sent: 'X-Forwarded-For: 1.2.3.4|Forwarded: for=a', seen: { 'x-forwarded-for': ['1.2.3.4'], forwarded: ['for=a'] } },
  // Section 5.4: what ends at this hop (row 22 of section 12 first).
  { sent: 'Connection: X-Foo|X-Foo: 1', seen: { connection: [], 'x-foo': [] } },
  {
    sent: 'Connection: close, x-foo , X-BAR|X-Foo: 1|x-bar: 2|x-baz: 3',
    seen: { 'x-foo': [], 'x-bar': [], 'x-baz': ['3'] },
  },
  { sent: 'Connection: keep-alive|Keep-Alive: timeout=5', seen: { connection: [], 'keep-alive': [] } },
  {
    sent: 'Proxy-Authenticate: Basic|Proxy-Authorization: Basic eA==',
    seen: { 'proxy-authenticate': [], 'proxy-authorization': [] },
  },
  { sent: 'TE: trailers|Trailer: X-T|Upgrade: h2c', seen: { te: [], trailer: [], upgrade: [] } },
  {
    sent: 'Authorization: Bearer x|Cookie: a=b|Accept-Encoding: gzip',
    seen: { authorization: ['Bearer x'], cookie: ['a=b'], 'accept-encoding': ['gzip'] },
  },
  {
    sent: 'Max-Forwards: 3|finagle-http-retryable-request:',
    seen: { 'max-forwards': ['3'], 'finagle-http-retryable-request': [] },
  },
];

for (const { sent, seen } of ROWS) {
  test(`the endpoint of a request with ${sent}`, async () => {
    const head = await seenBy(ports.plain, ...sent.split('|'));
    for (const [name, values] of Object.entries(seen)) assert.deepEqual(valuesOf(head, name), values, name);
    assert.equal(soleValueOf(head, 'l5d-dst-service'), '/svc/web');
    assert.equal(soleValueOf(head, 'l5d-dst-client'), `/$/inet/127.1/${upstream.port}`);
    assert.match(soleValueOf(head, 'l5d-reqid') ?? '', /^[0-9a-f]{16}$/);
    assert.equal(soleValueOf(head, 'host'), 'web');
  });
}

test('clearContext: whatever a client says with l5d- in front is dropped before it is used', async () => {
  const context = contextOf([1n, 2n, 3n, 6n]);
  const fields = { 'l5d-ctx-deadline': '1 2', 'l5d-ctx-dtab': '/a=>/b', 'l5d-dtab': 'not a dtab', 'l5d-sample': '1' };
  const lines = Object.entries({ ...fields, 'L5D-Any': 'x', 'l5d-ctx-trace': context, 'l5d-ctx-deadLINE': '3 4' });
  const head = await seenBy(ports.clear, ...lines.map(([name, value]) => `${name}: ${value}`));
  for (const name of [...Object.keys(fields), 'l5d-any']) assert.deepEqual(valuesOf(head, name), [], name);
  const trace = traceOf(head);
  assert.notEqual(trace.trace, 3n, 'the context is not read');
  assert.equal(trace.flags, 0n, 'nor the sampling rate');
});

test('the via entry has the version of the message', async () => {
  const answer = await ask(ports.plain, 'GET / HTTP/1.0\r\nHost: web\r\n\r\n');
  assert.equal(soleValueOf(readHead(answer.body), 'via'), '1.0 linkerd');
  const joined = await ask(ports.plain, 'GET / HTTP/1.0\r\nHost: web\r\nVia: 1.1 a\r\n\r\n');
  assert.equal(soleValueOf(readHead(joined.body), 'via'), '1.1 a, 1.0 linkerd');
});

test('the timestamp is one more value, in milliseconds', async () => {
  const from = Date.now();
  const values = valuesOf(await seenBy(ports.stamped, 'X-Start: 7'), 'x-start');
  assert.equal(values.length, 2);
  assert.equal(values[0], '7');
  const stamp = Number(values[1]);
  // The worker's clock is read once a tick.
  assert.ok(stamp >= from - 1000 && stamp <= Date.now() + 1000, `${stamp} is not now`);
});

// ---- the trace context ---------------------------------------------------------------------------------------------

type TraceWords = readonly [span: bigint, parent: bigint, trace: bigint, flags: bigint, high?: bigint];

function contextOf(words: TraceWords): string {
  const bytes = Buffer.alloc(8 * words.length);
  for (const [i, word] of words.entries()) bytes.writeBigUInt64BE(word ?? 0n, 8 * i);
  return bytes.toString('base64');
}

function traceOf(head: Head): {
  span: bigint;
  parent: bigint;
  trace: bigint;
  flags: bigint;
  bytes: number;
  high: bigint;
} {
  const bytes = Buffer.from(soleValueOf(head, 'l5d-ctx-trace') ?? '', 'base64');
  const word = (i: number) => bytes.readBigUInt64BE(8 * i);
  const high = bytes.length === 40 ? word(4) : 0n;
  return { span: word(0), parent: word(1), trace: word(2), flags: word(3), bytes: bytes.length, high };
}

const SPAN = 0x0123456789abcdefn;
const TRACE = 0xfedcba9876543210n;

/** Context, further lines, the flags that go on. */
const SAMPLING: readonly (readonly [context: TraceWords | undefined, lines: readonly string[], flags: bigint])[] = [
  [[SPAN, 5n, TRACE, 0n], [], 0n],
  [[SPAN, 5n, TRACE, 6n], [], 6n],
  [[SPAN, 5n, TRACE, 1n], ['l5d-sample: 0'], 1n],
  [[SPAN, 5n, TRACE, 2n], ['l5d-sample: 1.0'], 2n],
  [[SPAN, 5n, TRACE, 6n], ['l5d-sample: 0.0'], 6n],
  [[SPAN, 5n, TRACE, 0n], ['l5d-sample: 1.0'], 6n],
  [[SPAN, 5n, TRACE, 0n], ['l5d-sample: 0.0'], 2n],
  [[SPAN, 5n, TRACE, 0n], ['l5d-sample: 2.5'], 6n],
  [[SPAN, 5n, TRACE, 0n], ['l5d-sample: -1'], 2n],
  [[SPAN, 5n, TRACE, 0n], ['l5d-sample: often'], 0n],
  // |trace| is 0.0089 of 2^63.
  [[SPAN, 5n, TRACE, 0n], ['l5d-sample: 0.01'], 6n],
  [[SPAN, 5n, TRACE, 0n], ['l5d-sample: 0.008'], 2n],
  [undefined, ['l5d-sample: 1'], 6n],
  [undefined, ['l5d-sample: 0'], 2n],
  [undefined, [], 0n],
];

for (const [context, lines, flags] of SAMPLING) {
  const what = context === undefined ? 'no context' : `flags ${context[3]}`;
  test(`trace: ${what} and ${lines.join() || 'no rate'} go on with flags ${flags}`, async () => {
    const sent = context === undefined ? [] : [`l5d-ctx-trace: ${contextOf(context)}`];
    const head = await seenBy(ports.plain, ...sent, ...lines);
    const trace = traceOf(head);
    assert.equal(trace.flags, flags);
    assert.equal(trace.bytes, 32);
    assert.equal(soleValueOf(head, 'l5d-reqid'), trace.trace.toString(16).padStart(16, '0'));
    assert.notEqual(trace.span, trace.parent, 'the endpoint has a span of its own');
    if (context === undefined) assert.equal(trace.parent, trace.trace, 'a new trace begins with this hop');
    else assert.deepEqual([trace.parent, trace.trace], [SPAN, TRACE], "the endpoint's span is a child of the caller's");
  });
}

test('trace: the high half of a 128-bit id goes on', async () => {
  const trace = traceOf(await seenBy(ports.plain, `l5d-ctx-trace: ${contextOf([SPAN, 5n, TRACE, 4n, 77n])}`));
  assert.deepEqual([trace.bytes, trace.high, trace.trace, trace.parent], [40, 77n, TRACE, SPAN]);
});

for (const bad of ['', 'AAAA', '!'.repeat(44), contextOf([1n, 2n, 3n, 4n]).replace('A', '*')]) {
  test(`trace: a context that is none (${JSON.stringify(bad)}) is replaced by a new one`, async () => {
    const trace = traceOf(await seenBy(ports.plain, `l5d-ctx-trace: ${bad}`));
    assert.equal(trace.parent, trace.trace);
    assert.ok(trace.trace > 4n, 'a random id');
  });
}

test('trace: no two requests get the same ids', async () => {
  const spans = new Set<bigint>();
  for (let i = 0; i < 20; i++) spans.add(traceOf(await seenBy(ports.plain)).span);
  assert.equal(spans.size, 20);
});
