// Over 300 lines: every way of sending meets every trouble of the same server.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { createManualClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { openSpool } from '../spool/spool.ts';
import type { Spool } from '../spool/spool.ts';
import { totalOf } from '../spool/lost-report.ts';
import { createServerDouble } from '../testing/server-double.ts';
import type { ServerDouble } from '../testing/server-double.ts';
import { readAcknowledgement } from './acknowledgement.ts';
import { createKeyInUse } from './key-in-use.ts';
import { createSender } from './sender.ts';
import type { DoubtfulBatch, Sender } from './sender.ts';

const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sensor-send-'));
after(() => rmSync(root, { recursive: true }));
const key = randomBytes(32);
const { signal } = new AbortController();

function openAt(directory: string, maxBytes = 1 << 20): Spool {
  return openSpool({
    directory,
    key,
    random: randomBytes,
    limits: { maxBytes, segmentBytes: maxBytes / 16 },
    lostLine: (report) => JSON.stringify({ lost_total: totalOf(report), lost: report.lost, reason: report.reason }),
  });
}

function setUp(options: { directory?: string; server?: ServerDouble; maxBytes?: number; key?: string } = {}) {
  const directory = options.directory ?? mkdtempSync(join(root, 'd'));
  const spool = openAt(directory, options.maxBytes);
  const server = options.server ?? createServerDouble();
  const clock = createManualClock(1_700_000_000_000);
  const renumbered: string[] = [];
  const mayRepeat: DoubtfulBatch[] = [];
  const apiKey = { now: options.key ?? '' };
  const sender = createSender({
    spool,
    transport: server,
    clock,
    random: () => 0.5,
    log: createLog({ clock, write: () => undefined }),
    source: (installation) => `host-a.${installation}`,
    keys: createKeyInUse({
      file: join(directory, 'sending.key'),
      spoolKey: key,
      random: randomBytes,
      current: () => apiKey.now,
    }),
    onRenumbered: (previous) => renumbered.push(previous),
    onMayRepeat: (batch) => mayRepeat.push(batch),
  });
  return { directory, spool, server, clock, sender, renumbered, mayRepeat, apiKey };
}

const add = (spool: Spool, from: number, count = 1, kind = 'process'): void =>
  spool.append(Array.from({ length: count }, (_, at) => ({ kind, line: JSON.stringify({ number: from + at }) })));

async function drain(sender: Sender): Promise<void> {
  while ((await sender.step(signal)) === 0);
}

const recordedNumbers = (server: ServerDouble): number[] => server.lines().map((line) => JSON.parse(line).number);

test('what is in the spool is recorded in order under numbers from 0', async () => {
  const { spool, server, sender } = setUp();
  add(spool, 0, 5000);
  await drain(sender);
  assert.deepEqual(
    recordedNumbers(server),
    Array.from({ length: 5000 }, (_, at) => at),
  );
  assert.equal(sender.status().state, 'sending');
});

test('an answer that was lost doubles nothing', async () => {
  const { spool, server, sender } = setUp();
  add(spool, 0, 10);
  let first = true;
  server.trouble(() => {
    const now = first;
    first = false;
    return now ? 'record and break' : undefined;
  });
  assert.ok((await sender.step(signal)) > 0);
  add(spool, 10, 10);
  await drain(sender);
  assert.deepEqual(
    recordedNumbers(server),
    Array.from({ length: 20 }, (_, at) => at),
  );
});

test('a server that is gone for a week: nothing is lost within the bound, tries are bounded, and then all of it arrives once', async () => {
  const { spool, server, sender, clock } = setUp({ maxBytes: 4 << 20 });
  server.trouble(() => 'break');
  const endMs = clock.nowMs() + 7 * 86_400_000;
  let number = 0;
  let tries = 0;
  while (clock.nowMs() < endMs) {
    if (number % 2 === 0) add(spool, number, 1);
    else add(spool, number, 1, 'sign_in');
    number += 1;
    const delayMs = await sender.step(signal);
    tries += 1;
    assert.ok(delayMs > 0 && delayMs <= 60_000);
    clock.advance(delayMs);
  }
  // At most one a minute in the long run, with jitter of a half.
  assert.ok(tries < (7 * 86_400) / 30 + 20, String(tries));
  assert.equal(sender.status().state, 'unreachable');
  server.trouble(undefined);
  await drain(sender);
  assert.deepEqual(
    recordedNumbers(server),
    Array.from({ length: number }, (_, at) => at),
  );
});

