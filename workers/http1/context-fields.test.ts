/** Context fields that are seldom there: read as spec 03 section 4.1 has it, whatever a client writes into them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { HeadParser } from '../../core/http1/head.ts';
import { TEST_LIMITS } from '../../core/http1/message-reader.ts';
import { TOKEN_HOST, TOKEN_L5D_CTX_DEADLINE, TOKEN_L5D_SAMPLE, TOKEN_VIA } from '../../core/http1/tokens.ts';
import { isRepeated, readSampleRate, strictestDeadline } from './context-fields.ts';

interface Parsed {
  readonly bytes: Uint8Array;
  readonly parser: HeadParser;
}

function parse(...lines: readonly string[]): Parsed {
  const text = ['GET / HTTP/1.1', 'Host: web', ...lines].map((line) => `${line}\r\n`).join('');
  const bytes = Uint8Array.from(Buffer.from(`${text}\r\n`, 'latin1'));
  const parser = new HeadParser(TEST_LIMITS);
  assert.equal(parser.parseRequest(bytes, 0, bytes.length), bytes.length);
  return { bytes, parser };
}

/** The value that stands for these; '' for none. */
function deadlineOf(...values: readonly string[]): string {
  const { bytes, parser } = parse(...values.map((value) => `l5d-ctx-deadline: ${value}`));
  return strictestDeadline(bytes, parser) ?? '';
}

function sampleOf(...values: readonly string[]): number {
  const { bytes, parser } = parse(...values.map((value) => `l5d-sample: ${value}`));
  return readSampleRate(bytes, parser);
}

describe('isRepeated', () => {
  const ROWS: readonly (readonly [lines: readonly string[], token: number, repeated: boolean])[] = [
    [[], TOKEN_VIA, false],
    [['Via: 1.1 a'], TOKEN_VIA, false],
    [['Via: 1.1 a', 'Via: 1.1 b'], TOKEN_VIA, true],
    [['Via: 1.1 a', 'X-A: 1', 'VIA: 1.1 b'], TOKEN_VIA, true],
    [['Via: 1.1 a, 1.1 b'], TOKEN_VIA, false],
    [['Via: 1.1 a', 'Via: 1.1 b'], TOKEN_HOST, false],
    [['l5d-sample: 1', 'l5d-ctx-deadline: 1 2'], TOKEN_L5D_SAMPLE, false],
    [['l5d-ctx-deadline: 1 2', 'l5d-sample: 1', 'l5d-ctx-deadline: 1 2'], TOKEN_L5D_CTX_DEADLINE, true],
  ];
  for (const [lines, token, repeated] of ROWS) {
    test(`token ${token} is ${repeated ? 'there more than once' : 'not repeated'} in "${lines.join(' | ')}"`, () => {
      assert.equal(isRepeated(parse(...lines).parser, token), repeated);
    });
  }

  test('a head that is parsed after one with a repeated field is looked at on its own', () => {
    const { bytes, parser } = parse('Via: a', 'Via: b');
    assert.ok(isRepeated(parser, TOKEN_VIA));
    const next = Uint8Array.from(Buffer.from('GET / HTTP/1.1\r\nHost: web\r\nVia: a\r\n\r\n', 'latin1'));
    bytes.set(next);
    assert.equal(parser.parseRequest(bytes, 0, next.length), next.length);
    assert.equal(isRepeated(parser, TOKEN_VIA), false);
  });
});

describe('strictestDeadline', () => {
  const ROWS: readonly (readonly [values: readonly string[], value: string])[] = [
    [['1 9'], '1 9'],
    [['1 9', '2 8'], '2 8'],
    [['2 9', '1 8'], '2 8'],
    [['1 8', '2 9'], '2 8'],
    [['2 8', '1 9', '1 10'], '2 8'],
    [['10 10', '9 9'], '10 9'],
    [['-5 7', '-6 -7'], '-5 -7'],
    [
      ['1700000000000000001 1700000000000000009', '1700000000000000002 1700000000000000008'],
      '1700000000000000002 1700000000000000008',
    ],
    [['9223372036854775807 9223372036854775806', '1 9223372036854775807'], '9223372036854775807 9223372036854775806'],
    [['007 010'], '7 10'],
    [['nonsense', '3 4'], '3 4'],
    [['3 4', '1', '1 2 3', '1  2', '1.0 2', '+1 2', '1e3 2', '1 2x', ''], '3 4'],
    [['12345678901234567890 1', '3 4'], '3 4'],
    [['nonsense', ''], ''],
    [[], ''],
  ];
  for (const [values, value] of ROWS) {
    test(`"${values.join(' | ')}" is "${value}"`, () => {
      assert.equal(deadlineOf(...values), value);
    });
  }

  test('of any numbers, the latest timestamp and the earliest deadline, in any order', () => {
    const nanos = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(fc.array(fc.tuple(nanos, nanos), { minLength: 1, maxLength: 6 }), (pairs) => {
        const from = pairs.map(([timestamp]) => timestamp).reduce((a, b) => (a > b ? a : b));
        const until = pairs.map(([, deadline]) => deadline).reduce((a, b) => (a < b ? a : b));
        const values = pairs.map(([timestamp, deadline]) => `${timestamp} ${deadline}`);
        assert.equal(deadlineOf(...values), `${from} ${until}`);
        assert.equal(deadlineOf(...values.reverse()), `${from} ${until}`);
      }),
    );
  });
});

describe('readSampleRate', () => {
  const ROWS: readonly (readonly [value: string, rate: number])[] = [
    ['0', 0],
    ['1', 1],
    ['1.0', 1],
    ['0.25', 0.25],
    ['.5', 0.5],
    ['1.', 1],
    ['+0.5', 0.5],
    ['1e-3', 0.001],
    ['5E-1', 0.5],
    ['1e400', 1],
    ['2', 1],
    ['-1', 0],
    ['-0.5', 0],
    ['', -1],
    ['.', -1],
    ['yes', -1],
    ['NaN', -1],
    ['Infinity', -1],
    ['0x1', -1],
    ['1,0', -1],
    ['0.5 0.5', -1],
    ['1e', -1],
  ];
  for (const [value, rate] of ROWS) {
    test(`"${value}" is ${rate}`, () => {
      assert.equal(sampleOf(value), rate);
    });
  }

  test('the first of several counts', () => {
    assert.equal(sampleOf('0.5', '1'), 0.5);
    assert.equal(sampleOf('yes', '1'), -1);
  });

  test('any number between 0 and 1 is itself', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (rate) => {
        assert.equal(sampleOf(String(rate)), rate + 0);
      }),
    );
  });
});
