/** The lines of a disco file, right and malformed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readEndpoints } from './fs-addresses.ts';

/** Spec 04 section 1.1 and vectors 1 to 3: text, endpoints as `host:port*weight`, or the malformed line. */
const READ: readonly (readonly [text: string, result: string])[] = [
  ['127.0.0.1 8080\n10.0.0.1 80 * 0.5 # x', '127.0.0.1:8080*1 10.0.0.1:80*0.5'],
  ['', ''],
  ['# nothing\n\n  \t\n', ''],
  ['a 1\r\nb 2\r\n', 'a:1*1 b:2*1'],
  ['\ta\t 65535  *2.', 'a:65535*2'],
  ['a 80*.5', 'a:80*0.5'],
  ['::1 80', '::1:80*1'],
  ['127.0.0.1', 'malformed 127.0.0.1'],
  ['h 0', 'malformed h 0'],
  ['h 65536', 'malformed h 65536'],
  ['a 1\nb 2 3 # c\nd', 'malformed b 2 3'],
  ['a 1 * -1', 'malformed a 1 * -1'],
  ['a 1 * x', 'malformed a 1 * x'],
  ['a http', 'malformed a http'],
  ['a:80', 'malformed a:80'],
];

for (const [text, result] of READ) {
  test(`readEndpoints ${JSON.stringify(text)}`, () => {
    const content = readEndpoints(text);
    const shown =
      'malformed' in content
        ? `malformed ${content.malformed}`
        : content.endpoints.map(({ host, port, weight }) => `${host}:${port}*${weight}`).join(' ');
    assert.equal(shown, result);
  });
}

test('property: every text is endpoints with ports in range, or malformed', () => {
  const piece = fc.constantFrom('h', ' ', '80', '0', '*', '.', '#', '\n', '-', '\t');
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const content = readEndpoints(pieces.join(''));
      if ('malformed' in content) assert.notEqual(content.malformed, '');
      else {
        for (const { port, weight } of content.endpoints) {
          assert.ok(port >= 1 && port <= 65535 && weight >= 0 && Number.isFinite(weight));
        }
      }
    }),
  );
});
