import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openLog } from './log.ts';
import type { Log, LogNeeds } from './log.ts';
import { entry, logNeeds, temporaryDirectory, testStartMs } from './ledger-testing.ts';
import { createSealer } from './sealer.ts';

function logIn(context: TestContext): { needs: LogNeeds; root: string } {
  const root = temporaryDirectory(context);
  return { root, needs: logNeeds(root) };
}

function entries(first: number, count: number): Parameters<Log['append']>[0] {
  return Array.from({ length: count }, (_, order) => entry('a', first + order));
}

function keyFile(root: string): string {
  return join(root, 'test-keys.json');
}

/** Takes keys out of the vault, as one put back to an older state lacks them. */
function loseKeys(root: string, isLost: (id: string) => boolean): void {
  const keys: [string, unknown][] = Object.entries(JSON.parse(readFileSync(keyFile(root), 'utf8')));
  writeFileSync(keyFile(root), JSON.stringify(Object.fromEntries(keys.filter(([id]) => !isLost(id)))));
}

test('tiles that were settled and then lost are made again from the blocks', async (context) => {
  const { needs } = logIn(context);
  const log = openLog(needs);
  log.append(entries(0, 700), testStartMs);
  log.publish();
  await log.settle();
  const root = Buffer.from(log.root());
  log.close();
  rmSync(join(needs.directory, 'tile'), { recursive: true });
  const again = openLog(needs);
  assert.deepEqual(Buffer.from(again.root()), root);
  assert.match(again.prove(3), /sallyport-evidence/);
  again.close();
});

test('partial tiles that power took, while their checkpoint stayed, are made again', async (context) => {
  const { needs } = logIn(context);
  const log = openLog(needs);
  log.append(entries(0, 300), testStartMs);
  log.publish();
  await log.settle();
  log.close();
  const partial = join(needs.directory, 'tile', '0', '001.p', '45');
  const before = readFileSync(partial);
  writeFileSync(partial, '');
  openLog(needs).close();
  assert.deepEqual(readFileSync(partial), before);
});

test('a saved tree that does not fit the blocks is made again', async (context) => {
  const { needs } = logIn(context);
  const log = openLog(needs);
  log.append(entries(0, 10), testStartMs);
  log.publish();
  await log.settle();
  const root = Buffer.from(log.root());
  log.close();
  const index = new DatabaseSync(join(needs.directory, 'index.db'));
  const state = index.prepare('SELECT bytes FROM tree_state').get()?.['bytes'];
  assert.ok(state instanceof Uint8Array);
  const altered = Buffer.from(state);
  altered[20] = (altered[20] ?? 0) ^ 1;
  index.prepare('UPDATE tree_state SET bytes = ?').run(altered);
  index.close();
  const again = openLog(needs);
  assert.deepEqual(Buffer.from(again.root()), root);
  again.close();
});

test('a log whose signing key is gone stops, rather than sign under another', (context) => {
  const { needs, root } = logIn(context);
  const log = openLog(needs);
  log.append(entries(0, 1), testStartMs);
  log.close();
  rmSync(join(needs.directory, 'checkpoint'));
  loseKeys(root, (id) => id === hash('sha256', 'log-signing log/1').slice(0, 32));
  assert.throws(() => openLog(needs), { code: 'ledger_corrupt' });
});

test('a log whose newest blocks’ key is gone stops, rather than pass them for erased', (context) => {
  const { needs, root } = logIn(context);
  const log = openLog(needs);
  log.append(entries(0, 1), testStartMs);
  log.append(entries(1, 1), testStartMs + 86_400_000);
  log.close();
  const lost = `block-data events/${new Date(testStartMs + 86_400_000).toISOString().slice(0, 10)}`;
  loseKeys(root, (id) => id === hash('sha256', lost).slice(0, 32));
  assert.throws(() => openLog(needs), { code: 'ledger_corrupt' });
});

