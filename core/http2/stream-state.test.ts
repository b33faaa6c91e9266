/** Every event in every state of a stream (RFC 9113 section 5.1), and the table against a model that has none. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isConnectionError } from './protocol-errors.ts';
import * as streams from './stream-state.ts';
import { describe as describeError } from './test-frames.ts';

const { canReceive, canSend, isEnded, isIgnored, receiveEvent, sendEvent, stateOf, transition } = streams;

const STATE_NAMES = [
  'IDLE_PEER',
  'IDLE_OWN',
  'OPEN',
  'HALF_CLOSED_LOCAL',
  'HALF_CLOSED_REMOTE',
  'CLOSED',
  'RESET_BY_US',
  'RESET_BY_PEER',
  'FORGOTTEN_PEER',
  'FORGOTTEN_OWN',
] as const;

const EVENT_NAMES = [
  'RECV_HEADERS',
  'RECV_HEADERS_END',
  'RECV_DATA',
  'RECV_DATA_END',
  'RECV_RST',
  'RECV_WINDOW_UPDATE',
  'RECV_PRIORITY',
  'SEND_HEADERS',
  'SEND_HEADERS_END',
  'SEND_DATA',
  'SEND_DATA_END',
  'SEND_RST',
  'SEND_WINDOW_UPDATE',
] as const;

type StateName = (typeof STATE_NAMES)[number];

const ID = 'connection PROTOCOL_ERROR: HEADERS on a stream that the peer may not open, or no more (RFC 9113 5.1.1)';
const IDLE_DATA = 'connection PROTOCOL_ERROR: DATA on an idle stream (RFC 9113 5.1)';
const IDLE_RST = 'connection PROTOCOL_ERROR: RST_STREAM on an idle stream (RFC 9113 6.4)';
const IDLE_WINDOW = 'connection PROTOCOL_ERROR: WINDOW_UPDATE on an idle stream (RFC 9113 5.1)';
const HALF = 'stream STREAM_CLOSED: a frame behind the END_STREAM of its stream (RFC 9113 5.1)';
const CLOSED = 'connection STREAM_CLOSED: a frame on a closed stream (RFC 9113 5.1)';
const SEND = 'stream INTERNAL_ERROR: a frame to send that its stream does not allow (RFC 9113 5.1)';
const LOCAL = 'HALF_CLOSED_LOCAL';
const REMOTE = 'HALF_CLOSED_REMOTE';

/** Of each state, in the order of EVENT_NAMES: the next state, with a `-` when the frame is dropped, or the error. */
const TABLE: Readonly<Record<StateName, readonly string[]>> = {
  IDLE_PEER: [
    'OPEN',
    REMOTE,
    IDLE_DATA,
    IDLE_DATA,
    IDLE_RST,
    IDLE_WINDOW,
    'IDLE_PEER-',
    SEND,
    SEND,
    SEND,
    SEND,
    SEND,
    SEND,
  ],
  IDLE_OWN: [ID, ID, IDLE_DATA, IDLE_DATA, IDLE_RST, IDLE_WINDOW, 'IDLE_OWN-', 'OPEN', LOCAL, SEND, SEND, SEND, SEND],
  OPEN: [
    'OPEN',
    REMOTE,
    'OPEN',
    REMOTE,
    'RESET_BY_PEER',
    'OPEN',
    'OPEN-',
    'OPEN',
    LOCAL,
    'OPEN',
    LOCAL,
    'RESET_BY_US',
    'OPEN',
  ],
  HALF_CLOSED_LOCAL: [
    LOCAL,
    'CLOSED',
    LOCAL,
    'CLOSED',
    'RESET_BY_PEER',
    LOCAL,
    `${LOCAL}-`,
    SEND,
    SEND,
    SEND,
    SEND,
    'RESET_BY_US',
    LOCAL,
  ],
  HALF_CLOSED_REMOTE: [
    HALF,
    HALF,
    HALF,
    HALF,
    'RESET_BY_PEER',
    REMOTE,
    `${REMOTE}-`,
    REMOTE,
    'CLOSED',
    REMOTE,
    'CLOSED',
    'CLOSED',
    REMOTE,
  ],
  CLOSED: [CLOSED, CLOSED, CLOSED, CLOSED, 'CLOSED-', 'CLOSED-', 'CLOSED-', SEND, SEND, SEND, SEND, SEND, SEND],
  RESET_BY_US: [
    'RESET_BY_US-',
    'CLOSED-',
    'RESET_BY_US-',
    'CLOSED-',
    'RESET_BY_PEER-',
    'RESET_BY_US-',
    'RESET_BY_US-',
    SEND,
    SEND,
    SEND,
    SEND,
    SEND,
    SEND,
  ],
  RESET_BY_PEER: [
    CLOSED,
    CLOSED,
    CLOSED,
    CLOSED,
    'RESET_BY_PEER-',
    'RESET_BY_PEER-',
    'RESET_BY_PEER-',
    SEND,
    SEND,
    SEND,
    SEND,
    SEND,
    SEND,
  ],
  FORGOTTEN_PEER: [ID, ID, ...new Array<string>(5).fill('FORGOTTEN_PEER-'), SEND, SEND, SEND, SEND, SEND, SEND],
  FORGOTTEN_OWN: [...new Array<string>(7).fill('FORGOTTEN_OWN-'), SEND, SEND, SEND, SEND, SEND, SEND],
};

