/** A worker's lines are passed on up to the bound of each second, and counted beyond it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ticksOf } from './reactor/timer-wheel.ts';
import { WorkerLog } from './worker-log.ts';

function createLog(logLinesPerSecondMax: number) {
  const clock = { nowTick: 0 };
  const lines: string[] = [];
  const met: string[] = [];
  const environment = { reactor: clock, limits: { logLinesPerSecondMax }, limitMet: (name: string) => met.push(name) };
  return { clock, lines, met, log: new WorkerLog(environment, (level, message) => lines.push(`${level} ${message}`)) };
}

test('so many lines a second are passed on, and the next second has as many again', () => {
  const { clock, lines, met, log } = createLog(2);
  const dropped = Array.from({ length: 2 }, () => 'logLinesPerSecondMax');
  for (const message of ['a', 'b', 'c']) log.write('info', message);
  clock.nowTick = ticksOf(1000) - 1;
  log.write('warn', 'd');
  assert.deepEqual([lines, met], [['info a', 'info b'], dropped]);
  clock.nowTick++;
  log.write('warn', 'e');
  assert.deepEqual([lines, met], [['info a', 'info b', 'warn e'], dropped]);
});

test('what was thrown is told with where it was, if that is known', () => {
  const { lines, log } = createLog(2);
  const error = new Error('gone');
  log.fault(error);
  log.fault('just so');
  assert.deepEqual(lines, [`error ${error.stack}`, 'error just so']);
});
