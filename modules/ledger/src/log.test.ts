import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { verifyTileLog, parseVerifierKey } from '@sallyport/merkle-log';
import { readFileIfPresent } from '@sallyport/platform/files';
import { verifyEvidence } from './evidence.ts';
import { openLog } from './log.ts';
import type { Log } from './log.ts';
import { entry, logNeeds, temporaryDirectory, testStartMs } from './ledger-testing.ts';

function reopenable(context: TestContext): { directory: string; open(): Log } {
  const directory = temporaryDirectory(context);
  return { directory: join(directory, 'log'), open: () => openLog(logNeeds(directory)) };
}

const limits = { maxEvents: 1000, maxBytes: 1 << 20 };

function bodiesOf(log: Log): string[] {
  const bodies: string[] = [];
  for (let at = 0; at < log.size();) {
    const { events, next } = log.read(at, limits);
    bodies.push(...events.map((event) => event.body?.toString() ?? 'erased'));
    at = next;
  }
  return bodies;
}

function onlySegment(directory: string): string {
  const name = readdirSync(join(directory, 'blocks')).find((file) => file.endsWith('.blocks'));
  assert.ok(name);
  return join(directory, 'blocks', name);
}

test('entries keep their order and index, and read back after reopening', (context) => {
  const { open } = reopenable(context);
  const log = open();
  assert.deepEqual(log.append([entry('a', 0), entry('a', 1)], testStartMs), [0, 1]);
  assert.deepEqual(log.append([entry('b', 0)], testStartMs), [3]);
  log.close();
  const again = open();
  assert.deepEqual(bodiesOf(again), ['{"n":0}', '{"n":1}', '{"n":0}']);
  assert.equal(again.size(), 5);
  assert.equal(again.countEvents(0, again.size()), 3);
  again.close();
});

test('the same stream and sequence returns the old index, whatever the body, within a batch and after reopening', (context) => {
  const { open } = reopenable(context);
  const log = open();
  assert.deepEqual(log.append([entry('a', 5), entry('a', 5), entry('a', 6)], testStartMs), [0, 0, 1]);
  assert.deepEqual(log.append([entry('a', 6, 'other'), entry('a', 7)], testStartMs), [1, 3]);
  log.close();
  const again = open();
  assert.deepEqual(again.append([entry('a', 7), entry('a', 5), entry('a', 4)], testStartMs), [3, 0, 5]);
  assert.equal(bodiesOf(again).length, 4);
  again.close();
});

test('any interleaving of resends records each event once', (context) => {
  const { open } = reopenable(context);
  const log = open();
  const recorded = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('s', 't', 'u'), fc.nat(40)), { minLength: 1, maxLength: 30 }),
      (pairs) => {
        const positions = log.append(
          pairs.map(([stream, sequence]) => entry(stream, sequence, `${stream}${sequence}`)),
          testStartMs,
        );
        for (const [order, [stream, sequence]] of pairs.entries()) {
          const name = `${stream}${sequence}`;
          const position = positions[order];
          assert.ok(position !== undefined);
          assert.equal(recorded.get(name) ?? position, position);
          recorded.set(name, position);
        }
      },
    ),
  );
  const bodies = bodiesOf(log);
  assert.equal(new Set(bodies).size, bodies.length);
  assert.deepEqual(new Set(bodies), new Set(recorded.keys()));
  log.close();
});

test('a torn last write of any length is cut off, set aside, and loses nothing acknowledged', (context) => {
  const { directory, open } = reopenable(context);
  const log = open();
  log.append([entry('a', 0), entry('a', 1)], testStartMs);
  const before = readFileSync(onlySegment(directory));
  log.append([entry('a', 2)], testStartMs);
  log.close();
  const whole = readFileSync(onlySegment(directory));
  const lastBlock = whole.subarray(before.length);
  for (let kept = 0; kept < lastBlock.length; kept += 37) {
    // As after a crash during the write of the last block: the index and checkpoint never heard of it.
    rmSync(directory, { recursive: true });
    const crashed = open();
    crashed.append([entry('a', 0), entry('a', 1)], testStartMs);
    crashed.close();
    appendFileSync(onlySegment(directory), lastBlock.subarray(0, kept));
    const recovered = open();
    assert.deepEqual(bodiesOf(recovered), ['{"n":0}', '{"n":1}'], `kept ${kept}`);
    assert.deepEqual(recovered.append([entry('a', 2)], testStartMs), [3]);
    assert.deepEqual(bodiesOf(recovered), ['{"n":0}', '{"n":1}', '{"n":2}']);
    recovered.close();
  }
});

test('a block that was synced but not yet indexed is found again with its sequences', (context) => {
  const { directory, open } = reopenable(context);
  const log = open();
  log.append([entry('a', 0)], testStartMs);
  log.close();
  const index = readFileSync(join(directory, 'index.db'));
  const second = open();
  second.append([entry('a', 1), entry('a', 2)], testStartMs);
  second.close();
  writeFileSync(join(directory, 'index.db'), index);
  rmSync(join(directory, 'index.db-wal'), { force: true });
  const recovered = open();
  assert.deepEqual(recovered.append([entry('a', 2), entry('a', 3)], testStartMs), [3, 5]);
  recovered.close();
});

test('a damaged index is made again from the blocks', (context) => {
  const { directory, open } = reopenable(context);
  const log = open();
  log.append([entry('a', 0), entry('a', 1)], testStartMs);
  log.close();
  writeFileSync(
    join(directory, 'index.db'),
    'this is not a database, whatever its name says, it is too short to be one',
  );
  const recovered = open();
  assert.deepEqual(recovered.append([entry('a', 1)], testStartMs), [1]);
  recovered.close();
});

