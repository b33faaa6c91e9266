/** Files on disk, rolled by a clock that the test turns, and by size. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import type { AccessLogConfig } from '../../core/config/access-log.ts';
import { AccessLogError, LogFile } from './log-file.ts';

const START = Date.parse('2018-12-25T10:30:00Z');

let directory = '';
let nowMs = START;
let told: string[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-log-'));
  nowMs = START;
  told = [];
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
  assert.deepEqual(told, []);
});

function create(config: Partial<AccessLogConfig> = {}): LogFile {
  const file = join(directory, 'access.log');
  const whole: AccessLogConfig = { file, rollPolicy: { kind: 'never' }, append: true, rotateCount: -1, ...config };
  return new LogFile(
    whole,
    () => nowMs,
    (message) => told.push(message),
  );
}

/** What a pipe holds, '' for nothing yet. */
function readSome(fd: number): string {
  const bytes = Buffer.alloc(1000);
  try {
    return bytes.toString('latin1', 0, readSync(fd, bytes));
  } catch {
    return '';
  }
}

function contents(): Record<string, string> {
  const names = readdirSync(directory).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), 'latin1')]));
}

describe('a log file', () => {
  test('goes on where the last one ended, or starts anew', async () => {
    writeFileSync(join(directory, 'access.log'), 'old\n');
    const kept = create();
    kept.open();
    await kept.write(['a\n', 'b\n']);
    kept.close();
    assert.deepEqual(contents(), { 'access.log': 'old\na\nb\n' });
    const fresh = create({ append: false });
    fresh.open();
    await fresh.write(['c\n']);
    fresh.close();
    assert.deepEqual(contents(), { 'access.log': 'c\n' });
  });

  test('makes its directory', () => {
    const file = create({ file: join(directory, 'a/b/access.log') });
    file.open();
    file.close();
    assert.ok(existsSync(join(directory, 'a/b/access.log')));
  });

  test('that cannot be opened says so in one sentence', () => {
    const file = create({ file: directory });
    assert.throws(
      () => file.open(),
      (error: unknown) => {
        assert.ok(error instanceof AccessLogError);
        assert.match(error.message, /^cannot write the access log .*: EISDIR/);
        return true;
      },
    );
  });

  test('is rolled when the hour is over, and not before', async () => {
    const file = create({ rollPolicy: { kind: 'hourly' } });
    file.open();
    await file.write(['a\n']);
    nowMs = Date.parse('2018-12-25T10:59:59.999Z');
    await file.write(['b\n']);
    nowMs = Date.parse('2018-12-25T11:00:00Z');
    await file.write(['c\n']);
    // Two hours without a line make one roll, and no empty file.
    nowMs = Date.parse('2018-12-25T14:10:00Z');
    await file.write(['d\n']);
    file.close();
    assert.deepEqual(contents(), {
      'access-20181225-10.log': 'a\nb\n',
      'access-20181225-11.log': 'c\n',
      'access.log': 'd\n',
    });
  });

  test('is rolled before a line would pass its size', async () => {
    const file = create({ rollPolicy: { kind: 'size', bytes: 10 } });
    file.open();
    await file.write(['1234\n', '6789\n', 'abc\n']);
    nowMs += 1000;
    await file.write(['defghijklmnop\n', 'q\n']);
    file.close();
    assert.deepEqual(contents(), {
      'access-20181225-103000.log': '1234\n6789\n',
      'access-20181225-103001.log': 'defghijklmnop\n',
      // Both rolls of one second: the later one steps aside for what is there.
      'access-20181225-103000.log.1': 'abc\n',
      'access.log': 'q\n',
    });
  });

  test('keeps the newest rolled files, and lets others alone', async () => {
    const file = create({ rollPolicy: { kind: 'daily' }, rotateCount: 2 });
    writeFileSync(join(directory, 'access-20181220.log'), 'of a former run\n');
    writeFileSync(join(directory, 'access-notes.log'), 'mine\n');
    file.open();
    for (let day = 25; day < 29; day++) {
      nowMs = Date.parse(`2018-12-${day}T10:00:00Z`);
      await file.write([`${day}\n`]);
    }
    file.close();
    assert.deepEqual(contents(), {
      'access-20181226.log': '26\n',
      'access-20181227.log': '27\n',
      'access-notes.log': 'mine\n',
      'access.log': '28\n',
    });
  });

  test('keeps the newest of one second, whose older ones are gone', async () => {
    const file = create({ rollPolicy: { kind: 'size', bytes: 2 }, rotateCount: 2 });
    file.open();
    await file.write(['a\n', 'b\n', 'c\n', 'd\n', 'e\n']);
    file.close();
    assert.deepEqual(contents(), {
      'access-20181225-103000.log.2': 'c\n',
      'access-20181225-103000.log.3': 'd\n',
      'access.log': 'e\n',
    });
  });

  test('with a rotateCount of 0 keeps none', async () => {
    const file = create({ rollPolicy: { kind: 'size', bytes: 2 }, rotateCount: 0 });
    file.open();
    await file.write(['a\n', 'b\n', 'c\n']);
    file.close();
    assert.deepEqual(contents(), { 'access.log': 'c\n' });
  });

  test('is opened again after somebody has moved it away', async () => {
    const file = create({ rollPolicy: { kind: 'sighup' }, append: false });
    file.open();
    await file.write(['a\n']);
    renameSync(join(directory, 'access.log'), join(directory, 'access.log.1'));
    await file.write(['b\n']);
    file.reopen();
    await file.write(['c\n']);
    file.close();
    assert.deepEqual(contents(), { 'access.log': 'c\n', 'access.log.1': 'a\nb\n' });
  });

  test('that cannot be rolled goes on in the old file, and is rolled when it can be', async () => {
    const logs = join(directory, 'logs');
    const file = create({ file: join(logs, 'access.log'), rollPolicy: { kind: 'hourly' } });
    file.open();
    await file.write(['a\n']);
    renameSync(logs, `${logs}-away`);
    nowMs = Date.parse('2018-12-25T11:00:00Z');
    await file.write(['b\n']);
    assert.deepEqual(told.splice(0), [`access log ${logs}/access.log could not be rolled`]);
    assert.equal(readFileSync(`${logs}-away/access.log`, 'latin1'), 'a\nb\n');
    renameSync(`${logs}-away`, logs);
    nowMs = Date.parse('2018-12-25T12:00:00Z');
    await file.write(['c\n']);
    file.close();
    assert.equal(readFileSync(join(logs, 'access-20181225-10.log'), 'latin1'), 'a\nb\n');
    assert.equal(readFileSync(join(logs, 'access.log'), 'latin1'), 'c\n');
  });

  test('a device that takes nothing: lines are lost, and said to be', async () => {
    const file = create({ file: '/dev/full' });
    file.open();
    await assert.rejects(file.write(['a\n']), /ENOSPC/);
    file.close();
  });

  test('a line that was cut off is ended before the next', async () => {
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const open = () => openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const reader = open();
    const file = create({ file: pipe });
    file.open();
    // More than a pipe holds: the rest waits for a reader, who goes.
    const written = file.write([`${'x'.repeat(200_000)}\n`]);
    const refused = assert.rejects(written, /EPIPE/);
    while (readSome(reader) === '') await new Promise((resolve) => setImmediate(resolve));
    closeSync(reader);
    await refused;
    const next = open();
    // What the pipe held is still in it.
    while (readSome(next) !== '');
    await file.write(['next\n']);
    assert.equal(readSome(next), '\nnext\n');
    closeSync(next);
    file.close();
  });

  test('a device is never renamed', async () => {
    const file = create({ file: '/dev/null', rollPolicy: { kind: 'size', bytes: 1 } });
    file.open();
    await file.write(['a\n', 'b\n']);
    file.reopen();
    file.close();
    assert.ok(existsSync('/dev/null'));
  });

  test('of any lines and any bound no line is lost, torn or out of order, and no file too large', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 }).map((text) => `${text}\n`);
    const batches = fc.array(fc.array(line, { maxLength: 8 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(batches, fc.integer({ min: 1, max: 30 }), async (written, bytes) => {
        rmSync(directory, { recursive: true, force: true });
        nowMs = START;
        const file = create({ rollPolicy: { kind: 'size', bytes } });
        file.open();
        for (const lines of written) {
          await file.write(lines);
          nowMs += 1000;
        }
        file.close();
        const { 'access.log': last = '', ...rolled } = contents();
        const order = Object.keys(rolled).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
        const texts = [...order.map((name) => rolled[name] as string), last];
        assert.equal(texts.join(''), written.flat().join(''));
        for (const text of texts) assert.ok(text.length <= bytes || text.split('\n').length === 2, text);
      }),
      { numRuns: 50 },
    );
  });
});
