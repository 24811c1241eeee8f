// An operator with root on the server has every key and every file. What each attack comes to is in the table of SECURITY.md;
// here are those that no other test makes.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createTileReader, formatTilePath, parseSignedCheckpoint, parseVerifierKey } from '@sallyport/merkle-log';
import { createManualClock } from '@sallyport/platform/clock';
import { decodeBlock, recordLength } from './block.ts';
import { verifyEvidence } from './evidence.ts';
import { entry, logNeeds, startLedger, temporaryDirectory, testStartMs } from './ledger-testing.ts';
import { openLog } from './log.ts';
import type { LogNeeds } from './log.ts';
import type { LogEntry } from './log-entry.ts';
import { runHere, verifyLog } from './verify/index.ts';
import { createFakeWitness } from './witness/witness.fixture.ts';
import { admin, snapshot, startHouse } from './witness/witnesses.fixture.ts';

type Batch = { readonly atMs: number; readonly entries: readonly LogEntry[] };

const history: readonly Batch[] = Array.from({ length: 12 }, (_, minute) => ({
  atMs: testStartMs + minute * 60_000,
  entries: Array.from({ length: 30 }, (__, order) => entry('web-1', minute * 30 + order)),
}));

function write(
  needs: LogNeeds,
  batches: readonly Batch[],
): { checkpoint: string; verifierKey: string; evidence: string } {
  const log = openLog(needs);
  for (const { atMs, entries } of batches) log.append(entries, atMs);
  const checkpoint = log.publish();
  const evidence = log.prove(40);
  log.close();
  return { checkpoint, verifierKey: log.verifierKey, evidence };
}

/** What an auditor does who holds the key of the log, and perhaps a checkpoint from before. */
async function audit(
  directory: string,
  known: { readonly verifierKey: string; readonly kept?: string },
): Promise<'consistent' | 'damaged' | 'another history'> {
  const verified = await verifyLog({ directory, verifierKey: parseVerifierKey(known.verifierKey), run: runHere });
  if (!verified.ok) return 'damaged';
  if (known.kept === undefined) return 'consistent';
  const { checkpoint } = parseSignedCheckpoint(known.kept);
  if (checkpoint.treeSize > verified.treeSize) return 'another history';
  const reader = createTileReader({
    treeSize: verified.treeSize,
    root: verified.root,
    readTile: async (level, index, width) => readFileSync(join(directory, formatTilePath({ level, index, width }))),
  });
  const { oldRoot } = await reader.proveConsistency(checkpoint.treeSize);
  return Buffer.from(oldRoot).equals(checkpoint.root) ? 'consistent' : 'another history';
}

/** Rebuilt and signed anew with the log's own key, file by file as the program writes them. */
async function rewrite(
  context: TestContext,
  change: (batches: readonly Batch[]) => readonly Batch[],
): Promise<{ alone: string; withKept: string }> {
  const needs = logNeeds(temporaryDirectory(context));
  const honest = write(needs, history);
  rmSync(needs.directory, { recursive: true });
  const forged = write(needs, [...change(history), { atMs: testStartMs + 3_600_000, entries: [entry('web-1', 9000)] }]);
  assert.equal(forged.verifierKey, honest.verifierKey);
  // Evidence handed out before still verifies, and contradicts the new tree: whoever holds it can show both.
  assert.ok(verifyEvidence(honest.evidence, { verifierKey: forged.verifierKey }).ok);
  const { verifierKey } = honest;
  return {
    alone: await audit(needs.directory, { verifierKey }),
    withKept: await audit(needs.directory, { verifierKey, kept: honest.checkpoint }),
  };
}

const unnoticedAlone = { alone: 'consistent', withKept: 'another history' };

test('an entry changed in a tree that is rebuilt and signed anew contradicts any checkpoint kept elsewhere, and nothing else', async (context) => {
  const result = await rewrite(context, (batches) =>
    batches.with(3, {
      atMs: batches[3]?.atMs ?? 0,
      entries: [entry('web-1', 90, '{"n":"never"}'), ...(batches[3]?.entries ?? []).slice(1)],
    }),
  );
  assert.deepEqual(result, unnoticedAlone);
});

test('an entry removed from a tree that is rebuilt and signed anew contradicts any checkpoint kept elsewhere', async (context) => {
  assert.deepEqual(await rewrite(context, (batches) => batches.toSpliced(5, 1)), unnoticedAlone);
});

test('entries put into another order in a rebuilt tree contradict any checkpoint kept elsewhere', async (context) => {
  const swapped = await rewrite(context, (batches) =>
    batches.map((batch, at) => (at === 2 || at === 3 ? { ...batch, entries: batches[5 - at]?.entries ?? [] } : batch)),
  );
  assert.deepEqual(swapped, unnoticedAlone);
});

test('entries back-dated in a rebuilt tree contradict any checkpoint kept elsewhere; one older than what precedes it is damage', async (context) => {
  const earlier = await rewrite(context, (batches) =>
    batches.map((batch) => ({ ...batch, atMs: batch.atMs - 30_000 })),
  );
  assert.deepEqual(earlier, unnoticedAlone);
  const backwards = await rewrite(context, (batches) =>
    batches.map((batch, at) => (at === 6 ? { ...batch, atMs: testStartMs } : batch)),
  );
  assert.equal(backwards.alone, 'damaged');
});

