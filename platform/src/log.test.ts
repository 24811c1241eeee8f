import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from './clock.ts';
import { CodedError } from './errors.ts';
import { createLog, errorFields, type LogNeeds } from './log.ts';

function collect(options: Partial<LogNeeds> = {}): { log: ReturnType<typeof createLog>; lines: string[] } {
  const lines: string[] = [];
  return { log: createLog({ clock: createManualClock(0), write: (line) => lines.push(line), ...options }), lines };
}

test('a line is one JSON object with time, level, message and fields', () => {
  const { log, lines } = collect();
  log.with({ part: 'edge' }).warn('Refused\na request', { count: 2 });
  assert.deepEqual(
    lines.map((line): unknown => JSON.parse(line)),
    [{ part: 'edge', count: 2, time: '1970-01-01T00:00:00.000Z', level: 'warn', message: 'Refused\na request' }],
  );
  assert.equal(lines[0]?.split('\n').length, 2);
});

test('lines below the level are dropped', () => {
  const { log, lines } = collect({ level: 'warn' });
  log.debug('no');
  log.info('no');
  log.error('yes');
  assert.equal(lines.length, 1);
});

test('fields cannot replace the time, level or message', () => {
  const { log, lines } = collect();
  log.error('real', { level: 'debug', message: 'forged', time: 'never' });
  assert.match(lines[0] ?? '', /"level":"error","message":"real"/);
});

test('control characters reach neither the terminal nor the line structure', () => {
  const { log, lines } = collect({ pretty: true });
  log.info('a\u001b[2Jb\nc', { name: '\u001b]0;x\u0007\n', plain: 'web-1' });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^[\u0020-\u007e]+\n$/);
  assert.match(lines[0] ?? '', /plain=web-1/);
});

test('a line is bounded and stays JSON', () => {
  const { log, lines } = collect();
  log.info('long', { text: '"'.repeat(100_000) });
  assert.ok((lines[0] ?? '').length < 17_000);
  assert.equal(JSON.parse(lines[0] ?? '').message, 'long');
});

test('errorFields() tells code, message and causes, also when causes form a loop', () => {
  const error = new CodedError('disk_full', 'Cannot write', { details: { bytes: 1 } });
  error.cause = error;
  const fields = errorFields(error);
  assert.equal(fields['code'], 'disk_full');
  assert.deepEqual(fields['details'], { bytes: 1 });
  assert.deepEqual(errorFields('text'), { message: 'text' });
});
