import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { parseVerifierKey } from '@sallyport/merkle-log';
import { entry, logNeeds, temporaryDirectory, testStartMs } from '../ledger-testing.ts';
import { openLog } from '../log.ts';
import type { Log, LogNeeds } from '../log.ts';
import { runHere, verifyLog } from '../verify/index.ts';
import { readMinimumIndex } from './minimum-index.ts';

const dayMs = 86_400_000;
const days = 6;
const perDay = 10;
const perBlock = 100;

/** Six days of events in many small segments, with an audit record a day that is kept longer. */
function sixDays(context: TestContext) {
  const root = temporaryDirectory(context);
  const destroyed = new Set<string>();
  const plain = logNeeds(root);
  const needs: LogNeeds = {
    ...plain,
    maxSegmentBytes: 40_000,
    vault: {
      ...plain.vault,
      findKey: (id) => (destroyed.has(id) ? undefined : plain.vault.findKey(id)),
      isDestroyed: (id) => destroyed.has(id),
    },
  };
  const log = openLog(needs);
  for (let day = 0; day < days; day += 1)
    for (let block = 0; block < perDay; block += 1) {
      const sequence = (day * perDay + block) * perBlock;
      const atMs = testStartMs + day * dayMs + block * 1000;
      log.append(
        Array.from({ length: perBlock }, (_, order) => entry('s', sequence + order, undefined, 'events')),
        atMs,
      );
      if (day >= 3 && block === 0) log.append([entry('a', day, `{"audit":${day}}`, 'audit')], atMs);
    }
  log.publish();
  const destroyDay = (day: number): void => {
    const label = `events/${new Date(testStartMs + day * dayMs).toISOString().slice(0, 10)}`;
    destroyed.add(plain.vault.ensureKey('block-data', label).id);
  };
  return { needs, log, destroyDay, directory: needs.directory };
}

function everything(log: Log): { index: number; text: string | undefined }[] {
  const events: { index: number; text: string | undefined }[] = [];
  for (let at = 0; at < log.size();) {
    const { events: page, next } = log.read(at, { maxEvents: 1000, maxBytes: 1e6 });
    events.push(...page.map(({ index, body }) => ({ index, text: body?.toString() })));
    at = next;
  }
  return events;
}

async function prune(log: Log): Promise<number> {
  const { segments, minimumIndex } = log.pruner.plan();
  for (const segment of segments) await log.pruner.hollow(segment);
  return log.pruner.raise(minimumIndex);
}

async function requireVerified(directory: string, log: Log): Promise<{ hollow: number; minimumIndex: number }> {
  const result = await verifyLog({ directory, verifierKey: parseVerifierKey(log.verifierKey), run: runHere });
  assert.ok(result.ok, JSON.stringify(result));
  return { hollow: result.blocks?.hollow ?? 0, minimumIndex: result.minimumIndex };
}

const bytesOf = (directory: string): number =>
  readdirSync(join(directory, 'blocks')).reduce((sum, name) => sum + statSync(join(directory, 'blocks', name)).size, 0);

test('what was erased is let go of wherever it lies, and all else stays: tree, proofs, positions, resends, later content', async (context) => {
  const { needs, log, destroyDay, directory } = sixDays(context);
  const before = everything(log);
  const root = Buffer.from(log.root());
  const bytes = bytesOf(directory);
  destroyDay(0);
  destroyDay(1);
  destroyDay(4);
  const minimumIndex = await prune(log);
  assert.equal(minimumIndex, 2 * perDay * (perBlock + 1), 'the third day is the first whose content is kept');
  assert.ok(bytesOf(directory) < bytes * 0.9);
  const check = (open: Log): void => {
    assert.deepEqual(Buffer.from(open.root()), root);
    const erasedDays = new Set([0, 1, 4]);
    for (const [at, { index, text }] of everything(open).entries()) {
      assert.equal(index, before[at]?.index);
      const number = /^\{"n":(\d+)\}$/.exec(before[at]?.text ?? '')?.[1];
      const isErased = number !== undefined && erasedDays.has(Math.floor(Number(number) / (perDay * perBlock)));
      assert.equal(text, isErased ? undefined : before[at]?.text);
    }
    const again = open.append([entry('s', 7)], testStartMs + 9 * dayMs);
    assert.deepEqual(again, [before[7]?.index], 'an erased event sent again is where it was');
    assert.throws(() => open.prove(before[7]?.index ?? 0), { code: 'erased' });
    assert.ok(open.prove(minimumIndex).includes('body'));
    assert.equal(open.proveConsistency(100, open.size()).length > 0, true, 'a witness far behind can be caught up');
  };
  check(log);
  const { hollow } = await requireVerified(directory, log);
  assert.ok(hollow > 2 * perDay);
  assert.ok(!existsSync(join(directory, 'tile', 'entries', '000')) && existsSync(join(directory, 'tile', '0', '000')));
  assert.equal(await prune(log), minimumIndex, 'once more changes nothing');
  log.close();
  const reopened = openLog(needs);
  check(reopened);
  reopened.close();
  // The index and the tiles are derived, also of a pruned log.
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(directory, `index.db${suffix}`), { force: true });
  rmSync(join(directory, 'tile'), { recursive: true });
  const remade = openLog(needs);
  check(remade);
  assert.ok(!existsSync(join(directory, 'tile', 'entries', '000')));
  remade.append([entry('s', 999_999)], testStartMs + 9 * dayMs);
  remade.publish();
  await requireVerified(directory, remade);
  remade.close();
});

