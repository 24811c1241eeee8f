import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { totalOf } from './lost-report.ts';
import type { SpoolEntry } from './frame-content.ts';
import { openSpool } from './spool.ts';
import type { Spool, SpoolLimits } from './spool.ts';

/** In memory where there is such a file system: an fsync there costs nothing. */
const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sensor-spool-'));
after(() => rmSync(root, { recursive: true }));
const key = randomBytes(32);
const limits: SpoolLimits = { maxBytes: 1 << 20, segmentBytes: 2048 };
const batchLimits = { maxRecords: 50, maxBytes: 1 << 20 };

const newDirectory = (): string => mkdtempSync(join(root, 'd'));

function open(directory: string, given: SpoolLimits = limits): Spool {
  return openSpool({
    directory,
    key,
    random: randomBytes,
    limits: given,
    lostLine: (report) =>
      JSON.stringify({ event: 'sensor.lost', reason: report.reason, lost: report.lost, lost_total: totalOf(report) }),
  });
}

const entry = (kind: string, number: number): SpoolEntry => ({ kind, line: JSON.stringify({ kind, number }) });

/** Everything that is waiting, acknowledged as a server would. */
function drain(spool: Spool, from = 0): SpoolEntry[] {
  const entries: SpoolEntry[] = [];
  for (;;) {
    const batch = spool.nextBatch(batchLimits);
    if (batch === undefined) return entries;
    assert.equal(batch.sequence, from + entries.length);
    entries.push(...batch.entries);
    spool.acknowledge(batch, { sequence: batch.sequence, log: 1, index: 0, sha256: '' });
  }
}

const numbers = (entries: readonly SpoolEntry[]): number[] =>
  entries.flatMap(({ line }) => {
    const value = JSON.parse(line);
    return typeof value.number === 'number' ? [value.number] : [];
  });

