import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { readInputRequests } from './modern-rounds.ts';
import { askable } from './passing.ts';
import { createTaskFile } from './task-file.ts';
import { readTask, relatedIn, relatedTask, wantedTtl } from './task-state.ts';
import { createTaskTable, shownTask } from './task-table.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-task-parsers-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** As it comes from a wire. */
const plain = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value));
const wire = (value: unknown): JsonObject => {
  const read = plain(value);
  assert.ok(isJsonObject(read));
  return read;
};
const odd = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.integer(), fc.double(), fc.constant(null));
const statuses = ['working', 'input_required', 'completed', 'failed', 'cancelled'];
const time = fc.oneof(fc.integer(), fc.double(), fc.constant(Number.MAX_SAFE_INTEGER), odd);
const task = fc.record(
  {
    taskId: fc.oneof(fc.string({ unit: 'binary', maxLength: 1100 }), odd),
    status: fc.oneof(fc.constantFrom(...statuses, '__proto__', 'toString'), odd),
    ttl: time,
    ttlMs: time,
    pollInterval: time,
    pollIntervalMs: time,
    statusMessage: fc.oneof(fc.string({ unit: 'binary', maxLength: 5000 }), odd),
  },
  { requiredKeys: [] },
);

test('whatever is said of a task is one within its bounds, or a reason', () => {
  fc.assert(
    fc.property(fc.oneof(task.map(wire), fc.jsonValue()), (value) => {
      const read = readTask(plain(value));
      if (typeof read === 'string') return;
      assert.ok(read.taskId.length >= 1 && read.taskId.length <= 1024 && statuses.includes(read.status));
      assert.ok(read.ttlMs === undefined || (Number.isSafeInteger(read.ttlMs) && read.ttlMs >= 0));
      assert.ok(read.pollMs === undefined || (read.pollMs >= 100 && read.pollMs <= 60_000));
      assert.ok(read.message === undefined || (read.message.length <= 4096 && read.message.isWellFormed()));
      const table = createTaskTable<null>({
        most: 1,
        longestMs: 3_600_000,
        nowMs: () => 1e12,
        newId: () => 'ours',
        forgotten: () => undefined,
      });
      const added = table.add(read, null);
      // Of what it says of itself the other side hears neither its id nor its words.
      const shown = added === undefined ? {} : shownTask(added);
      assert.deepEqual([shown['taskId'], shown['statusMessage']], ['ours', undefined]);
      assert.ok(Number(shown['ttl']) <= 3_600_000);
    }),
  );
});

test('what a message belongs to, and for how long something is wanted, is a text and a time, or nothing', () => {
  fc.assert(
    fc.property(odd, odd, (meta, ttl) => {
      const related = relatedIn(wire({ _meta: meta }));
      assert.ok(related === undefined || typeof related === 'string');
      const wanted = wantedTtl(wire({ ttl }));
      assert.ok(wanted === undefined || (Number.isSafeInteger(wanted) && wanted >= 0));
    }),
  );
  assert.equal(relatedIn(wire({ _meta: { [relatedTask]: { taskId: 'a' } } })), 'a');
});

test('what a server wants to know is a few things MCP has, under the very keys it gave them, or a reason', () => {
  const asked = fc.oneof(
    odd,
    fc.record({
      method: fc.oneof(fc.constantFrom(...askable.keys()), fc.string()),
      params: fc.oneof(fc.object(), odd),
    }),
  );
  const key = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.constantFrom('__proto__', 'constructor', ''));
  fc.assert(
    fc.property(fc.array(fc.tuple(key, asked), { maxLength: 12 }), (entries) => {
      const given = wire(Object.fromEntries(entries));
      const read = readInputRequests(given);
      if (typeof read === 'string') return;
      assert.ok(read.length <= 8);
      assert.deepEqual(
        read.map(([name]) => name),
        Object.keys(given),
      );
      for (const [name, { method, params }] of read) {
        assert.ok(name !== '' && name.length <= 256 && askable.has(method));
        assert.ok(typeof params === 'object' && !Array.isArray(params));
      }
    }),
  );
  fc.assert(fc.property(odd, (value) => void readInputRequests(value)));
});

const fileIn = (folder: string) =>
  createTaskFile({ directory: folder, name: 'a', nowMs: Date.now, newId: () => 'abcdefgh' });

test('a file that anybody may have written holds tasks within their bounds, or none', () => {
  const folder = join(directory, 'forged');
  mkdirSync(folder);
  const text = fc.oneof(fc.constantFrom('abcdefgh', 'a'.repeat(2000), ''), fc.string(), odd);
  const left = fc.record(
    { id: text, theirs: text, target: text, callId: text, tool: text, digest: text, session: text },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(left, { maxLength: 3 }).map((all) => JSON.stringify(all)),
  );
  fc.assert(
    fc.property(body, (written) => {
      const forged = join(folder, `a.${2 ** 30}.x.json`);
      writeFileSync(forged, written);
      utimesSync(forged, 1, 1);
      const file = fileIn(folder);
      file.wasLeft('abcdefgh');
      for (const { tasks, told } of file.takeLeft('s')) {
        for (const { id, callId, theirs, tool, digest = '', session = '' } of tasks) {
          assert.match(`${id} ${callId}`, /^[\w-]{8,64} [\w-]{8,64}$/);
          assert.ok(theirs.length <= 1024 && tool.length <= 256 && digest.length <= 100 && session.length <= 64);
        }
        told();
      }
      assert.deepEqual(readdirSync(folder), []);
    }),
    { numRuns: 60 },
  );
});

test('a pipe or a link in the place of such a file is not read', () => {
  const folder = join(directory, 'pipes');
  mkdirSync(folder);
  const real = join(directory, 'real.json');
  const one = { id: 'abcdefgh', theirs: 't', target: 's', callId: 'abcdefgh', tool: 'one' };
  writeFileSync(real, JSON.stringify([one]));
  symlinkSync(real, join(folder, `a.${2 ** 30}.link.json`));
  // Whoever opened it would wait for ever.
  execFileSync('mkfifo', [join(folder, `a.${2 ** 30}.pipe.json`)]);
  assert.equal(fileIn(folder).wasLeft('abcdefgh'), false);
});

test('what a process of the same number left is told of: in a container started again it always is', () => {
  const folder = join(directory, 'container');
  mkdirSync(folder);
  const one = { id: 'abcdefgh', theirs: 't', target: 's', callId: 'abcdefgh', tool: 'one' };
  const left = join(folder, `a.${process.pid}.before.json`);
  writeFileSync(left, JSON.stringify([one]));
  assert.deepEqual(fileIn(folder).takeLeft('s'), []);
  utimesSync(left, Date.now() / 1000 - 60, Date.now() / 1000 - 60);
  const [taken] = fileIn(folder).takeLeft('s');
  assert.deepEqual(taken?.tasks, [one]);
});