test('stopped between any two steps, a log opens, holds what it held, and is pruned to the end the next time', async (context) => {
  const { needs, log, destroyDay, directory } = sixDays(context);
  destroyDay(0);
  destroyDay(1);
  destroyDay(2);
  const before = everything(log);
  const files = readdirSync(join(directory, 'blocks')).toSorted();
  const [segment = 0] = log.pruner.plan().segments;
  const path = join(directory, 'blocks', files[0] ?? '');
  const whole = readFileSync(path);
  await log.pruner.hollow(segment);
  const hollowed = readFileSync(path);
  assert.ok(hollowed.length < whole.length);
  log.close();
  const indexAfter = readFileSync(join(directory, 'index.db'));
  const reopen = (): Log => {
    const open = openLog(needs);
    assert.deepEqual(
      everything(open).map(({ index }) => index),
      before.map(({ index }) => index),
    );
    return open;
  };
  // Half of the new file written beside the old one; the new file named over the old one and the index not told; and the other
  // way round, as after a file system that lost the renaming.
  const stops: readonly (() => void)[] = [
    () => writeFileSync(`${path}.pruning`, hollowed.subarray(0, 99)),
    () => {
      writeFileSync(path, whole);
      openLog(needs).close();
      writeFileSync(`${path}.pruning`, hollowed);
      renameSync(`${path}.pruning`, path);
    },
    () => writeFileSync(path, whole),
  ];
  for (const stop of stops) {
    writeFileSync(join(directory, 'index.db'), indexAfter);
    stop();
    reopen().close();
  }
  const stopped = reopen();
  for (const next of stopped.pruner.plan().segments.slice(0, 2)) await stopped.pruner.hollow(next);
  // Hollow blocks whose bundles are all still there, then a minimum index whose bundles are: each is a state of its own.
  await requireVerified(directory, stopped);
  writeFileSync(join(directory, 'minimum-index'), '1000\n');
  await requireVerified(directory, stopped);
  stopped.close();
  const last = reopen();
  const minimumIndex = await prune(last);
  assert.equal(readMinimumIndex(directory), minimumIndex);
  assert.equal((await requireVerified(directory, last)).minimumIndex, minimumIndex);
  assert.deepEqual(
    readdirSync(join(directory, 'blocks')).filter((name) => name.endsWith('.pruning')),
    [],
  );
  last.close();
});

test('an index that a power cut left behind in a segment since finished, and since emptied too, is brought up to the blocks', async (context) => {
  const { needs, log, destroyDay, directory } = sixDays(context);
  const root = Buffer.from(log.root());
  const before = everything(log);
  log.close();
  const index = join(directory, 'index.db');
  /** The index of when the log ended in the middle of a segment, which others have followed since. */
  const leaveBehind = (): void => {
    const database = new DatabaseSync(index);
    const lost = perBlock * 5 + 5;
    database.exec(`DELETE FROM blocks WHERE first >= ${lost}; DELETE FROM runs WHERE position >= ${lost}`);
    database.exec('DELETE FROM sealing_keys WHERE first >= 505; DELETE FROM tree_state');
    database.exec('UPDATE sealing_keys SET last = 404, events = 500; UPDATE sealing_counted SET before = 505');
    const [newest] = database.prepare('SELECT segment FROM blocks ORDER BY first DESC LIMIT 1').all();
    const next = readdirSync(join(directory, 'blocks')).find(
      (name) => Number.parseInt(name, 10) > Number(newest?.['segment']),
    );
    assert.ok(Number.parseInt(next ?? '0', 10) > lost, 'the segment goes on behind what the index knows');
    database.close();
  };
  const check = async (erased: number): Promise<void> => {
    const open = openLog(needs);
    assert.deepEqual(Buffer.from(open.root()), root);
    const found = everything(open);
    assert.deepEqual(
      found.map(({ index: at }) => at),
      before.map(({ index: at }) => at),
    );
    assert.equal(found.filter(({ text }) => text === undefined).length, erased);
    assert.equal(
      open.sealedKeys().reduce((sum, { events }) => sum + events, 0),
      before.length,
    );
    await prune(open);
    open.close();
  };
  const whole = readFileSync(index);
  leaveBehind();
  await check(0);
  destroyDay(0);
  writeFileSync(index, whole);
  await check(perDay * perBlock);
  writeFileSync(index, whole);
  leaveBehind();
  await check(perDay * perBlock);
});

test('an attacker who empties a block under a living key, or cuts a segment, is told from pruning', async (context) => {
  const { needs, log, destroyDay, directory } = sixDays(context);
  log.close();
  const honest = openLog(needs);
  destroyDay(0);
  await prune(honest);
  honest.close();
  // The same rewriting, of a day whose key lives: content is missing that nobody agreed to lose.
  const liar = openLog({ ...needs, vault: { ...needs.vault, isDestroyed: () => true } });
  for (const segment of liar.pruner.plan().segments) await liar.pruner.hollow(segment);
  liar.close();
  const robbed = openLog(needs);
  assert.throws(() => everything(robbed), { code: 'ledger_corrupt' });
  robbed.close();
  const [first = ''] = readdirSync(join(directory, 'blocks')).toSorted();
  const path = join(directory, 'blocks', first);
  writeFileSync(path, readFileSync(path).subarray(0, -50));
  assert.throws(() => openLog(needs), { code: 'ledger_corrupt' });
});