test('acknowledged blocks that are missing or altered stop the log instead of starting a second history', (context) => {
  const { directory, open } = reopenable(context);
  const log = open();
  log.append([entry('a', 0)], testStartMs);
  log.append([entry('a', 1)], testStartMs);
  log.close();
  const segment = onlySegment(directory);
  const whole = readFileSync(segment);
  truncateSync(segment, whole.length - 1);
  assert.throws(open, { code: 'ledger_corrupt' });
  const altered = Buffer.from(whole);
  altered[100] = (altered[100] ?? 0) ^ 1;
  writeFileSync(segment, altered);
  rmSync(join(directory, 'index.db'));
  assert.throws(open, { code: 'ledger_corrupt' });
  writeFileSync(segment, whole);
  const intact = open();
  assert.equal(bodiesOf(intact).length, 2);
  intact.close();
});

test('the files are a C2SP tile log that verifies, across tile borders and reopening', async (context) => {
  const { directory, open } = reopenable(context);
  let log = open();
  for (let batch = 0; batch < 7; batch += 1) {
    log.append(
      Array.from({ length: 97 }, (_, order) => entry('a', batch * 97 + order)),
      testStartMs,
    );
    log.publish();
    if (batch % 3 !== 0) continue;
    await log.settle();
    log.close();
    log = open();
  }
  const key = log.verifierKey;
  log.close();
  const read = async (path: string): Promise<Uint8Array | undefined> => readFileIfPresent(join(directory, path));
  const result = await verifyTileLog({ read, verifierKeys: [parseVerifierKey(key)] });
  assert.equal(result.ok, true, JSON.stringify(result));
});

test('tile files lost since the last settle are written again', async (context) => {
  const { directory, open } = reopenable(context);
  const log = open();
  log.append(
    Array.from({ length: 600 }, (_, sequence) => entry('a', sequence)),
    testStartMs,
  );
  log.close();
  rmSync(join(directory, 'tile'), { recursive: true });
  const again = open();
  again.append([entry('a', 600)], testStartMs);
  again.publish();
  const read = async (path: string): Promise<Uint8Array | undefined> => readFileIfPresent(join(directory, path));
  const result = await verifyTileLog({ read, verifierKeys: [parseVerifierKey(again.verifierKey)] });
  assert.equal(result.ok, true, JSON.stringify(result));
  again.close();
});

test('evidence of every event verifies offline', (context) => {
  const { open } = reopenable(context);
  const log = open();
  log.append(
    Array.from({ length: 300 }, (_, sequence) => entry('a', sequence)),
    testStartMs,
  );
  for (const index of [0, 1, 255, 256, 299]) {
    const verified = verifyEvidence(log.prove(index), { verifierKey: log.verifierKey });
    assert.equal(verified.ok, true);
    if (verified.ok) assert.deepEqual(verified.event, { n: index });
  }
  assert.throws(() => log.prove(300), { code: 'not_found' });
  assert.throws(() => log.prove(9999), { code: 'not_found' });
  log.close();
});

test('evidence fails with any one byte changed, whatever the change', (context) => {
  const { open } = reopenable(context);
  const log = open();
  log.append([entry('a', 0, '{"user":"zoë"}'), entry('a', 1), entry('a', 2)], testStartMs);
  const evidence = Buffer.from(log.prove(0));
  assert.equal(verifyEvidence(evidence).ok, true);
  for (let at = 0; at < evidence.length; at += 1) {
    for (const mask of [0x01, 0x20, 0x80]) {
      const changed = Buffer.from(evidence);
      changed[at] = (changed[at] ?? 0) ^ mask;
      assert.equal(verifyEvidence(changed).ok, false, `byte ${at} ^ ${mask}`);
    }
  }
  assert.equal(verifyEvidence(Buffer.concat([evidence, Buffer.from('\n')])).ok, false);
  assert.equal(verifyEvidence(evidence, { verifierKey: 'sallyport/other/1+00000000+AAAA' }).ok, false);
  log.close();
});

test('evidence with a signature nobody can check, or a body that is not UTF-8, is refused', (context) => {
  const { open } = reopenable(context);
  const log = open();
  log.append([entry('a', 0)], testStartMs);
  const evidence = log.prove(0);
  const ownSignature = evidence.trimEnd().split('\n').at(-1) ?? '';
  assert.equal(verifyEvidence(`${evidence}${ownSignature}\n`).ok, false);
  assert.equal(verifyEvidence(`${evidence}— example.org/other AAAAAAAAAAA=\n`).ok, false);
  assert.equal(verifyEvidence(evidence.replaceAll('\n', '\r\n')).ok, false);
  assert.equal(verifyEvidence(`\ufeff${evidence}`).ok, false);
  log.append([{ ...entry('a', 1), body: Buffer.from([0x22, 0xff, 0x22]) }], testStartMs);
  assert.equal(verifyEvidence(log.prove(2)).ok, false);
  log.close();
});

test('verifyEvidence() answers arbitrary text with a reason, never an exception', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `sallyport-evidence@v1\nkey x\nleaf AA==\nsalt AA==\nbody AA==\n${text}`),
      ),
      (text) => {
        const verified = verifyEvidence(text);
        assert.equal(verified.ok, false);
      },
    ),
  );
});