/** What all reports together say is gone. */
function lostIn(entries: readonly SpoolEntry[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { kind, line } of entries) {
    if (kind !== 'lost') continue;
    for (const [name, count] of Object.entries<number>(JSON.parse(line).lost)) sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}

test('records come out in order, once, under numbers without a gap', () => {
  const spool = open(newDirectory());
  for (let at = 0; at < 300; at += 3)
    spool.append([entry('process', at), entry('file', at + 1), entry('lost-not', at + 2)]);
  assert.deepEqual(
    numbers(drain(spool)),
    Array.from({ length: 300 }, (_, at) => at),
  );
  assert.equal(spool.nextBatch(batchLimits), undefined);
  assert.equal(spool.status().waiting, 0);
  spool.append([entry('process', 300)]);
  assert.deepEqual(numbers(drain(spool, 300)), [300]);
});

test('a batch keeps its numbers and its content over a crash, until it is acknowledged', () => {
  const directory = newDirectory();
  const first = open(directory);
  first.append([entry('process', 1), entry('process', 2)], { collector: 'audit', value: 'offset 7' });
  const batch = first.nextBatch(batchLimits);
  first.append([entry('process', 3)]);
  // No close: the process is gone.
  const second = open(directory);
  assert.equal(second.position('audit'), 'offset 7');
  assert.deepEqual(second.nextBatch(batchLimits), { ...batch, resumed: true });
  assert.deepEqual(numbers(drain(second)), [1, 2, 3]);
  const third = open(directory);
  assert.equal(third.installation(), first.installation());
  assert.deepEqual(drain(third, 3), []);
  assert.equal(third.position('audit'), 'offset 7');
});

test('a position without a record survives the removal of its file', () => {
  const directory = newDirectory();
  const first = open(directory);
  first.append([], { collector: 'journal', value: 's=1' });
  for (let round = 0; round < 3; round += 1) assert.equal(open(directory).position('journal'), 's=1');
});

test('nothing of a record is readable on disk, and only the owner may read the files', () => {
  const directory = newDirectory();
  const spool = open(directory);
  spool.append([{ kind: 'sign_in', line: '{"user":"margarethe"}' }]);
  spool.nextBatch(batchLimits);
  for (const name of readdirSync(directory)) {
    assert.ok(!readFileSync(join(directory, name)).includes('margarethe'), name);
    assert.equal(statSync(join(directory, name)).mode & 0o077, 0, name);
  }
});

test('when full, the oldest of the least worth go first, and the reports say exactly how many of what', () => {
  const spool = open(newDirectory(), { maxBytes: 40_000, segmentBytes: 2048 });
  const appended: Record<string, number> = {};
  for (let at = 0; at < 1500; at += 1) {
    const kind = ['connection', 'process', 'connection', 'sign_in', 'connection'][at % 5] ?? '';
    appended[kind] = (appended[kind] ?? 0) + 1;
    spool.append([entry(kind, at)]);
    assert.ok(spool.status().bytes <= 40_000 + 2048);
  }
  const lostBefore = spool.status().lost;
  const entries = drain(spool);
  const lost = lostIn(entries);
  assert.deepEqual(lost, lostBefore);
  for (const kind of ['connection', 'process', 'sign_in']) {
    const there = entries.filter((found) => found.kind === kind).length;
    assert.equal(there + (lost[kind] ?? 0), appended[kind], kind);
  }
  // Sign-ins are lost only once there is nothing else.
  assert.ok((lost['connection'] ?? 0) > 0);
  if ((lost['sign_in'] ?? 0) > 0) assert.equal(entries.filter(({ kind }) => kind === 'connection').length < 100, true);
  const order = numbers(entries);
  assert.deepEqual(
    order,
    order.toSorted((left, right) => left - right),
  );
});

test('a flood of connections pushes out no sign-in and no change of a file', () => {
  const spool = open(newDirectory(), { maxBytes: 20_000, segmentBytes: 2048 });
  spool.append([entry('sign_in', 0), entry('file', 1)]);
  for (let at = 2; at < 2500; at += 1) spool.append([entry('connection', at)]);
  const entries = drain(spool);
  assert.deepEqual(numbers(entries).slice(0, 2), [0, 1]);
  assert.equal(lostIn(entries)['connection'], 2498 - entries.filter(({ kind }) => kind === 'connection').length);
  // However long it lasts, telling of the losses does not fill the spool.
  assert.ok(entries.filter(({ kind }) => kind === 'lost').length < 20);
});

test('a record the server will never take is replaced in place by a report', () => {
  const directory = newDirectory();
  const spool = open(directory);
  spool.append([entry('process', 0), entry('process', 1), entry('process', 2)]);
  const batch = spool.nextBatch(batchLimits);
  assert.ok(batch !== undefined);
  spool.replaceRefused(batch, 1);
  const again = open(directory).nextBatch(batchLimits);
  assert.deepEqual(
    again?.entries.map(({ kind }) => kind),
    ['process', 'lost', 'process'],
  );
});

test('numbers that are taken begin anew under another name, with the same records', () => {
  const directory = newDirectory();
  const spool = open(directory);
  spool.append([entry('process', 0)]);
  drain(spool);
  spool.append([entry('process', 1)]);
  assert.equal(spool.nextBatch(batchLimits)?.sequence, 1);
  const before = spool.installation();
  spool.beginAnew();
  assert.notEqual(spool.installation(), before);
  const reopened = open(directory);
  assert.equal(reopened.installation(), spool.installation());
  assert.deepEqual(numbers(drain(reopened)), [1]);
});

test('newest records that vanish with the end of a file after an acknowledgement are told', () => {
  const directory = newDirectory();
  const spool = open(directory, { maxBytes: 1 << 20, segmentBytes: 1 << 20 });
  spool.append([entry('process', 0)]);
  const batch = spool.nextBatch(batchLimits);
  assert.ok(batch !== undefined);
  spool.append([entry('sign_in', 1), entry('sign_in', 2)]);
  spool.acknowledge(batch, { sequence: 0, log: 1, index: 1, sha256: '' });
  for (const name of readdirSync(directory)) if (name.endsWith('.spool')) rmSync(join(directory, name));
  assert.deepEqual(lostIn(drain(open(directory), 1)), { unknown: 2 });
});

/** Acts of a life: append some, send some, and die with the last file cut or any file damaged. */
const act = fc.oneof(
  fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ do: fc.constant('send' as const), acknowledged: fc.boolean() }),
  fc.record({ do: fc.constant('die' as const) }),
);

