import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseSignedCheckpoint } from '@sallyport/merkle-log';
import { createManualClock } from '@sallyport/platform/clock';
import { startLedger, temporaryDirectory, testStartMs } from './ledger-testing.ts';

const body = (text: string): Buffer => Buffer.from(JSON.stringify({ text }));

test('what the keeper of the keys records is found by its sequence, once, after a restart and in a later log', async (context) => {
  const directory = temporaryDirectory(context);
  const clock = createManualClock(testStartMs);
  const first = startLedger(context, directory, clock);
  await first.client.ready();
  const records = first.sealers[0]?.ownRecords;
  assert.ok(records !== undefined);
  const at = await records.append({ sequence: 0, body: body('a') });
  assert.deepEqual(
    await records.append({ sequence: 0, body: body('other') }),
    at,
    'the same sequence is the same entry',
  );
  await records.append({ sequence: 1, body: body('b') });
  assert.equal(records.find(2), undefined);
  await first.client.close();

  const again = startLedger(context, directory, clock, { afterRestore: true });
  await again.client.ready();
  const later = again.sealers[0]?.ownRecords;
  assert.equal(Buffer.from(later?.find(1)?.body ?? []).toString(), '{"text":"b"}');
  assert.deepEqual(await later?.append({ sequence: 1, body: body('again') }), { log: 1, index: later?.find(1)?.index });
  const fresh = await later?.append({ sequence: 2, body: body('c') });
  assert.equal(fresh?.log, 2);
});

test('evidence is ours only when the keeper of the keys recorded the event, and a tree only when it was ours', async (context) => {
  const directory = temporaryDirectory(context);
  const { client, sealers } = startLedger(context, directory, createManualClock(testStartMs));
  await client.ready();
  const records = sealers[0]?.ownRecords;
  assert.ok(records !== undefined);
  const own = await records.append({ sequence: 0, body: body('destroyed') });
  const entry = { classUid: 3004, body: body('destroyed'), sequence: 0 };
  const [other] = await client.append({ collector: 'audit', priority: 'control', entries: [entry] });
  assert.ok(other !== undefined);
  assert.deepEqual(records.eventOf(await client.prove(own)), { text: 'destroyed' });
  assert.equal(records.eventOf(await client.prove(other)), undefined, 'the same words, said by the server');
  assert.equal(records.eventOf('nonsense'), undefined);
  const { checkpoint } = parseSignedCheckpoint(await client.checkpoint(1));
  assert.equal(records.logOf(checkpoint), 1);
  assert.equal(records.logOf({ ...checkpoint, root: Buffer.alloc(32) }), undefined);
  assert.equal(records.logOf({ ...checkpoint, treeSize: checkpoint.treeSize + 1 }), undefined);
});

test('the server cannot append to the stream of the keeper of the keys, nor in its name', async (context) => {
  const { client } = startLedger(context, temporaryDirectory(context), createManualClock(testStartMs));
  await client.ready();
  const entry = { classUid: 3004, body: body('forged'), sequence: 7 };
  const refused = { code: 'entry_invalid' };
  await assert.rejects(
    client.append({ collector: 'keys/destruction', priority: 'control', entries: [entry] }),
    refused,
  );
  await assert.rejects(
    client.append({ collector: 'audit', priority: 'control', entries: [{ ...entry, stream: 'keys/destruction' }] }),
    refused,
  );
  // Nor is anything of the server's kept in the class that never expires.
  const custody = { collector: 'audit', priority: 'control' as const, retention: 'custody', entries: [entry] };
  await assert.rejects(client.append(custody), refused);
});

test('what the keeper of the keys records has a class of its own, whatever becomes of audit days', async (context) => {
  const directory = temporaryDirectory(context);
  const { client, sealers } = startLedger(context, directory, createManualClock(testStartMs));
  await client.ready();
  await client.append({
    collector: 'audit',
    priority: 'control',
    entries: [{ classUid: 3004, body: body('by the server'), sequence: 0 }],
  });
  await sealers[0]?.ownRecords.append({ sequence: 0, body: body('by the vault') });
  const keys = readFileSync(join(directory, 'test-keys.json'), 'utf8');
  const idOf = (label: string): string => hash('sha256', `block-data ${label}`).slice(0, 32);
  assert.deepEqual(
    ['audit/2026-11-21', 'custody/2026-11-21'].map((label) => keys.includes(idOf(label))),
    [true, true],
  );
});