test('a busy server is asked again when it said, at most ten minutes later', async () => {
  const { spool, server, sender, clock } = setUp();
  add(spool, 0);
  for (const [retryAfter, atLeast, atMost] of [
    ['7', 7000, 7000],
    ['999999', 600_000, 600_000],
    ['soon', 1, 60_000],
    [new Date(clock.nowMs() + 90_000).toUTCString(), 90_000, 90_000],
  ] as const) {
    for (const status of [429, 503]) {
      server.trouble(() => ({ status, retryAfter }));
      const delayMs = await sender.step(signal);
      assert.ok(delayMs >= atLeast && delayMs <= atMost, `${retryAfter} ${delayMs}`);
    }
  }
  assert.equal(sender.status().state, 'busy');
});

test('a key that is refused gives nothing up, and a new one goes on within half a minute', async () => {
  const { spool, server, sender } = setUp();
  add(spool, 0, 3);
  server.trouble(() => ({ status: 401, body: '{"code":"key_unknown"}' }));
  for (let at = 0; at < 20; at += 1) assert.ok((await sender.step(signal)) <= 30_000);
  assert.equal(sender.status().state, 'refused');
  server.trouble(undefined);
  await drain(sender);
  assert.deepEqual(recordedNumbers(server), [0, 1, 2]);
});

test('bodies that are too large are halved, and only the record that is too large alone is given up, in place', async () => {
  const { spool, server, sender } = setUp();
  add(spool, 0, 9);
  spool.append([{ kind: 'file', line: JSON.stringify({ huge: 'x'.repeat(5000) }) }]);
  add(spool, 10, 5);
  const tooLong = (body: Uint8Array | undefined, headers: Readonly<Record<string, string>> = {}): boolean =>
    headers['content-encoding'] === 'gzip' || (body?.length ?? 0) > 200;
  server.trouble(({ body, headers }) => (tooLong(body, headers) ? { status: 413 } : undefined));
  await drain(sender);
  const [source = ''] = server.sources();
  const lines = [...server.recorded(source)]
    .toSorted((left, right) => left[0] - right[0])
    .map(([, line]) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ number }) => number),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, undefined, 10, 11, 12, 13, 14],
  );
  assert.deepEqual(lines[9], { lost_total: 1, lost: { file: 1 }, reason: 'refused_by_server' });
});

test('a state that was put back does not make the server drop what is new', async () => {
  const first = setUp();
  add(first.spool, 0, 5);
  await drain(first.sender);
  const copy = mkdtempSync(join(root, 'd'));
  cpSync(first.directory, copy, { recursive: true });
  add(first.spool, 5, 5);
  await drain(first.sender);
  const second = setUp({ directory: copy, server: first.server });
  add(second.spool, 10, 5);
  await drain(second.sender);
  assert.equal(second.renumbered.length, 1);
  assert.deepEqual(
    recordedNumbers(first.server),
    Array.from({ length: 15 }, (_, at) => at),
  );
});

test('a copy that goes on at the same time costs the other one neither numbers nor records', async () => {
  const first = setUp();
  add(first.spool, 0, 5);
  await drain(first.sender);
  const copy = mkdtempSync(join(root, 'd'));
  cpSync(first.directory, copy, { recursive: true });
  const second = setUp({ directory: copy, server: first.server });
  add(first.spool, 5, 3);
  await drain(first.sender);
  // Longer than what the other one has sent: only the first of these may ask under the old numbers.
  add(second.spool, 100, 50);
  await drain(second.sender);
  add(first.spool, 8, 40);
  await drain(first.sender);
  assert.deepEqual([first.renumbered.length, second.renumbered.length], [0, 1]);
  const expected = [...Array.from({ length: 48 }, (_, at) => at), ...Array.from({ length: 50 }, (_, at) => 100 + at)];
  assert.deepEqual(
    recordedNumbers(first.server).toSorted((left, right) => left - right),
    expected,
  );
});

test('numbers that another used in the middle of a batch: what was recorded before them is not sent again', async () => {
  const { spool, server, sender, renumbered } = setUp();
  add(spool, 0);
  await drain(sender);
  add(spool, 1, 6);
  await server.ask({
    method: 'POST',
    path: `/v1/events?source=host-a.${spool.installation()}&sequence=4`,
    body: Buffer.from('{"number":99}\n'),
    signal,
  });
  await drain(sender);
  assert.equal(renumbered.length, 1);
  assert.deepEqual(recordedNumbers(server), [0, 99, 1, 2, 3, 4, 5, 6]);
});