test('however often it dies, every record comes out exactly once and in order', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 25 }), (acts) => {
      const directory = newDirectory();
      let spool = open(directory);
      let number = 0;
      // A server: numbers it has seen are recorded once.
      const server = new Map<number, SpoolEntry>();
      const send = (acknowledged: boolean): boolean => {
        const batch = spool.nextBatch({ maxRecords: 7, maxBytes: 1 << 20 });
        if (batch === undefined) return false;
        for (const [at, found] of batch.entries.entries()) {
          const before = server.get(batch.sequence + at);
          if (before !== undefined) assert.deepEqual(before, found);
          server.set(batch.sequence + at, found);
        }
        if (acknowledged) spool.acknowledge(batch, { sequence: batch.sequence, log: 1, index: 0, sha256: '' });
        return true;
      };
      for (const one of acts) {
        if (one.do === 'append') spool.append(Array.from({ length: one.count }, () => entry('process', number++)));
        else if (one.do === 'send') send(one.acknowledged);
        else spool = open(directory);
      }
      while (send(true));
      assert.deepEqual(
        numbers([...server.values()]),
        Array.from({ length: number }, (_, at) => at),
      );
    }),
    { numRuns: 60 },
  );
});

test('files cut or damaged at any byte cost only what they held, and what is missing is counted exactly', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 60 }),
      fc.constantFrom('cut', 'flip', 'remove'),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (count, how, whichFile, whichByte) => {
        const directory = newDirectory();
        const spool = open(directory, { maxBytes: 1 << 20, segmentBytes: 1024 });
        spool.append([entry('process', -1)]);
        for (let at = 0; at < count; at += 1) spool.append([entry('process', at)]);
        // An acknowledgement, so that the state knows how far the records reach.
        const batch = spool.nextBatch({ maxRecords: 1, maxBytes: 1 });
        assert.ok(batch !== undefined);
        spool.acknowledge(batch, { sequence: 0, log: 1, index: 0, sha256: '' });
        const names = readdirSync(directory).filter((name) => name.endsWith('.spool'));
        const file = join(directory, names[Math.floor(whichFile * names.length)] ?? '');
        const bytes = readFileSync(file);
        const at = Math.floor(whichByte * bytes.length);
        if (how === 'cut') truncateSync(file, at);
        else if (how === 'remove') rmSync(file);
        else writeFileSync(file, bytes.with(at, (bytes[at] ?? 0) ^ 0x55));
        // Twice, as what it says must not depend on how often it starts.
        open(directory);
        const entries = drain(open(directory), 1);
        const there = numbers(entries);
        assert.equal(there.length + (lostIn(entries)['unknown'] ?? 0), count);
        assert.deepEqual(
          there,
          there.toSorted((left, right) => left - right),
        );
        assert.equal(new Set(there).size, there.length);
      },
    ),
    { numRuns: 80 },
  );
});

test('files of a stranger in the directory do no harm', () => {
  const directory = newDirectory();
  open(directory).append([entry('process', 1)]);
  writeFileSync(join(directory, '000000000099.spool'), randomBytes(5000));
  writeFileSync(join(directory, 'pending.batch'), randomBytes(100));
  writeFileSync(join(directory, 'notes.txt'), 'hello');
  assert.deepEqual(numbers(drain(open(directory))), [1]);
});