test('a block whose key was destroyed is erased, also the newest; one whose key is missing is damage', (context) => {
  const { needs, root } = logIn(context);
  const log = openLog(needs);
  log.append(entries(0, 1), testStartMs);
  assert.notEqual(log.read(0, { maxEvents: 1, maxBytes: 1000 }).events[0]?.body, undefined);
  const id = hash('sha256', `block-data events/${new Date(testStartMs).toISOString().slice(0, 10)}`).slice(0, 32);
  const whole = readFileSync(keyFile(root));
  loseKeys(root, (lost) => lost === id);
  const keys: [string, unknown][] = Object.entries(JSON.parse(readFileSync(keyFile(root), 'utf8')));
  writeFileSync(keyFile(root), JSON.stringify(Object.fromEntries([...keys, [`destroyed ${id}`, '']])));
  assert.equal(log.read(0, { maxEvents: 1, maxBytes: 1000 }).events[0]?.body, undefined, 'nor from what was opened');
  assert.throws(() => log.prove(0), { code: 'erased' });
  log.close();
  const again = openLog(needs);
  assert.equal(again.read(0, { maxEvents: 1, maxBytes: 1000 }).events[0]?.body, undefined);
  writeFileSync(keyFile(root), JSON.stringify(Object.fromEntries(keys)));
  const fresh = again;
  assert.throws(() => fresh.prove(0), { code: 'erased' }, 'what was found erased stays so until the next start');
  again.close();
  assert.throws(() => openLog(needs), { code: 'ledger_corrupt' });
  writeFileSync(keyFile(root), whole);
  openLog(needs).close();
});

test('a write the index refused ends the process, and the next start finds the entries', (context) => {
  const { needs } = logIn(context);
  const log = openLog(needs);
  log.append(entries(0, 2), testStartMs);
  log.close();
  const index = new DatabaseSync(join(needs.directory, 'index.db'));
  index.exec("CREATE TRIGGER refuse BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'planted'); END");
  index.close();
  const failures: unknown[] = [];
  const broken = openLog({
    ...needs,
    fatal: (error) => {
      failures.push(error);
      throw error instanceof Error ? error : new Error('unknown');
    },
  });
  assert.throws(() => broken.append(entries(2, 1), testStartMs), /planted/);
  assert.equal(failures.length, 1);
  const repaired = new DatabaseSync(join(needs.directory, 'index.db'), { timeout: 0 });
  assert.throws(() => repaired.exec('DROP TRIGGER refuse'), /locked/, 'the index belongs to its log alone');
  repaired.close();
});

test('the vault is not touched while another process holds the ledger', (context) => {
  const { root } = logIn(context);
  let touched = 0;
  const needs = (vault: LogNeeds['vault']): Parameters<typeof createSealer>[0] => ({
    directory: join(root, 'ledger'),
    vault: { ...vault, openSecret: () => undefined, sealSecret: () => undefined },
    clock: { nowMs: () => testStartMs, monotonicMs: () => 0 },
    random: randomBytes,
    disk: { watermarkBytes: 0, reserveBytes: 0 },
    checkpointEveryMs: 60_000,
    lockWaitMs: 0,
    offeredSecrets: [],
    notify: () => undefined,
    fatal: logNeeds(root).fatal,
  });
  const holder = createSealer(needs(logNeeds(root).vault));
  const counting: LogNeeds['vault'] = {
    ensureKey: () => {
      touched += 1;
      throw new Error('touched');
    },
    findKey: () => undefined,
    isDestroyed: () => false,
  };
  assert.throws(() => createSealer(needs(counting)), { code: 'ledger_locked' });
  assert.equal(touched, 0);
  holder.close();
  // A vault that fails lets go of the directory again.
  const failing = createSealer(needs(counting));
  assert.equal(touched, 0);
  assert.throws(() => failing.handlers['open']?.({ head: {} }), /touched/);
  failing.close();
  createSealer(needs(logNeeds(root).vault)).close();
});

test('a ledger whose vault was lost stops, rather than forget which events it holds', (context) => {
  const { root } = logIn(context);
  const directory = join(root, 'ledger');
  const open = (): ReturnType<typeof createSealer> =>
    createSealer({
      directory,
      vault: { ...logNeeds(root).vault, openSecret: () => undefined, sealSecret: () => undefined },
      clock: { nowMs: () => testStartMs, monotonicMs: () => 0 },
      random: randomBytes,
      disk: { watermarkBytes: 0, reserveBytes: 0 },
      checkpointEveryMs: 60_000,
      lockWaitMs: 0,
      offeredSecrets: [],
      notify: () => undefined,
      fatal: logNeeds(root).fatal,
    });
  const first = open();
  void first.handlers['open']?.({ head: {} });
  first.close();
  rmSync(keyFile(root));
  assert.ok(readdirSync(directory).includes('instance'));
  const again = open();
  assert.throws(() => again.handlers['open']?.({ head: {} }), { code: 'ledger_corrupt' });
  again.close();
});