test('a batch without an answer is asked about with the key it was sent with, also after a restart', async () => {
  for (const isRestarted of [false, true]) {
    const first = setUp({ key: 'old' });
    add(first.spool, 0, 10);
    first.server.trouble(() => 'record and break');
    assert.ok((await first.sender.step(signal)) > 0);
    first.server.trouble(undefined);
    first.apiKey.now = 'the-one-after';
    const { sender, spool, mayRepeat } = isRestarted
      ? setUp({ directory: first.directory, server: first.server, key: 'the-one-after' })
      : first;
    add(spool, 10, 10);
    await drain(sender);
    assert.deepEqual(
      recordedNumbers(first.server),
      Array.from({ length: 20 }, (_, at) => at),
    );
    assert.equal(mayRepeat.length, 0);
    const source = `host-a.${spool.installation()}`;
    assert.deepEqual(
      [first.server.recorded(source, 'old').size, first.server.recorded(source, 'the-one-after').size],
      [10, 10],
    );
    assert.ok(!readFileSync(join(first.directory, 'sending.key')).includes('the-one-after'));
  }
});

test('when the old key is taken away before it can be asked with, what may stand twice is told exactly', async () => {
  const { spool, server, sender, mayRepeat, apiKey } = setUp({ key: 'old' });
  add(spool, 0);
  await drain(sender);
  add(spool, 1, 3);
  server.trouble(() => 'record and break');
  await sender.step(signal);
  server.trouble(undefined);
  apiKey.now = 'new';
  server.revoked.add('old');
  await drain(sender);
  assert.deepEqual(recordedNumbers(server), [0, 1, 2, 3, 1, 2, 3]);
  assert.deepEqual(
    mayRepeat.map(({ sequence, count, firstSha256 }) => [sequence, count, firstSha256]),
    [[1, 3, createHash('sha256').update('{"number":1}').digest('hex')]],
  );
});

test('a batch that was never taken is no doubt: a new key is used at once, and nothing is told', async () => {
  const { spool, server, sender, mayRepeat, apiKey } = setUp({ key: 'old' });
  add(spool, 0, 4);
  server.revoked.add('old');
  await sender.step(signal);
  assert.equal(sender.status().state, 'refused');
  apiKey.now = 'new';
  await drain(sender);
  assert.deepEqual([recordedNumbers(server), mayRepeat], [[0, 1, 2, 3], []]);
});

test('an answer that covers less than was sent acknowledges nothing', async () => {
  const { spool, server, sender } = setUp();
  add(spool, 0, 3);
  server.trouble(() => ({ status: 200, body: '{"runs":[{"sequence":0,"log":1,"index":0,"count":2}]}' }));
  assert.ok((await sender.step(signal)) > 0);
  assert.equal(spool.status().waiting, 3);
});

test('whatever an answer holds, it acknowledges all or nothing', () => {
  const run = fc.record({
    sequence: fc.integer({ max: 5 }),
    log: fc.integer({ max: 2 }),
    index: fc.nat(9),
    count: fc.integer({ max: 4 }),
  });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.record({ runs: fc.array(run) })), (value) => {
      const read = readAcknowledgement(JSON.stringify(value), 0, 4);
      if (read === undefined) return;
      const runs: { count: number }[] = JSON.parse(JSON.stringify(value)).runs;
      assert.ok(runs.reduce((sum, { count }) => sum + count, 0) >= 4);
    }),
  );
  assert.equal(readAcknowledgement('no json', 0, 1), undefined);
});

test('the offset of the clock follows from the answers', async () => {
  const { spool, server, sender, clock } = setUp();
  add(spool, 0);
  server.trouble(() => ({ status: 503, dateMs: clock.nowMs() + 90_000 }));
  await sender.step(signal);
  assert.equal(sender.status().clockOffsetMs, 90_500);
});

test('a server that says of every name that its numbers are used is asked ever less often', async () => {
  const { spool, server, sender, renumbered } = setUp();
  spool.append([{ kind: 'process', line: '{"n":1}' }]);
  server.trouble((question) => ({
    status: 409,
    body: JSON.stringify({
      code: 'sequence_conflict',
      details: { conflict_sequence: Number(new URL(question.path, 'http://server').searchParams.get('sequence')) },
    }),
  }));
  const delays: number[] = [];
  for (let tries = 0; tries < 10; tries += 1) delays.push(await sender.step(signal));
  assert.deepEqual(delays.slice(0, 4), [0, 4000, 8000, 16_000]);
  assert.equal(delays.at(-1), 60_000);
  server.trouble(undefined);
  while ((await sender.step(signal)) === 0);
  assert.equal(renumbered.length, 10);
  assert.deepEqual(server.lines(), ['{"n":1}']);
});
