/** The room for one head, for routers of each protocol, with bridges and without. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from './config/load.ts';
import { headBytesMax } from './head-bytes.ts';

const SLACK_BYTES = 4096;
const H2_DEFAULT_BYTES = 20_000;

/** Routers in flow style, and the largest head without what Weft adds. */
const ROUTERS: readonly (readonly [routers: string, bytes: number])[] = [
  ['{protocol: http, servers: [{}]}', 12 * 1024],
  ['{protocol: http, servers: [{}], maxHeadersKB: 30, maxInitialLineKB: 2}', 32 * 1024],
  ['{protocol: h2, servers: [{}]}', H2_DEFAULT_BYTES],
  ['{protocol: h2, servers: [{}, {port: 1, maxHeaderListBytes: 30000}]}', 30_000],
  ['{protocol: h2, servers: [{}], client: {maxHeaderListBytes: 40000}}', 40_000],
  ['{protocol: h2, servers: [{maxHeaderListBytes: 1024}], client: {maxHeaderListBytes: 2000}}', 2000],
  ['{protocol: h2, servers: [{maxHeaderListBytes: 1024}]}', H2_DEFAULT_BYTES],
  ['{protocol: http, servers: [{}], client: {protocol: h2}}', H2_DEFAULT_BYTES],
  ['{protocol: http, servers: [{}], client: {protocol: h2, maxHeaderListBytes: 2000}}', 12 * 1024],
  ['{protocol: http, servers: [{}], client: {protocol: h2, maxHeaderListBytes: 50000}}', 50_000],
  ['{protocol: http, servers: [{}]}, {protocol: h2, servers: [{}]}', H2_DEFAULT_BYTES],
  ['{protocol: http, servers: [{}], maxHeadersKB: 64}, {protocol: h2, servers: [{}]}', 68 * 1024],
];

for (const [routers, bytes] of ROUTERS) {
  test(`the largest head of ${routers}`, () => {
    const config = loadConfig(`routers: [${routers}]`, 'linkerd.yaml');
    assert.equal(headBytesMax(config.routers, { h2HeaderListBytes: H2_DEFAULT_BYTES }), bytes + SLACK_BYTES);
  });
}
