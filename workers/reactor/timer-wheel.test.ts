/**
 * The timer wheel against a plain list of deadlines: random commands, with handlers that arm, disarm and remove timers
 * (themselves too) while the wheel turns, or throw.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NEVER, Timer, TimerWheel, ticksOf } from './timer-wheel.ts';

const TIMERS = 6;
/** More than one round of the wheel. */
const TICKS_MAX = 3000;
const BOUND_TICKS = 100;

type Action =
  | { readonly kind: 'arm'; readonly timer: number; readonly ticks: number }
  | { readonly kind: 'disarm' | 'remove'; readonly timer: number }
  | { readonly kind: 'throw' };

type Command = Action | { readonly kind: 'advance'; readonly ticks: number };

class ModelTimer extends Timer {
  /** What the handler does when the timer fires. */
  onFire: Action | undefined;
  deadline = NEVER;
  /** The wheel's time when it was armed: a deadline in the past is due one tick later. */
  armedAt = 0;
  readonly fire: (timer: ModelTimer) => void;

  constructor(fire: (timer: ModelTimer) => void) {
    super();
    this.fire = fire;
  }

  onDeadline(): void {
    this.fire(this);
  }
}

class Model {
  now = 0;
  faults = 0;
  expectedFaults = 0;
  readonly wheel = new TimerWheel(0, () => this.faults++);
  readonly timers = Array.from({ length: TIMERS }, () => new ModelTimer((timer) => this.#onFired(timer)));

  #onFired(timer: ModelTimer): void {
    assert.ok(timer.deadline <= this.now, `fired at ${this.now}, due at ${timer.deadline}`);
    assert.equal(timer.deadlineTick, NEVER, 'a timer is disarmed when its handler runs');
    timer.deadline = NEVER;
    const { onFire } = timer;
    timer.onFire = undefined;
    if (onFire?.kind === 'throw') {
      this.expectedFaults++;
      throw new Error('a fault');
    }
    if (onFire !== undefined) this.act(onFire);
  }

  act(action: Command): void {
    switch (action.kind) {
      case 'arm': {
        const timer = this.timers[action.timer] as ModelTimer;
        timer.deadline = this.now + action.ticks;
        timer.armedAt = this.now;
        this.wheel.arm(timer, timer.deadline);
        break;
      }
      case 'disarm':
        (this.timers[action.timer] as ModelTimer).deadline = NEVER;
        this.wheel.disarm(this.timers[action.timer] as ModelTimer);
        break;
      case 'remove':
        (this.timers[action.timer] as ModelTimer).deadline = NEVER;
        this.wheel.remove(this.timers[action.timer] as ModelTimer);
        assert.equal(this.timers[action.timer]?.linkedTick, NEVER);
        break;
      case 'advance':
        this.now += action.ticks;
        this.wheel.advance(this.now);
        break;
      case 'throw':
        for (const timer of this.timers) timer.onFire = action;
    }
  }

  check(): void {
    const linked = this.timers.filter(({ linkedTick }) => linkedTick !== NEVER);
    assert.equal(this.wheel.linkedCount, linked.length);
    assert.equal(this.faults, this.expectedFaults);
    const wait = this.wheel.ticksUntilNext(this.now, BOUND_TICKS);
    assert.ok(wait >= 0 && wait <= BOUND_TICKS);
    for (const { deadline, armedAt } of this.timers) {
      if (deadline === NEVER) continue;
      const due = Math.max(deadline, armedAt + 1);
      assert.ok(due > this.now, `due at ${due}, not fired at ${this.now}`);
      assert.ok(wait <= due - this.now, `sleeps ${wait} over a deadline in ${due - this.now}`);
    }
  }
}

const timerIndex = fc.nat({ max: TIMERS - 1 });
const ticks = fc.oneof(
  fc.integer({ min: -2, max: 20 }),
  fc.nat({ max: TICKS_MAX }),
  fc.constant(1023),
  fc.constant(1024),
);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('arm' as const), timer: timerIndex, ticks }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('disarm' as const, 'remove' as const), timer: timerIndex }),
  },
);
const advance = fc.record({
  kind: fc.constant('advance' as const),
  ticks: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: TICKS_MAX })),
});
const script = fc.array(
  fc.record({
    command: fc.oneof(action, action, advance) as fc.Arbitrary<Command>,
    onFire: fc.option(fc.oneof(action, fc.constant({ kind: 'throw' as const })), { nil: undefined }),
  }),
  { maxLength: 60 },
);

test('fires every timer at its deadline, once, whatever handlers do meanwhile', () => {
  fc.assert(
    fc.property(script, (steps) => {
      const model = new Model();
      for (const { command, onFire } of steps) {
        model.act(command);
        if (command.kind === 'arm') (model.timers[command.timer] as ModelTimer).onFire = onFire;
        model.check();
      }
      // Everything still armed comes due in the end.
      for (const timer of model.timers) timer.onFire = undefined;
      for (let i = 0; i < 4; i++) model.act({ kind: 'advance', ticks: TICKS_MAX });
      model.check();
      assert.ok(model.timers.every(({ deadline }) => deadline === NEVER));
      assert.equal(model.wheel.linkedCount, 0);
    }),
    { numRuns: 500 },
  );
});

test('moving a deadline away and back neither delays nor doubles it', () => {
  const model = new Model();
  const [timer] = model.timers as [ModelTimer];
  model.act({ kind: 'arm', timer: 0, ticks: 10 });
  for (let i = 0; i < 50; i++) {
    model.act({ kind: 'arm', timer: 0, ticks: 10 });
    model.act({ kind: 'advance', ticks: 5 });
    model.check();
  }
  assert.equal(model.wheel.linkedCount, 1);
  model.act({ kind: 'arm', timer: 0, ticks: 500 });
  model.act({ kind: 'arm', timer: 0, ticks: 2 });
  model.act({ kind: 'advance', ticks: 2 });
  assert.equal(timer.deadline, NEVER);
});

test('of the timers of one tick, one whose handler throws keeps none of the others waiting', () => {
  const model = new Model();
  for (let i = 0; i < TIMERS; i++) model.act({ kind: 'arm', timer: i, ticks: 7 });
  (model.timers[3] as ModelTimer).onFire = { kind: 'throw' };
  model.act({ kind: 'advance', ticks: 7 });
  assert.equal(model.faults, 1);
  assert.ok(model.timers.every(({ deadline }) => deadline === NEVER));
});

test('a part of a tick counts as a whole one', () => {
  assert.deepEqual([0, 1, 10, 11, 10_000].map(ticksOf), [0, 1, 1, 2, 1000]);
});
