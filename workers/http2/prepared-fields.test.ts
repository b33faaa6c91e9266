/** Fields that are coded once, as they come out when they are written into a head. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { copyPiece, type Piece } from '../http1/field-lines.ts';
import { TestNet } from '../net/test-net.ts';
import { branchFields, FAILURE, field, fieldStart, SUCCESS, VIA } from './prepared-fields.ts';
import { TestHeads } from './test-heads.ts';

const world = new TestNet();
const heads = new TestHeads(world);
const { bytes } = world.net;
const at = world.take(8192);

function read(...pieces: readonly Piece[]): string[] {
  return heads.read(
    at,
    pieces.reduce((end, piece) => copyPiece(bytes, end, piece), at),
  );
}

test('those that Weft adds to every message', () => {
  const lines = ['via: h2 linkerd', 'l5d-success-class: 1.0', 'l5d-success-class: 0.0', 'x-name: Value 1'];
  assert.deepEqual(read(VIA, SUCCESS, FAILURE, field('x-name', 'Value 1')), lines);
});

describe('a field whose value is written later', () => {
  for (const length of [0, 1, 16, 44, 56, 126]) {
    test(`of ${length} bytes`, () => {
      const end = copyPiece(bytes, at, fieldStart('l5d-reqid', length));
      bytes.fill(0x61, end, end + length);
      assert.deepEqual(heads.read(at, end + length), [`l5d-reqid: ${'a'.repeat(length)}`]);
    });
  }
});

describe('the fields of a route', () => {
  const START = ['l5d-dst-service: /svc/web', 'l5d-dst-client: /#/x'];
  const ROWS: readonly (readonly [residual: string, dtab: string, more: readonly string[]])[] = [
    ['', '', []],
    ['/', '', []],
    ['/a/b', '', ['l5d-dst-residual: /a/b']],
    ['/', '/a => /b', ['l5d-ctx-dtab: /a => /b']],
    ['/a', '/a => /b;/c => /d', ['l5d-dst-residual: /a', 'l5d-ctx-dtab: /a => /b;/c => /d']],
  ];
  for (const [residual, dtab, more] of ROWS) {
    test(`residual "${residual}", dtab "${dtab}": via is last, and can be left off`, () => {
      const fields = branchFields('/svc/web', '/#/x', residual, dtab);
      assert.deepEqual(read(fields), [...START, ...more, 'via: h2 linkerd']);
      const end = fields.write(bytes, at, fields.byteLength - VIA.byteLength);
      assert.deepEqual(heads.read(at, end), [...START, ...more]);
    });
  }

  test('names of any length', () => {
    const path = `/svc/${'a'.repeat(2000)}`;
    assert.deepEqual(read(branchFields(path, '/#/x', '', '')), [
      `l5d-dst-service: ${path}`,
      'l5d-dst-client: /#/x',
      'via: h2 linkerd',
    ]);
  });
});
