import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseSignedCheckpoint } from '@sallyport/merkle-log';
import { createManualClock } from '@sallyport/platform/clock';
import { verifyEvidence } from './evidence.ts';
import type { AppendBatch, AppendEntry, Ledger } from './ledger.ts';
import { startLedger, temporaryDirectory, testStartMs } from './ledger-testing.ts';

function events(first: number, count: number): AppendEntry[] {
  return Array.from({ length: count }, (_, order) => ({
    classUid: 1007,
    sequence: first + order,
    body: Buffer.from(JSON.stringify({ n: first + order })),
  }));
}

function batch(first: number, count: number, priority: AppendBatch['priority'] = 'intake'): AppendBatch {
  return { collector: 'intake/test', priority, entries: events(first, count) };
}

async function readAll(ledger: Ledger): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let at = { log: 1, index: 0 }; ;) {
    const range = await ledger.read(at, { maxEvents: 100, maxBytes: 1 << 20 });
    if (range.to.log === at.log && range.to.index === at.index) return all;
    all.push(...range.events.map((event) => JSON.parse(Buffer.from(event.body ?? []).toString())));
    at = range.to;
  }
}

test('concurrent appends are durable, ordered, and read back once each', async (context) => {
  const { client } = startLedger(context, temporaryDirectory(context), createManualClock(testStartMs));
  await client.ready();
  const positions = await Promise.all([batch(0, 50), batch(50, 50), batch(100, 50)].map((each) => client.append(each)));
  assert.equal(new Set(positions.flat().map((position) => position.index)).size, 150);
  assert.deepEqual((await readAll(client)).length, 150);
  assert.equal(await client.countEvents(1, 0, client.head().index), 150);
});

test('a sealer killed at any moment loses nothing acknowledged, and a resend returns the same positions', async (context) => {
  const directory = temporaryDirectory(context);
  const { client, kill } = startLedger(context, directory, createManualClock(testStartMs));
  await client.ready();
  const acknowledged = await client.append(batch(0, 10));
  const inFlight = client.append(batch(10, 10));
  kill();
  await assert.rejects(inFlight, { code: 'unavailable' });
  const resend = async (): Promise<readonly { index: number }[]> => {
    for (;;) {
      try {
        return await client.append(batch(0, 20));
      } catch {
        await new Promise(setImmediate);
      }
    }
  };
  const again = await resend();
  assert.deepEqual(again.slice(0, 10), acknowledged);
  assert.equal((await readAll(client)).length, 20);
});

test('bad entries are refused with a code and harm nobody else', async (context) => {
  const { client } = startLedger(context, temporaryDirectory(context), createManualClock(testStartMs));
  await client.ready();
  const bad: AppendEntry[] = [
    { classUid: -1, sequence: 0, body: Buffer.from('{}') },
    { classUid: 0, sequence: -1, body: Buffer.from('{}') },
    { classUid: 0, sequence: 0.5, body: Buffer.from('{}') },
    { classUid: 0, sequence: 0, body: Buffer.alloc(3 * 1024 * 1024 + 1) },
    { classUid: 0, sequence: 0, body: Buffer.from('{}'), stream: 'x'.repeat(300) },
  ];
  for (const one of bad) {
    await assert.rejects(client.append({ collector: 'c', priority: 'intake', entries: [one] }), {
      code: 'entry_invalid',
    });
  }
  assert.equal((await client.append(batch(0, 1))).length, 1);
});

test('below the disk watermark intake is refused while control entries are still recorded', async (context) => {
  const { client } = startLedger(context, temporaryDirectory(context), createManualClock(testStartMs), {
    watermarkBytes: Number.MAX_SAFE_INTEGER,
  });
  await client.ready();
  await assert.rejects(client.append(batch(0, 1)), { code: 'disk_low' });
  assert.equal((await client.append(batch(0, 1, 'control'))).length, 1);
});

test('only offered secrets cross to the server process', async (context) => {
  const { client } = startLedger(context, temporaryDirectory(context), createManualClock(testStartMs));
  await client.ready();
  assert.equal(await client.secrets.open('tls'), undefined);
  await client.secrets.seal('tls', Buffer.from('key'));
  assert.deepEqual(Buffer.from((await client.secrets.open('tls')) ?? []).toString(), 'key');
  await assert.rejects(client.secrets.open('log/1'), { code: 'not_found' });
  await assert.rejects(client.tile(1, '../../../etc/passwd'), { code: 'not_found' });
});

