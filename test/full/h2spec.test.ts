/** h2spec, strict cases included: Weft's HTTP/2 server refuses what RFC 9113 and RFC 7541 say must be refused, and nothing else. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { assertNoFault } from '../support/http1-site.ts';
import { IP } from '../support/weft.ts';
import { goTool } from './support/go-tools.ts';
import { Http2Upstream } from './support/http2-upstream.ts';
import { startHttp2Weft } from './support/http2-weft.ts';
import { run } from './support/programs.ts';

/** Cases of h2spec 2.2.1 with --strict. */
const CASES = 146;
/** What h2spec waits for an answer: longer than its own 2 s, for a busy machine. */
const TIMEOUT_SECONDS = 5;

const ends: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A case of the report. */
interface Case {
  readonly name: string;
  /** What was expected and what came; '' when it passed. */
  readonly failure: string;
  readonly skipped: boolean;
}

/** Reads h2spec's JUnit report. */
function readReport(xml: string): Case[] {
  return [...xml.matchAll(/<testcase package="([^"]*)" classname="([^"]*)"[^>]*>(.*?)<\/testcase>/gs)].map(
    ([, section = '', title = '', inside = '']) => ({
      name: plain(`${section}: ${title}`),
      failure: plain(/<(?:failure|error)[^>]*>(.*?)<\/(?:failure|error)>/s.exec(inside)?.[1] ?? ''),
      skipped: inside.includes('<skipped'),
    }),
  );
}

/** What Go's XML writer escapes. */
const ENTITIES: Readonly<Record<string, string>> = { '#34': '"', '#39': "'", '#xA': '\n', lt: '<', gt: '>', amp: '&' };

function plain(xml: string): string {
  return xml.replace(/&([^;]+);/g, (entity, name: string) => ENTITIES[name] ?? entity);
}

test('h2spec --strict: every case passes', async () => {
  const upstream = await Http2Upstream.start((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'text/plain' });
    stream.end('hello, hello, hello\n');
  });
  ends.push(() => upstream.kill());
  const weft = await startHttp2Weft([upstream.disco]);
  ends.push(() => weft.stop());
  const directory = mkdtempSync(join(tmpdir(), 'weft-h2spec-'));
  ends.push(async () => rmSync(directory, { recursive: true }));

  const report = join(directory, 'report.xml');
  const target = ['--host', IP, '--port', String(weft.port)];
  const options = ['--strict', '--timeout', String(TIMEOUT_SECONDS), '--junit-report', report];
  const { stdout } = await run(goTool('h2spec'), [...target, ...options]);
  assert.ok(existsSync(report), `there is no report: ${stdout}`);
  const cases = readReport(readFileSync(report, 'utf8'));
  const failed = cases.filter(({ failure }) => failure !== '').map(({ name, failure }) => `${name}\n${failure}`);
  assert.deepEqual(failed, []);
  assert.deepEqual(
    cases.filter(({ skipped }) => skipped).map(({ name }) => name),
    [],
  );
  assert.equal(cases.length, CASES, stdout.slice(-4000));
  assertNoFault(weft);
});
