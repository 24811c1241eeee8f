import { parseNote, parseVerifierKey, verifyNote } from '@sallyport/merkle-log';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashOrigin } from './state/newest-checkpoint.ts';
import { createGrowingLog } from './testing/growing-log.ts';
import { cosignedAt, createTestState, testNowMs } from './testing/test-witness.ts';
import type { Witness } from './witness.ts';

function post(witness: Witness, body: string): { status: number; body: string; mediaType: string } {
  return witness.addCheckpoint(Buffer.from(body), '192.0.2.1');
}

/** A conflict without a size: clients would take the size for a newer one. */
function assertForked({ status, mediaType, body }: { status: number; mediaType: string; body: string }): void {
  assert.equal(status, 409);
  assert.match(mediaType, /^text\/plain/);
  assert.match(body, /^The root is not the one/);
}

const conflict = (size: number) => ({ status: 409, mediaType: 'text/x.tlog.size', body: `${size}\n` });

test('an honest log grows, and every checkpoint of it is cosigned at the time it was', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  state.watch(log.vkey);
  const witness = state.open();
  for (let grown = 0; grown < 40; grown += 1) {
    const oldSize = log.size();
    log.append(1 + (grown % 5));
    state.clock.advance(2000);
    const answer = post(witness, log.request(oldSize));
    assert.equal(cosignedAt(answer, log.checkpoint(), state.vkeys), testNowMs / 1000 + 2 * (grown + 1));
  }
  assert.deepEqual(
    witness.logs().map(({ origin, newest }) => [origin, newest?.treeSize]),
    [['log.example/test', log.size()]],
  );
  assert.equal(cosignedAt(post(witness, log.request(log.size())), log.checkpoint(), state.vkeys) > 0, true, 'again');
});

test('what was cosigned is known after a start, and shown with the signatures of the log and the witness', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(5);
  state.watch(log.vkey);
  post(state.open(), log.request(0));
  const witness = state.open();
  log.append(2);
  assert.deepEqual(post(witness, log.request(0)), conflict(5));
  assert.equal(post(witness, log.request(5)).status, 200);
  const note = witness.checkpointOf(hashOrigin('log.example/test')) ?? '';
  const verified = verifyNote({ note, verifierKeys: [log.signer.verifierKey, ...state.vkeys.map(parseVerifierKey)] });
  assert(verified.ok);
  assert.equal(verified.signatures.length, 3);
  assert.equal(parseNote(note).text, parseNote(log.checkpoint()).text);
  assert.equal(witness.checkpointOf(hashOrigin('log.example/other')), undefined);
});

test('another history is refused at every size, told to the operator, and kept with what was cosigned', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(6);
  const fork = log.copy();
  log.append(4, 'honest');
  fork.append(4, 'forged');
  state.watch(log.vkey);
  const witness = state.open();
  assert.equal(post(witness, log.request(0)).status, 200);
  state.lines.length = 0;
  assertForked(post(witness, fork.request(10)));
  assert.match(state.lines.join(''), /"misbehaviour":"other_history"/);
  fork.append(3, 'forged');
  assert.equal(post(witness, fork.request(10)).status, 422);
  assert.match(state.lines.join(''), /"misbehaviour":"not_continued"/);
  assert.deepEqual(post(witness, fork.request(6)), conflict(10));
  const kept = readdirSync(join(state.directory, 'evidence'));
  assert.equal(kept.length, 2);
  const proof = kept.find((name) => name.includes('other_history')) ?? '';
  const text = readFileSync(join(state.directory, 'evidence', proof), 'utf8');
  for (const part of [parseNote(log.checkpoint()).text, fork.checkpoint(10)]) assert.equal(text.includes(part), true);
  assert.equal(witness.logs()[0]?.newest?.treeSize, 10);
  log.append(1);
  assert.equal(post(witness, log.request(10)).status, 200, 'the honest one goes on');
});

test('the evidence of a log that misbehaves without end is bounded', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(3);
  state.watch(log.vkey);
  const witness = state.open();
  post(witness, log.request(0));
  for (let at = 0; at < 40; at += 1) {
    const fork = createGrowingLog();
    fork.append(3, `fork ${at}`);
    assertForked(post(witness, fork.request(3)));
  }
  assert.equal(readdirSync(join(state.directory, 'evidence')).length, 32);
});

test('a refusal stays one when its evidence cannot be kept', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(3);
  state.watch(log.vkey);
  const witness = state.open();
  post(witness, log.request(0));
  writeFileSync(join(state.directory, 'evidence'), 'a file where the folder should be');
  const fork = createGrowingLog();
  fork.append(3, 'forged');
  assertForked(post(witness, fork.request(3)));
  assert.match(state.lines.join(''), /Cannot keep the evidence/);
});

test('a log that was put back is refused with the size that was cosigned', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(10);
  state.watch(log.vkey);
  const witness = state.open();
  post(witness, log.request(0));
  assert.deepEqual(post(witness, log.request(7, 7)), conflict(10));
  assert.deepEqual(post(witness, log.request(0, 7)), conflict(10));
  assert.match(state.lines.join(''), /"misbehaviour":"went_back"/);
});

test('unknown logs, other keys, wrong old sizes and garbage are refused as the specification says', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(5);
  state.watch(log.vkey);
  const witness = state.open();
  assert.equal(post(witness, createGrowingLog('log.example/unknown').request(0)).status, 404);
  state.lines.length = 0;
  assert.equal(post(witness, createGrowingLog(`log.example/${'x'.repeat(900)}`).request(0)).status, 404);
  assert.ok(state.lines.join('').length < 700, 'who is told about is not trusted with the length of it');
  const stranger = createGrowingLog('log.example/test', 8);
  stranger.append(5);
  assert.equal(post(witness, stranger.request(0)).status, 403);
  assert.deepEqual(post(witness, log.request(3)), conflict(0));
  assert.equal(post(witness, log.request(0)).status, 200);
  log.append(5);
  assert.deepEqual(post(witness, log.request(4)), conflict(5));
  assert.equal(post(witness, log.request(11)).status, 400);
  assert.equal(post(witness, log.request(5).replace(/\n[^\n]{44}\n/, `\n${'A'.repeat(43)}=\n`)).status, 422);
  assert.equal(post(witness, log.request(5).replace(/\n[^\n]{44}\n/, '\n')).status, 422);
  for (const garbage of ['', 'old 5', 'old 05\n\nx', log.checkpoint(), `${log.request(5)}x`]) {
    assert.equal(post(witness, garbage).status, 400, garbage.slice(0, 20));
  }
  assert.equal(post(witness, log.request(5)).status, 200);
  assert.deepEqual(
    [...witness.counts()].toSorted(([left], [right]) => left - right),
    [
      [200, 2],
      [400, 6],
      [403, 1],
      [404, 2],
      [409, 2],
      [422, 2],
    ],
  );
});

test('of two requests from the same size, one is cosigned and the other is told the new size', (t) => {
  const state = createTestState(t);
  const log = createGrowingLog();
  log.append(5);
  state.watch(log.vkey);
  const witness = state.open();
  post(witness, log.request(0));
  log.append(9);
  assert.equal(post(witness, log.request(5, 12)).status, 200);
  assert.deepEqual(post(witness, log.request(5, 9)), conflict(12));
});
