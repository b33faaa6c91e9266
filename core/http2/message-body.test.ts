/** The order and the length of what makes up a message (RFC 9113 sections 8.1 and 8.1.1, hostile-inputs row 31). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { METHOD_GET, METHOD_HEAD } from '../http1/methods.ts';
import { BodyLength } from './body-length.ts';
import { type Field, OK, POST } from './hostile-head.ts';
import {
  ERR_BODY_TOO_LONG,
  ERR_BODY_TOO_SHORT,
  ERR_DATA_BEFORE_HEAD,
  ERR_INFORMATIONAL_ENDED,
  ERR_TRAILERS_UNENDED,
  requestFailure,
} from './message-errors.ts';
import { readRequestHead, readResponseHead } from './message-head.ts';
import * as sequence from './message-sequence.ts';
import { describe as describeError } from './test-frames.ts';
import { emptySection, fillSection } from './test-sections.ts';

const { afterData, afterHead, afterTrailers, AWAIT_HEAD, COMPLETE, IN_BODY, isHeadNext } = sequence;

/** The body behind a head with this Content-Length; -1 for none. */
function bodyOf(contentLength: number): BodyLength {
  const length: Field[] = contentLength < 0 ? [] : [['content-length', String(contentLength)]];
  const section = fillSection(emptySection(), [...POST, ...length]);
  assert.equal(readRequestHead(section, false), 0);
  const body = new BodyLength();
  body.begin(section);
  return body;
}

describe('the length of a body', () => {
  const CASES: readonly (readonly [length: number, data: readonly number[], trailers: boolean, error: number])[] = [
    [5, [5], false, 0],
    [5, [2, 3], false, 0],
    [5, [0, 5, 0], false, 0],
    [5, [5], true, 0],
    [0, [0], false, 0],
    [0, [], true, 0],
    [-1, [1, 2, 3], false, 0],
    [-1, [], true, 0],
    [5, [4], false, ERR_BODY_TOO_SHORT],
    [5, [0], false, ERR_BODY_TOO_SHORT],
    [5, [], true, ERR_BODY_TOO_SHORT],
    [5, [2, 2], true, ERR_BODY_TOO_SHORT],
    [5, [6], false, ERR_BODY_TOO_LONG],
    [5, [5, 1], false, ERR_BODY_TOO_LONG],
    [5, [6], true, ERR_BODY_TOO_LONG],
    [0, [1], false, ERR_BODY_TOO_LONG],
  ];
  for (const [length, data, trailers, error] of CASES) {
    test(`${length}, DATA of ${data.join(' and ')}${trailers ? ', trailers' : ''}`, () => {
      const body = bodyOf(length);
      let result = 0;
      for (const [i, bytes] of data.entries()) result ||= body.data(bytes, !trailers && i === data.length - 1);
      if (trailers) result ||= body.end();
      assert.equal(result, error);
    });
  }

  test('a response to HEAD has none, whatever its length', () => {
    const section = fillSection(emptySection(), [...OK, ['content-length', '9']]);
    assert.equal(readResponseHead(section, METHOD_HEAD, false), 0);
    const body = new BodyLength();
    body.begin(section);
    assert.equal(body.data(0, true), 0);
    assert.equal(body.data(1, true), ERR_BODY_TOO_LONG);
    assert.equal(readResponseHead(fillSection(section, OK), METHOD_GET, false), 0);
    body.begin(section);
    assert.equal(body.data(100, true), 0);
  });

  test('frames that add up to the length pass, any others do not', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }), (length, data) => {
        const body = bodyOf(length);
        let error = 0;
        for (const [i, bytes] of data.entries()) error ||= body.data(bytes, i === data.length - 1);
        const sum = data.reduce((total, bytes) => total + bytes, 0);
        assert.equal(error, sum === length ? 0 : sum > length ? ERR_BODY_TOO_LONG : ERR_BODY_TOO_SHORT);
      }),
    );
  });

  test('the texts', () => {
    assert.equal(requestFailure(ERR_BODY_TOO_LONG).message, 'more DATA than the Content-Length says');
    assert.equal(requestFailure(ERR_BODY_TOO_SHORT).message, 'less DATA than the Content-Length says');
    assert.equal(
      describeError(ERR_BODY_TOO_SHORT),
      'stream PROTOCOL_ERROR: less DATA than the Content-Length says (RFC 9113 8.1.1)',
    );
  });
});

describe('the order within a message', () => {
  test('a request: head, DATA, trailers', () => {
    assert.ok(isHeadNext(AWAIT_HEAD));
    assert.equal(afterHead(0, false), IN_BODY);
    assert.ok(!isHeadNext(IN_BODY));
    assert.equal(afterData(IN_BODY, false), IN_BODY);
    assert.equal(afterTrailers(true), COMPLETE);
    assert.equal(afterData(IN_BODY, true), COMPLETE);
    assert.equal(afterHead(0, true), COMPLETE);
  });

  test('a response: any number of 1xx before the final head', () => {
    assert.equal(afterHead(103, false), AWAIT_HEAD);
    assert.equal(afterHead(100, true), ERR_INFORMATIONAL_ENDED);
    assert.equal(afterHead(200, false), IN_BODY);
    assert.equal(afterHead(204, true), COMPLETE);
  });

  test('what may not be', () => {
    assert.equal(afterData(AWAIT_HEAD, false), ERR_DATA_BEFORE_HEAD);
    assert.equal(afterData(AWAIT_HEAD, true), ERR_DATA_BEFORE_HEAD);
    assert.equal(afterTrailers(false), ERR_TRAILERS_UNENDED);
    assert.equal(
      describeError(ERR_TRAILERS_UNENDED),
      'stream PROTOCOL_ERROR: HEADERS behind the head without END_STREAM (RFC 9113 8.1)',
    );
  });
});
