// What a witness knows, when the disk, an operator or the clock does something to it.
import { formatNote, parseCosignatures, parseNote } from '@sallyport/merkle-log';
import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashOrigin } from './state/newest-checkpoint.ts';
import { withoutLog } from './state/known-logs.ts';
import { readKnownLogs, stateFiles, writeKnownLogs } from './state/state-directory.ts';
import { createGrowingLog } from './testing/growing-log.ts';
import { cosignedAt, createTestState, testNowMs } from './testing/test-witness.ts';
import type { Witness } from './witness.ts';

function post(witness: Witness, body: string): { status: number; body: string; mediaType: string } {
  return witness.addCheckpoint(Buffer.from(body), '192.0.2.1');
}

const conflict = (size: number) => ({ status: 409, mediaType: 'text/x.tlog.size', body: `${size}\n` });

test('nothing is cosigned that could not be stored, and the state is read again before it is used', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(5);
  state.watch(log.vkey);
  let isFull = true;
  const witness = state.open({
    writeDurably(path, bytes) {
      if (isFull) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      stateFiles.writeDurably(path, bytes);
    },
  });
  const refused = post(witness, log.request(0));
  assert.equal(refused.status, 503);
  assert.equal(refused.body.includes('—'), false);
  assert.match(state.lines.join(''), /ENOSPC/);
  assert.equal(witness.logs()[0]?.newest, undefined);
  isFull = false;
  assert.equal(post(witness, log.request(0)).status, 200);
});

test('a write that fails after it reached the disk counts as done', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(5);
  state.watch(log.vkey);
  let isBroken = true;
  const witness = state.open({
    writeDurably(path, bytes) {
      stateFiles.writeDurably(path, bytes);
      if (isBroken) throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
    },
  });
  assert.equal(post(witness, log.request(0)).status, 503);
  isBroken = false;
  assert.deepEqual(post(witness, log.request(0)), conflict(5));
  assert.equal(post(witness, log.request(5)).status, 200);
});

test('the state is on disk before the cosignature exists outside', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(5);
  state.watch(log.vkey);
  const written: string[] = [];
  const witness = state.open({
    writeDurably(path, bytes) {
      stateFiles.writeDurably(path, bytes);
      written.push(Buffer.from(bytes).toString());
    },
  });
  const answer = post(witness, log.request(0));
  assert.equal(written.length, 1);
  for (const line of answer.body.trimEnd().split('\n')) assert.equal(written[0]?.includes(line), true);
});

test('a state that was put back to yesterday cosigns from there, which only another witness can tell', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(5);
  state.watch(log.vkey);
  post(state.open(), log.request(0));
  const yesterday = `${state.directory}.yesterday`;
  t.after(() => rmSync(yesterday, { recursive: true }));
  cpSync(state.directory, yesterday, { recursive: true });
  const fork = log.copy();
  log.append(5, 'honest');
  fork.append(5, 'forged');
  post(state.open(), log.request(5));
  cpSync(yesterday, state.directory, { recursive: true });
  assert.equal(post(state.open(), fork.request(5)).status, 200, 'the limit that docs/witness.md states');
});

test('a witness that was put back finds its own cosignature, adopts it, and says so', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(5);
  state.watch(log.vkey);
  post(state.open(), log.request(0));
  const path = join(state.directory, 'newest', hashOrigin('log.example/test'));
  const yesterday = readFileSync(path);
  log.append(5);
  const answer = post(state.open(), log.request(5));
  const { text, signatures } = parseNote(log.checkpoint());
  const cosigned = formatNote({ text, signatures: [...signatures, ...parseCosignatures(answer.body)] });
  writeFileSync(path, yesterday);
  const witness = state.open();
  const request = log.request(0).replace(log.checkpoint(), cosigned);
  state.lines.length = 0;
  assert.deepEqual(post(witness, request), conflict(10));
  assert.match(state.lines.join(''), /was put back/);
  assert.equal(state.open().logs()[0]?.newest?.treeSize, 10);
  const fork = createGrowingLog();
  fork.append(5);
  fork.append(5, 'forged');
  assert.deepEqual(post(witness, fork.request(5)), conflict(10));
});