test('a ciphertext swapped for another is damage, whether or not the header before it is made to fit', async (context) => {
  const needs = logNeeds(temporaryDirectory(context));
  const { verifierKey } = write(needs, history);
  const [name = ''] = readdirSync(join(needs.directory, 'blocks'));
  const path = join(needs.directory, 'blocks', name);
  const bytes = readFileSync(path);
  const length = recordLength(bytes) ?? 0;
  const first = decodeBlock(bytes.subarray(0, length));
  const second = decodeBlock(bytes.subarray(length, length + (recordLength(bytes.subarray(length)) ?? 0)));
  assert.ok(first.ciphertext !== undefined && second.ciphertext !== undefined);
  const headerLength = bytes.readUInt32BE(4);
  for (const isMadeToFit of [false, true]) {
    const header = Buffer.from(bytes.subarray(12, 12 + headerLength));
    if (isMadeToFit) {
      const taken = hash('sha256', second.ciphertext, 'buffer');
      for (let at = header.indexOf(first.header.ciphertextHash); at !== -1;) {
        taken.copy(header, at);
        at = header.indexOf(first.header.ciphertextHash);
      }
    }
    const prefix = Buffer.from(bytes.subarray(0, 12));
    prefix.writeUInt32BE(second.ciphertext.length, 8);
    const headerHash = hash('sha256', header, 'buffer').subarray(0, 16);
    writeFileSync(path, Buffer.concat([prefix, header, headerHash, second.ciphertext, bytes.subarray(length)]));
    assert.equal(await audit(needs.directory, { verifierKey }), 'damaged');
    rmSync(join(needs.directory, 'index.db'));
    // The server itself would not start on it, or not give it out.
    assert.throws(() => openLog(needs), { code: 'ledger_corrupt' });
  }
});

test('a whole ledger rebuilt without witnesses is noticed by the checkpoint in the control database; rebuilt with it, by nobody', async (context) => {
  const directory = temporaryDirectory(context);
  const clock = createManualClock(testStartMs);
  const first = startLedger(context, directory, clock);
  await first.client.ready();
  const append = (sequence: number): Promise<unknown> =>
    first.client.append({
      collector: 'intake/web-1',
      priority: 'intake',
      entries: [{ classUid: 1007, sequence, body: Buffer.from(`{"n":${sequence}}`) }],
    });
  for (let sequence = 0; sequence < 5; sequence += 1) await append(sequence);
  const kept = await first.client.checkpoint(1);
  const { origin } = parseSignedCheckpoint(kept).checkpoint;
  await first.client.close();
  forge(directory, origin);
  const noticed = startLedger(context, directory, clock, { anchor: kept });
  await noticed.client.ready();
  assert.equal(noticed.client.head().log, 2, 'another history under the same size or more: the next log says so');
  await noticed.client.close();
  rmSync(join(directory, 'ledger', 'logs', '2'), { recursive: true });
  const newest = readFileSync(join(directory, 'ledger', 'logs', '1', 'checkpoint'), 'utf8');
  const unnoticed = startLedger(context, directory, clock, { anchor: newest });
  await unnoticed.client.ready();
  assert.equal(unnoticed.client.head().log, 1, 'stated as not promised: keep checkpoints elsewhere, or have a witness');
  const verifierKey = await unnoticed.client.verifierKey(1);
  await unnoticed.client.close();
  assert.equal(await audit(join(directory, 'ledger', 'logs', '1'), { verifierKey, kept }), 'another history');
});

test('a whole ledger rebuilt, signed anew and put back with everything is refused by the witness, and its log is closed', async (context) => {
  const clock = createManualClock(testStartMs);
  const outside = [createFakeWitness('w1.example', () => clock.nowMs())];
  const directory = join(temporaryDirectory(context), 'data');
  mkdirSync(directory);
  const house = await startHouse(context, { directory, clock, outside });
  await house.append(5);
  const key = await house.client.verifierKey(1);
  for (const witness of outside) {
    witness.trust(key);
    await house.witnesses.add({ url: witness.url, verifierKey: witness.verifierKey, actor: admin });
  }
  await house.witnesses.setPolicy({ needed: 1, tailLimitMs: 3_600_000, actor: admin });
  await house.append(20);
  await house.round();
  const { origin } = parseSignedCheckpoint(await house.client.checkpoint(1)).checkpoint;
  await house.stop();
  const putBack = snapshot(directory);
  forge(directory, origin);
  const forged = await startHouse(context, { directory, clock, outside });
  assert.equal(forged.client.head().log, 2);
  assert.match(JSON.stringify(await forged.records()), /"reason":"(?:forked|behind)"/);
  await forged.stop();
  putBack();
  const honest = await startHouse(context, { directory, clock, outside });
  assert.equal(honest.client.head().log, 1, 'what the witness has seen goes on');
});

/** Writes log 1 of a stopped ledger anew with its own keys: other entries, under the same name. */
function forge(directory: string, origin: string): void {
  const place = join(directory, 'ledger', 'logs', '1');
  const forged = `${place}-forged`;
  const log = openLog({ ...logNeeds(directory), directory: forged, origin });
  for (const { atMs, entries } of history) log.append(entries, atMs);
  log.publish();
  log.close();
  rmSync(place, { recursive: true });
  renameSync(forged, place);
}

test('every test the table of SECURITY.md refers to exists', () => {
  const root = join(import.meta.dirname, '..', '..', '..');
  const rows = readFileSync(join(root, 'SECURITY.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| **') && line.includes('.test.ts`'));
  assert.ok(rows.length >= 11, `only ${rows.length} rows`);
  for (const row of rows) {
    for (const [, file = '', name = ''] of row.matchAll(/`([\w/.-]+\.test\.ts)`: “([^”]+)”/g)) {
      const text = readFileSync(join(root, file), 'utf8').replaceAll('’', "'");
      assert.ok(text.includes(name.replaceAll('’', "'")), `${file}: ${name}`);
    }
  }
});
