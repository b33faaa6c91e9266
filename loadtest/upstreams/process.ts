/** The process of the upstreams: COUNT of them, each answering after DELAY_MS, until it is told otherwise for one. */
import { startNetUpstream } from './net-upstream.ts';
import type { Change, Ready, StartUpstream } from './upstream.ts';
import { loadUwsUpstream } from './uws-upstream.ts';

function choose(): { readonly kind: string; readonly start: StartUpstream } {
  try {
    return { kind: 'uWebSockets.js', start: loadUwsUpstream() };
  } catch {
    return { kind: 'node:net (uWebSockets.js does not load on this system)', start: startNetUpstream };
  }
}

const [count, delayMs] = process.argv.slice(2).map(Number);
const { kind, start } = choose();
const upstreams = await Promise.all(Array.from({ length: count ?? 1 }, () => start(delayMs ?? 0)));
process.on('message', ({ upstream, delayMs, failShare }: Change) => {
  const told = upstreams[upstream];
  if (told === undefined) return;
  told.delayMs = delayMs ?? told.delayMs;
  told.failShare = failShare ?? told.failShare;
});
process.on('disconnect', () => process.exit(0));
const ready: Ready = { kind, ports: upstreams.map(({ port }) => port) };
process.send?.(ready);