test('a damaged, foreign or missing state is refused, at the start and while it runs', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(5);
  state.watch(log.vkey);
  post(state.open(), log.request(0));
  const path = join(state.directory, 'newest', hashOrigin('log.example/test'));
  const good = readFileSync(path, 'utf8');
  const stranger = createTestState(t, 2);
  stranger.watch(log.vkey);
  post(stranger.open(), log.request(0));
  const strangers = readFileSync(join(stranger.directory, 'newest', hashOrigin('log.example/test')), 'utf8');
  for (const [what, text] of [
    ['another size', good.replace('\n5\n', '\n4\n')],
    ['another root', good.replace(/\n[^\n]{44}\n/, `\n${'A'.repeat(43)}=\n`)],
    ['cut off', good.slice(0, -100)],
    ['empty', ''],
    ['no first line', good.slice(good.indexOf('\n') + 1)],
    ['without the cosignatures', `${good.split('\n')[0]}\n${log.checkpoint()}`],
    ['of another witness', strangers],
    ['of another log', good.replaceAll('log.example/test', 'log.example/tost')],
  ] as const) {
    writeFileSync(path, text);
    assert.throws(() => state.open(), { code: 'state_damaged' }, what);
  }
  rmSync(path);
  assert.throws(() => state.open(), { code: 'state_damaged' });
  writeFileSync(path, good);
  const witness = state.open();
  const logs = join(state.directory, 'logs.json');
  const list = readFileSync(logs, 'utf8');
  writeFileSync(logs, list.slice(0, -5));
  log.append(1);
  assert.equal(post(witness, log.request(5)).status, 503);
  rmSync(logs);
  assert.equal(post(witness, log.request(5)).status, 503);
  assert.throws(() => state.open(), { code: 'state_damaged' });
  writeFileSync(logs, list);
  assert.equal(post(witness, log.request(5)).status, 200);
});

test('logs that are added or removed while it runs count at once, and one that comes back goes on where it was', (t) => {
  const state = createTestState(t);
  const witness = state.open();
  const log = createGrowingLog();
  log.append(5);
  assert.equal(post(witness, log.request(0)).status, 404);
  state.watch(log.vkey);
  assert.equal(post(witness, log.request(0)).status, 200);
  const logs = readKnownLogs(state.directory, stateFiles);
  writeKnownLogs(state.directory, stateFiles, withoutLog(logs, 'log.example/test'));
  log.append(1);
  assert.equal(post(witness, log.request(5)).status, 404);
  assert.deepEqual(witness.logs(), []);
  state.watch(log.vkey);
  assert.deepEqual(post(witness, log.request(0)), conflict(5));
  assert.deepEqual(post(state.open(), log.request(0)), conflict(5));
});

test('a log may change its key, and name the log it goes on after', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(5);
  state.watch(log.vkey);
  const witness = state.open();
  post(witness, log.request(0));
  const newKey = createGrowingLog('log.example/test', 9);
  newKey.append(6);
  assert.equal(post(witness, newKey.request(5)).status, 403);
  state.watch(newKey.vkey);
  assert.equal(post(witness, newKey.request(5)).status, 200);
  const next = createGrowingLog('log.example/test/2', 10);
  state.watch(next.vkey, undefined, 'log.example/test');
  assert.deepEqual(witness.successorsOf(hashOrigin('log.example/test')), ['log.example/test/2']);
  assert.deepEqual(witness.successorsOf(hashOrigin('log.example/test/2')), []);
  assert.equal(witness.successorsOf(hashOrigin('log.example/other')), undefined);
  assert.throws(() => state.watch(next.vkey, 'x', 'log.example/other'), { code: 'log_unknown' });
  assert.throws(() => state.watch(state.vkeys[0] ?? ''), { code: 'configuration_invalid' });
});

test('a clock that went back cosigns nothing below an earlier time', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(5);
  state.watch(log.vkey);
  const witness = state.open();
  assert.equal(cosignedAt(post(witness, log.request(0)), log.checkpoint(), state.vkeys), testNowMs / 1000);
  state.clock.setWall(testNowMs - 5000);
  assert.equal(cosignedAt(post(witness, log.request(5)), log.checkpoint(), state.vkeys), testNowMs / 1000);
  state.clock.setWall(testNowMs - 3_600_000);
  assert.equal(post(witness, log.request(5)).status, 503);
  assert.match(state.lines.join(''), /clock is behind/);
  const accepting = state.open({}, { acceptsClock: true });
  const answer = post(accepting, log.request(5));
  assert.equal(cosignedAt(answer, log.checkpoint(), state.vkeys), testNowMs / 1000 - 3600);
});