function spell(result: number): string {
  if (result < 0) return describeError(result);
  return `${STATE_NAMES[stateOf(result)]!}${isIgnored(result) ? '-' : ''}`;
}

describe('stream states', () => {
  for (const [state, name] of STATE_NAMES.entries()) {
    for (const [event, eventName] of EVENT_NAMES.entries()) {
      test(`${name}, ${eventName}`, () => {
        assert.equal(spell(transition(state, event)), TABLE[name][event]);
      });
    }
  }

  test('the table has all states and events', () => {
    assert.deepEqual([STATE_NAMES.length, EVENT_NAMES.length], [streams.STATES, streams.EVENTS]);
    const constants = new Map<string, unknown>(Object.entries(streams));
    for (const [state, name] of STATE_NAMES.entries()) assert.equal(constants.get(name), state);
    for (const [event, name] of EVENT_NAMES.entries()) assert.equal(constants.get(name), event);
  });

  test('events are named by frame and flag', () => {
    assert.equal(receiveEvent(true, false), streams.RECV_HEADERS);
    assert.equal(receiveEvent(true, true), streams.RECV_HEADERS_END);
    assert.equal(receiveEvent(false, false), streams.RECV_DATA);
    assert.equal(receiveEvent(false, true), streams.RECV_DATA_END);
    assert.equal(sendEvent(true, false), streams.SEND_HEADERS);
    assert.equal(sendEvent(true, true), streams.SEND_HEADERS_END);
    assert.equal(sendEvent(false, false), streams.SEND_DATA);
    assert.equal(sendEvent(false, true), streams.SEND_DATA_END);
  });

  test('what a state allows', () => {
    const names = (allows: (state: number) => boolean) => STATE_NAMES.filter((_, state) => allows(state));
    assert.deepEqual(names(canSend), ['OPEN', REMOTE]);
    assert.deepEqual(names(canReceive), ['OPEN', LOCAL]);
    assert.deepEqual(names(isEnded), STATE_NAMES.slice(5));
  });
});

/** What a stream is, without states: who may open it, which halves have ended, who reset it. */
class Model {
  opened = false;
  weEnded = false;
  peerEnded = false;
  weReset = false;
  peerReset = false;
  readonly #peerOpens: boolean;

  constructor(peerOpens: boolean) {
    this.#peerOpens = peerOpens;
  }

  /** 'taken', 'dropped', 'stream' or 'connection' error. */
  apply(event: number): string {
    const end = event === streams.RECV_HEADERS_END || event === streams.RECV_DATA_END;
    if (event < streams.SEND_HEADERS) return this.#receive(event, end);
    return this.#send(event, event === streams.SEND_HEADERS_END || event === streams.SEND_DATA_END);
  }

  #receive(event: number, end: boolean): string {
    if (event === streams.RECV_PRIORITY) return 'dropped';
    const isHeaders = event <= streams.RECV_HEADERS_END;
    if (!this.opened && !(isHeaders && this.#peerOpens)) return 'connection';
    this.opened = true;
    const over = this.weReset || this.peerReset || (this.weEnded && this.peerEnded);
    if (event === streams.RECV_RST) {
      if (over && !(this.weReset && !this.peerEnded)) return 'dropped';
      this.peerReset = true;
      return over ? 'dropped' : 'taken';
    }
    if (event === streams.RECV_WINDOW_UPDATE) return over ? 'dropped' : 'taken';
    if (this.peerReset || (over && this.peerEnded)) return 'connection';
    if (this.peerEnded) return 'stream';
    if (end) this.peerEnded = true;
    return this.weReset ? 'dropped' : 'taken';
  }

  #send(event: number, end: boolean): string {
    const opening = !this.opened && !this.#peerOpens && event <= streams.SEND_HEADERS_END;
    if (!this.opened && !opening) return 'stream';
    this.opened = true;
    if (this.weReset || this.peerReset || (this.weEnded && this.peerEnded)) return 'stream';
    if (event === streams.SEND_RST) {
      this.weReset = true;
      return 'taken';
    }
    if (event === streams.SEND_WINDOW_UPDATE) return 'taken';
    if (this.weEnded) return 'stream';
    if (end) this.weEnded = true;
    return 'taken';
  }
}

function verdict(result: number): string {
  if (result < 0) return isConnectionError(result) ? 'connection' : 'stream';
  return isIgnored(result) ? 'dropped' : 'taken';
}

test('any run of events ends as in a model with flags for a table', () => {
  const events = fc.array(fc.nat(streams.EVENTS - 1), { maxLength: 12 });
  fc.assert(
    fc.property(fc.boolean(), events, (peerOpens, list) => {
      const model = new Model(peerOpens);
      let state: number = peerOpens ? streams.IDLE_PEER : streams.IDLE_OWN;
      for (const event of list) {
        const result = transition(state, event);
        assert.equal(verdict(result), model.apply(event), `${STATE_NAMES[state]!}, ${EVENT_NAMES[event]!}`);
        if (verdict(result) === 'connection') return;
        if (result >= 0) state = stateOf(result);
      }
    }),
    { numRuns: 5000 },
  );
});
