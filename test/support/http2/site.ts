/** For each test an upstream of its own behind a Weft that speaks HTTP/2, under a name of its own, and a client. */
import type { TestContext } from 'node:test';
import { assertNoFault } from '../http1-site.ts';
import { Weft, type WeftOptions } from '../weft.ts';
import { Http2Client } from './client.ts';
import type { PeerOptions } from './peer.ts';
import { echo, Http2Upstream, type StreamScript, type UpstreamOptions } from './upstream.ts';

/** An upstream behind Weft. */
export interface Http2Site {
  /** The `:authority` that leads to it. */
  readonly host: string;
  readonly upstream: Http2Upstream;
  readonly client: Http2Client;
}

let sites = 0;

/** Starts a Weft for one test; its end looks for faults. */
export async function startHttp2(t: TestContext, options: WeftOptions = {}): Promise<Weft> {
  const weft = await Weft.start({ protocol: 'h2', ...options });
  t.after(() =>
    endAll(
      () => weft.stop(),
      () => assertNoFault(weft),
    ),
  );
  return weft;
}

/** Starts an upstream, makes it known to Weft, and connects a client. */
export async function openHttp2Site(
  t: TestContext,
  weft: Weft,
  script: StreamScript = echo,
  options: UpstreamOptions & { readonly client?: PeerOptions } = {},
): Promise<Http2Site> {
  const host = `h2site${sites++}`;
  const upstream = await openHttp2Upstream(t, script, options);
  weft.disco(host, [upstream.disco]);
  return { host, upstream, client: await openHttp2Client(t, weft, options.client) };
}

/** Starts an upstream. */
export async function openHttp2Upstream(
  t: TestContext,
  script: StreamScript = echo,
  options: UpstreamOptions = {},
): Promise<Http2Upstream> {
  const upstream = await Http2Upstream.start(script, options);
  t.after(() => upstream.stop());
  return upstream;
}

/** Connects another client. */
export async function openHttp2Client(t: TestContext, weft: Weft, options: PeerOptions = {}): Promise<Http2Client> {
  const client = await Http2Client.open(weft.port, options);
  t.after(() => client.close());
  return client;
}

/** Leaves a stream to the test, which finds it by `upstream.stream()`. */
export const hold: StreamScript = () => {};

/** Ends all of a file's fixtures, whatever happens to one of them. @throws the first of what they throw */
export async function endAll(...ends: readonly (() => unknown)[]): Promise<void> {
  const faults: unknown[] = [];
  for (const end of ends) {
    try {
      await end();
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length > 0) throw faults[0];
}
