/** Which streams are idle, remembered and forgotten (RFC 9113 sections 5.1.1 and 6.8), for servers and clients. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ERR_GOAWAY_RAISED, ERR_STREAM_ID } from './protocol-errors.ts';
import { REMEMBERED_STREAMS, StreamIds } from './stream-ids.ts';
import * as streams from './stream-state.ts';

const { CLOSED, FORGOTTEN_OWN, FORGOTTEN_PEER, IDLE_OWN, IDLE_PEER, RESET_BY_PEER, RESET_BY_US } = streams;

describe('a server', () => {
  test('is opened odd ids that rise; even ones are for pushes', () => {
    const ids = new StreamIds(true);
    assert.equal(ids.openPeer(5), 0);
    for (const id of [5, 3, 1, 2, 6, 8]) assert.equal(ids.openPeer(id), ERR_STREAM_ID, String(id));
    assert.equal(ids.openPeer(0x7fffffff), 0);
    assert.equal(ids.highestPeer, 0x7fffffff);
    assert.equal(ids.openOwn(), -1);
  });

  test('knows idle ids from ids that were passed over', () => {
    const ids = new StreamIds(true);
    assert.equal(ids.stateOf(1), IDLE_PEER);
    ids.openPeer(7);
    assert.deepEqual(
      [1, 3, 5, 9, 2, 8].map((id) => ids.stateOf(id)),
      [FORGOTTEN_PEER, FORGOTTEN_PEER, FORGOTTEN_PEER, IDLE_PEER, IDLE_OWN, IDLE_OWN],
    );
  });

  test('remembers how streams ended', () => {
    const ids = new StreamIds(true);
    for (const id of [1, 3, 5]) ids.openPeer(id);
    ids.ended(1, CLOSED);
    ids.ended(3, RESET_BY_PEER);
    ids.ended(5, RESET_BY_US);
    assert.deepEqual(
      [1, 3, 5].map((id) => ids.stateOf(id)),
      [CLOSED, RESET_BY_PEER, RESET_BY_US],
    );
    ids.ended(5, CLOSED);
    assert.equal(ids.stateOf(5), CLOSED, 'the END_STREAM that was under way has come');
  });

  test('after its GOAWAY drops what comes for newer streams', () => {
    const ids = new StreamIds(true);
    ids.openPeer(3);
    ids.acceptedMax = 5;
    assert.equal(ids.stateOf(5), IDLE_PEER, 'announced ahead of the last stream');
    ids.acceptedMax = ids.highestPeer;
    assert.deepEqual(
      [1, 3, 5, 0x7fffffff].map((id) => ids.stateOf(id)),
      [FORGOTTEN_PEER, FORGOTTEN_PEER, RESET_BY_US, RESET_BY_US],
    );
  });
});

describe('a client', () => {
  test('opens 1, 3, 5 ... until they are used up; its server opens none', () => {
    const ids = new StreamIds(false);
    assert.deepEqual([ids.openOwn(), ids.openOwn(), ids.openOwn()], [1, 3, 5]);
    for (const id of [2, 4, 7]) assert.equal(ids.openPeer(id), ERR_STREAM_ID);
    ids.highestOwn = 0x7ffffffd;
    assert.equal(ids.openOwn(), 0x7fffffff);
    assert.equal(ids.openOwn(), -1);
  });

  test('takes anything for an old stream of its own', () => {
    const ids = new StreamIds(false);
    ids.openOwn();
    ids.openOwn();
    ids.ended(3, RESET_BY_US);
    assert.deepEqual(
      [1, 3, 5, 2].map((id) => ids.stateOf(id)),
      [FORGOTTEN_OWN, RESET_BY_US, IDLE_OWN, IDLE_OWN],
    );
  });

  test('opens no stream after a GOAWAY, whose last stream may only fall', () => {
    const ids = new StreamIds(false);
    ids.openOwn();
    assert.equal(ids.goawayReceived(0x7fffffff), 0, 'the warning of section 6.8');
    assert.equal(ids.openOwn(), -1);
    assert.equal(ids.goawayReceived(9), 0);
    assert.equal(ids.goawayReceived(9), 0);
    assert.equal(ids.goawayReceived(11), ERR_GOAWAY_RAISED);
    assert.equal(ids.goawayReceived(1), 0);
    assert.equal(ids.peerAcceptedMax, 1);
  });
});

test('the last streams of each sort are remembered, whatever becomes of the other sort', () => {
  const endings = fc.array(fc.constantFrom(CLOSED, RESET_BY_PEER, RESET_BY_US), { maxLength: 200 });
  fc.assert(
    fc.property(endings, (states) => {
      const ids = new StreamIds(true);
      const reset: number[] = [];
      const other: number[] = [];
      states.forEach((state, i) => {
        ids.openPeer(2 * i + 1);
        ids.ended(2 * i + 1, state);
        (state === RESET_BY_US ? reset : other).push(2 * i + 1);
      });
      const remembered = new Set([...reset.slice(-REMEMBERED_STREAMS), ...other.slice(-REMEMBERED_STREAMS)]);
      states.forEach((state, i) => {
        assert.equal(ids.stateOf(2 * i + 1), remembered.has(2 * i + 1) ? state : FORGOTTEN_PEER);
      });
    }),
  );
});
