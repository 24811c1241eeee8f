import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import type { Receipt } from '../spool/spool-state.ts';
import { readAcknowledgement } from './acknowledgement.ts';
import { createLogTrust } from './log-trust.ts';
import { createReceiptCollector } from './receipts.ts';
import { createTransport } from './transport.ts';

const directory = mkdtempSync(join(tmpdir(), 'sensor-fork-'));
const server = createServerUnderTest();
after(async () => {
  await server.end();
  rmSync(directory, { recursive: true });
});
const evidence = join(directory, 'evidence');
const copy = join(directory, 'copy');

/** Sends lines and gives the receipt of the last. */
async function send(source: string, count: number, sequence = 0): Promise<Receipt> {
  const lines = Array.from({ length: count }, (_, at) => JSON.stringify({ source, number: sequence + at }));
  const answer = await server.ask({
    method: 'POST',
    path: `/v1/events?source=${source}&sequence=${sequence}`,
    headers: { 'content-type': 'application/x-ndjson' },
    body: `${lines.join('\n')}\n`,
  });
  const acknowledged = readAcknowledgement(answer.text, sequence, count);
  assert.ok(acknowledged !== undefined, answer.text);
  const { log, index } = acknowledged;
  const sha256 = createHash('sha256')
    .update(lines.at(-1) ?? '')
    .digest('hex');
  return { sequence: sequence + count - 1, log, index, sha256 };
}

/** One look of the collector, as after a restart of the sensor. */
async function look(receipt: Receipt) {
  const transport = createTransport({
    server: new URL(server.address()),
    key: () => server.keys().operator,
    trust: {},
  });
  const clock = createManualClock(1_700_000_000_000);
  const collector = createReceiptCollector({
    transport,
    receipts: () => [receipt],
    trust: createLogTrust(join(directory, 'trust.json')),
    evidenceDirectory: evidence,
    logKey: undefined,
    remedy: undefined,
    clock,
    random: () => 0,
    log: createLog({ clock, write: () => undefined }),
    signal: new AbortController().signal,
  });
  const { records } = await collector.collect();
  transport.close();
  return { records, problem: collector.problem?.(), coverage: collector.coverage() };
}

test(
  'a log that only grows matches; one put back to an earlier state, and one that went on from there, are convicted with both checkpoints',
  { timeout: 240_000 },
  async () => {
    await server.start();
    const early = await send('before', 300);
    assert.deepEqual(
      (await look(early)).records.map(({ event }) => event),
      ['sensor.receipts_match'],
    );
    assert.equal(await server.stop(), 0);
    cpSync(server.directory, copy, { recursive: true });

    await server.start();
    await send('truth', 700);
    const grown = await look(early);
    assert.deepEqual(
      grown.records.map(({ event }) => event),
      ['sensor.receipts_match'],
    );
    assert.equal(grown.problem, undefined);
    assert.equal(await server.stop(), 0);

    // Whoever puts a machine back puts all of it back.
    for (const name of readdirSync(copy)) {
      rmSync(join(server.directory, name), { recursive: true, force: true });
      cpSync(join(copy, name), join(server.directory, name), { recursive: true });
    }
    await server.start();
    const rewound = await look(early);
    assert.match(rewound.problem ?? '', /the log has \d+ entries, it had \d+/);

    await send('lie', 900);
    const forked = await look(early);
    const [told] = forked.records;
    assert.equal(told?.event, 'sensor.receipt_mismatch');
    assert.match(forked.problem ?? '', /entries of the log are others than it had signed before/);
    for (const side of ['kept_checkpoint', 'shown_checkpoint']) assert.match(String(told.fields[side]), /\n— /);
    // What was believed stays the measure, however often it asks.
    assert.match((await look(early)).problem ?? '', /are others/);

    const files = readdirSync(evidence);
    // The rewind and the fork; more when the log grew between two looks.
    assert.ok(files.length >= 2);
    for (const name of files) {
      const kept = parseJson(readFileSync(join(evidence, name), 'utf8'));
      assert.ok(isJsonObject(kept) && String(kept['shown_evidence']).startsWith('sallyport-evidence@v1'));
      assert.match(String(kept['kept_checkpoint']), /\n— /);
    }
  },
);
