import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './ledger-testing.ts';
import { openSegmentFiles } from './segment-files.ts';
import type { SegmentFiles } from './segment-files.ts';

const refuse = (error: unknown): never => {
  throw error instanceof Error ? error : new Error(String(error));
};

function smallSegments(context: TestContext): { directory: string; segments: SegmentFiles } {
  const directory = join(temporaryDirectory(context), 'blocks');
  const segments = openSegmentFiles(directory, refuse, 1000);
  context.after(() => segments.close());
  return { directory, segments };
}

test('a write rolled back across a segment border leaves no segment named for entries it does not begin with', (context) => {
  const { directory, segments } = smallSegments(context);
  segments.append(0, Buffer.alloc(600, 'a'));
  segments.sync();
  segments.append(10, Buffer.alloc(300, 'b'));
  segments.append(20, Buffer.alloc(300, 'c'));
  segments.append(30, Buffer.alloc(900, 'd'));
  assert.deepEqual(segments.segments(), [0, 20, 30]);
  segments.rollBack();
  assert.deepEqual(segments.segments(), [0]);
  assert.deepEqual(readdirSync(directory).length, 1);
  assert.equal(readFileSync(join(directory, `${'0'.repeat(16)}.blocks`)).length, 600);
  const place = segments.append(10, Buffer.alloc(700, 'e'));
  segments.sync();
  assert.deepEqual(place, { segment: 10, offset: 0, length: 700 });
  assert.equal(segments.read(place).toString(), 'e'.repeat(700));
});

test('the very first write rolled back leaves nothing behind', (context) => {
  const { directory, segments } = smallSegments(context);
  segments.append(0, Buffer.alloc(10));
  segments.rollBack();
  assert.deepEqual(readdirSync(directory), []);
  assert.deepEqual(segments.append(0, Buffer.alloc(20)), { segment: 0, offset: 0, length: 20 });
});

test('writing the end again changes nothing, wherever it starts', (context) => {
  const { directory, segments } = smallSegments(context);
  segments.append(0, Buffer.from('first'));
  segments.append(5, Buffer.alloc(999, 'x'));
  segments.sync();
  appendFileSync(join(directory, `${'5'.padStart(16, '0')}.blocks`), 'unsynced');
  for (const from of [
    { segment: 0, offset: 3 },
    { segment: 5, offset: 500 },
    { segment: 5, offset: 1007 },
  ]) {
    segments.writeAgain(from);
  }
  assert.equal(readFileSync(join(directory, `${'5'.padStart(16, '0')}.blocks`), 'utf8'), `${'x'.repeat(999)}unsynced`);
});

test('reading a segment that is missing fails, and makes none', (context) => {
  const { directory, segments } = smallSegments(context);
  assert.throws(() => segments.read({ segment: 7, offset: 0, length: 1 }), { code: 'ENOENT' });
  assert.deepEqual(readdirSync(directory), []);
});

test('a bounded number of files stays open however many segments are written', (context) => {
  const { segments } = smallSegments(context);
  for (let first = 0; first < 100; first += 1) segments.append(first, Buffer.alloc(900));
  segments.sync();
  const open = readdirSync('/dev/fd').length;
  for (let first = 100; first < 200; first += 1) segments.append(first, Buffer.alloc(900));
  segments.sync();
  assert.ok(readdirSync('/dev/fd').length <= open + 2);
});
