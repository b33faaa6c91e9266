/**
 * The validation vectors of spec 02 section 16, by their numbers: what Linkerd says is said, and what Weft does not support
 * yet is refused besides.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { assertRefused, configDirectory, outcomeOf } from '../../test/support/config-outcome.ts';

const baseDir = configDirectory();
after(() => rmSync(baseDir, { recursive: true }));

/** A text, what Linkerd says of it (a part of each message, in order; none: it loads), and what is refused of it. */
interface Vector {
  readonly text: string;
  readonly says?: readonly string[];
  readonly refused?: readonly string[];
}

/** One http router with a server and, in flow style, whatever else the vector has. */
const router = (keys: string) => `routers: [{protocol: http, servers: [{}], ${keys}}]`;
const server = (keys: string) => `routers: [{protocol: http, servers: [{${keys}}]}]`;
const beside = (keys: string) => `routers: [{protocol: http, servers: [{}]}]\n${keys}`;

const EXPERIMENTAL = "is experimental and must be explicitly enabled by setting the `experimental' parameter to `true'";

const VECTORS: Readonly<Record<number, Vector>> = {
  1: { text: '{"routers":[{"protocol":"http","servers":[{"port":1}]}]}' },
  2: { text: 'routers: []', says: ['At least one router must be specified in the configuration'] },
  3: {
    text: 'routers: [{protocol: http, servers: [{port: 1}]}, {protocol: http, servers: [{port: 2}]}]',
    says: ['Multiple routers with the label http'],
  },
  4: {
    text: 'routers: [{protocol: http, servers: [{port: 4140}, {port: 4140}]}]',
    says: ['Server conflict on port 4140'],
  },
  5: { text: 'routers: [{protocol: http, servers: [{port: 1, ip: 127.0.0.1}, {port: 1, ip: 127.0.0.2}]}]' },
  6: {
    text: 'routers: [{protocol: http, servers: [{}]}, {protocol: mux, servers: [{port: 4140}]}]',
    says: ['Server conflict on port 4140'],
    refused: ['routers[1].protocol'],
  },
  7: { text: 'routers: [{protocol: foo, servers: [{}]}]', says: ['unknown router protocol "foo"'] },
  8: { text: server('port: 70000'), says: ['70000 outside valid range for ports'] },
  9: { text: server('ip: localhost'), says: ["'localhost' is not an IP string literal"] },
  10: { text: beside('namers: [{kind: io.l5d.fs, rootDir: /nope}]'), says: ['/nope is not a directory'] },
  11: {
    text: beside('namers: [{kind: io.l5d.dnssrv}]'),
    says: [`The io.l5d.dnssrv namer ${EXPERIMENTAL}`],
    refused: ['namers[0].kind'],
  },
  12: {
    text: 'routers: [{protocol: thriftmux, servers: [{}]}]',
    says: [`The thriftmux protocol ${EXPERIMENTAL} on each router`],
    refused: ['routers[0].protocol'],
  },
  13: {
    text: router('interpreter: {kind: io.l5d.k8s.configMap, name: a, filename: b}'),
    says: [`The io.l5d.k8s.configMap interpreter ${EXPERIMENTAL}`],
    refused: ['routers[0].interpreter.kind'],
  },
  14: {
    text: router('interpreter: {kind: io.l5d.mesh}'),
    says: ['missing required key "dst"'],
    refused: ['routers[0].interpreter.kind'],
  },
  15: {
    text: router('streamingEnabled: false, streamAfterContentLengthKB: 4'),
    says: ["router 'http' has conflicting streaming options"],
    refused: ['routers[0].streamingEnabled'],
  },
  16: {
    text: router('client: {tls: {disableValidation: true, clientAuth: {certPath: a, keyPath: b}}}'),
    says: ['disableValidation: true is incompatible with clientAuth'],
    refused: ['routers[0].client.tls'],
  },
  17: { text: router('client: {loadBalancer: {kind: best}}'), says: ['unknown loadBalancer kind "best"'] },
  18: {
    text: router('service: {responseClassifier: {kind: io.l5d.h2.grpc.default}}'),
    says: ['io.l5d.h2.grpc.default is for h2 routers, not http ones'],
  },
  19: { text: router('label: a, label: b'), says: ['duplicate key "label"'] },
  20: { text: router('dtab: "/foo"'), says: ["'=' expected"] },
  21: { text: router('bogus: 1'), says: ['unknown key "bogus"'] },
  22: { text: router('identifier: {kind: io.l5d.static}'), says: ['missing required key "path"'] },
  23: { text: router('client: {failureAccrual: {kind: none}}') },
  24: {
    text: router('service: {retries: {backoff: {kind: jittered, minMs: 5}}}'),
    says: ['missing required key "maxMs"'],
  },
  25: {
    text: beside('telemetry: [{kind: io.l5d.statsd}]'),
    says: [`The io.l5d.statsd telemeter ${EXPERIMENTAL}`],
    refused: ['telemetry[0].kind'],
  },
};

for (const [number, { text, says = [], refused = [] }] of Object.entries(VECTORS)) {
  test(`vector ${number}: ${text}`, () => {
    const outcome = outcomeOf(text, baseDir);
    assert.equal(outcome.wrong.length, says.length, outcome.wrong.join('\n'));
    for (const [i, part] of says.entries()) assert.ok(outcome.wrong[i]?.includes(part), outcome.wrong[i]);
    assertRefused(outcome, refused, `vector ${number}`);
  });
}

test('there are 25 vectors', () => {
  assert.deepEqual(
    Object.keys(VECTORS),
    Array.from({ length: 25 }, (_, i) => String(i + 1)),
  );
});
