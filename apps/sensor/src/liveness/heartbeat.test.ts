import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import type { SenderStatus } from '../send/sender.ts';
import { createGovernor } from './governor.ts';
import { createHeartbeat } from './heartbeat.ts';
import { saidBy } from '../record.ts';
import { isSignedBy, loadIdentity } from './identity.ts';

const directory = mkdtempSync(join(tmpdir(), 'sensor-beat-'));
after(() => rmSync(directory, { recursive: true }));
const identity = loadIdentity(join(directory, 'identity.pem'));

const sending: SenderStatus = {
  state: 'sending',
  failures: 0,
  lastAnswerMs: 5,
  lastError: undefined,
  clockOffsetMs: -12,
  clockUncertaintyMs: 510,
};

function heartbeatWith(sender: () => SenderStatus) {
  const clock = createManualClock(1_700_000_000_000);
  return createHeartbeat({
    clock,
    identity,
    host: 'host-a',
    governor: createGovernor({ clock, usedMs: () => 0 }),
    startedMs: clock.nowMs(),
    memoryBytes: () => 50_000_000,
    spool: () => ({ bytes: 100, waiting: 2, collected: 9, sent: 7, lost: { connection: 3 }, receipts: [] }),
    sender,
    collectors: () => [
      { name: 'processes', lastReadMs: 1_700_000_000_000, failures: 0, records: 4, problem: undefined },
      { name: 'journal', lastReadMs: undefined, failures: 2, records: 0, problem: 'journalctl ended with 1' },
    ],
    bootId: 'b',
  });
}

test('a beat says how things stand, is signed, and names the one before', () => {
  const heartbeat = heartbeatWith(() => sending);
  const [first] = heartbeat.beat().records;
  const [second] = heartbeat.beat().records;
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(first.event, 'sensor.heartbeat');
  assert.deepEqual(
    [
      first.fields['collected'],
      first.fields['sent'],
      first.fields['waiting'],
      first.fields['beat'],
      second.fields['beat'],
    ],
    [9, 7, 2, 1, 2],
  );
  assert.deepEqual(first.fields['blind'], ['journal']);
  assert.deepEqual(first.fields['lost'], { connection: 3 });
  assert.ok(isSignedBy(identity.publicKey, saidBy(first, 'host-a')));
  assert.notEqual(second.fields['previous'], first.fields['previous']);
});

test('a beat that was changed, or made with another key, does not verify', () => {
  const [beat] = heartbeatWith(() => sending).beat().records;
  assert.ok(beat !== undefined);
  const line = saidBy(beat, 'host-a');
  for (const changed of [{ lost: {} }, { signature: 'AAAA' }, { host: 'host-b' }, { event: 'sensor.stopped' }])
    assert.ok(!isSignedBy(identity.publicKey, { ...line, ...changed }));
  assert.ok(!isSignedBy(identity.publicKey, { ...line, time: new Date(0).toISOString() }));
  assert.ok(!isSignedBy(loadIdentity(join(directory, 'other.pem')).publicKey, line));
});

test('the key stays the same over restarts, and only its owner reads it', () => {
  assert.equal(loadIdentity(join(directory, 'identity.pem')).keyId, identity.keyId);
  assert.equal(statSync(join(directory, 'identity.pem')).mode & 0o077, 0);
});

test('while nobody hears it only some beats are kept, and the next one says how many were not', () => {
  const heartbeat = heartbeatWith(() => ({ ...sending, state: 'unreachable', failures: 9 }));
  const beats = Array.from({ length: 210 }, () => heartbeat.beat().records).flat();
  assert.equal(beats.length, 10);
  assert.equal(beats[0]?.fields['beats_skipped'], 20);
});
