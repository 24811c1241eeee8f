import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { createLogTrust } from './log-trust.ts';
import { createReceiptCollector } from './receipts.ts';
import type { Answer } from './transport.ts';

const directory = mkdtempSync(join(tmpdir(), 'sensor-receipts-'));
after(() => rmSync(directory, { recursive: true }));

const line = 'sallyport key create --scopes events:write,ledger:read';

function collectorAnswered(answer: Partial<Answer> | undefined, { isBeside = false } = {}) {
  const remedy = isBeside ? undefined : line;
  const clock = createManualClock(1_000_000);
  const logged: string[] = [];
  const collector = createReceiptCollector({
    transport: {
      async ask() {
        if (answer === undefined) throw new Error('gone');
        return { status: 200, body: '', bytes: new Uint8Array(), retryAfter: undefined, dateMs: undefined, ...answer };
      },
      close: () => undefined,
    },
    receipts: () => [{ sequence: 4, log: 1, index: 9, sha256: 'ab' }],
    trust: createLogTrust(join(directory, 'trust.json')),
    evidenceDirectory: join(directory, 'evidence'),
    logKey: 'sallyport.example+00000000+AAAA',
    remedy,
    clock,
    random: () => 0,
    log: createLog({ clock, write: (line) => logged.push(line) }),
    signal: new AbortController().signal,
  });
  return { collector, logged, clock };
}

test('a record that the server does not have any more, or cannot prove, is told loudly', async () => {
  for (const answer of [{ status: 404 }, { status: 200, body: 'sallyport-evidence@v1\nforged' }]) {
    const { collector, logged } = collectorAnswered(answer);
    const { records } = await collector.collect();
    assert.deepEqual(
      records.map(({ event, fields }) => [event, fields['position']]),
      [['sensor.receipt_mismatch', '1/9']],
    );
    assert.match(collector.problem?.() ?? '', /does not match/);
    assert.match(logged.join(''), /"level":"error"/);
  }
});

test('a key without the right to read proofs checks nothing and says how to change that', async () => {
  const { collector } = collectorAnswered({ status: 403 });
  assert.deepEqual((await collector.collect()).records, []);
  assert.equal(collector.coverage().state, 'none');
  assert.equal(collector.coverage().remedy, line);
  assert.match(collector.coverage().misses, /the key may not read it/);
});

test('beside the server, where nobody can give it another key, no line is told that would not help', async () => {
  const { collector } = collectorAnswered({ status: 403 }, { isBeside: true });
  await collector.collect();
  assert.equal(collector.coverage().remedy, undefined);
  assert.match(collector.coverage().misses, /the server beside it/);
});

test('a server that cannot be reached is no mismatch, and it is asked rarely', async () => {
  const { collector, clock } = collectorAnswered(undefined);
  assert.deepEqual((await collector.collect()).records, []);
  assert.equal(collector.problem?.(), undefined);
  clock.advance(60_000);
  assert.deepEqual((await collector.collect()).records, []);
  assert.ok(!existsSync(join(directory, 'trust.json')));
});

test('a server that answers and never proves anything is told of after an hour', async () => {
  const { collector, clock } = collectorAnswered({ status: 500 });
  for (let at = 0; at < 6; at += 1) {
    assert.equal(collector.problem?.(), undefined);
    await collector.collect();
    clock.advance(10 * 60_000);
  }
  assert.match(collector.problem?.() ?? '', /proven nothing for an hour: the server answered 500/);
});