test('an event with its proof verifies against the log’s key', async (context) => {
  const { client } = startLedger(context, temporaryDirectory(context), createManualClock(testStartMs));
  await client.ready();
  const [position] = await client.append(batch(7, 1));
  assert.ok(position);
  const verified = verifyEvidence(await client.prove(position), { verifierKey: await client.verifierKey(1) });
  assert.equal(verified.ok && verified.receivedAtMs, testStartMs);
  assert.deepEqual(verified.ok && verified.event, { n: 7 });
});

test('the wall clock jumping a day either way never moves ledger time back or a day on', async (context) => {
  const clock = createManualClock(testStartMs);
  let jumps = 0;
  const { client } = startLedger(context, temporaryDirectory(context), clock, { onClockJump: () => (jumps += 1) });
  await client.ready();
  const receivedAt = async (sequence: number): Promise<number> => {
    const [position] = await client.append(batch(sequence, 1));
    assert.ok(position);
    const range = await client.read(position, { maxEvents: 1, maxBytes: 1 });
    return range.events[0]?.receivedAtMs ?? 0;
  };
  assert.equal(await receivedAt(0), testStartMs);
  clock.setWall(testStartMs + 86_400_000);
  clock.advance(2000);
  assert.equal(await receivedAt(1), testStartMs + 2000);
  clock.setWall(testStartMs - 86_400_000);
  clock.advance(3000);
  assert.equal(await receivedAt(2), testStartMs + 5000);
  clock.setWall(testStartMs + 6000);
  assert.equal(await receivedAt(3), testStartMs + 6000);
  assert.equal(jumps, 1);
  clock.setWall(testStartMs + 86_400_000);
  await receivedAt(4);
  await client.acceptClock();
  assert.equal(await receivedAt(5), testStartMs + 86_400_000);
  assert.equal(jumps, 2);
});

test('a directory put back to an older state opens a new log that embeds the newest checkpoint seen', async (context) => {
  const directory = temporaryDirectory(context);
  const clock = createManualClock(testStartMs);
  const first = startLedger(context, directory, clock);
  await first.client.ready();
  await first.client.append(batch(0, 5));
  await first.client.close();
  cpSync(join(directory, 'ledger'), join(directory, 'yesterday'), { recursive: true });
  const second = startLedger(context, directory, clock);
  await second.client.ready();
  await second.client.append(batch(5, 5));
  const newest = await second.client.checkpoint(1);
  await second.client.close();
  rmSync(join(directory, 'ledger'), { recursive: true });
  cpSync(join(directory, 'yesterday'), join(directory, 'ledger'), { recursive: true });

  const restored = startLedger(context, directory, clock, { anchor: newest });
  await restored.client.ready();
  assert.equal(restored.client.head().log, 2);
  const [lost] = await restored.client.append(batch(5, 1));
  assert.equal(lost?.log, 2);
  const all = await readAll(restored.client);
  assert.equal(all.length, 7);
  const marker = JSON.stringify(all[5]);
  assert.match(marker, /ledger\.restored/);
  assert.ok(marker.includes(JSON.stringify(newest).slice(1, -1)));
  assert.equal(parseSignedCheckpoint(await restored.client.checkpoint(2)).checkpoint.origin.endsWith('/2'), true);
});

test('an operator’s word opens a new log too, and an anchor that fits opens none', async (context) => {
  const directory = temporaryDirectory(context);
  const clock = createManualClock(testStartMs);
  const first = startLedger(context, directory, clock);
  await first.client.ready();
  await first.client.append(batch(0, 2));
  const anchor = await first.client.checkpoint(1);
  await first.client.append(batch(2, 2));
  await first.client.close();
  const fitting = startLedger(context, directory, clock, { anchor });
  await fitting.client.ready();
  assert.equal(fitting.client.head().log, 1);
  await fitting.client.close();
  const declared = startLedger(context, directory, clock, { anchor, afterRestore: true });
  await declared.client.ready();
  assert.equal(declared.client.head().log, 2);
});

test('a second sealer on the same directory is refused', async (context) => {
  const directory = temporaryDirectory(context);
  const clock = createManualClock(testStartMs);
  const first = startLedger(context, directory, clock);
  await first.client.ready();
  const second = startLedger(context, directory, clock);
  await assert.rejects(second.client.ready(), { code: 'ledger_locked' });
});
