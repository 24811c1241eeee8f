import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { startStampingAuthority } from '@sallyport/testing/time-stamp-authority';
import { verifyEvidence } from '../evidence.ts';
import { quietLog, startLedger, temporaryDirectory } from '../ledger-testing.ts';
import { ledgerMigrations } from '../migrations/migrations.ts';
import { createOutbox } from '../outbox.ts';
import { createWitnessAlarms } from '../witness/witness-alarms.ts';
import { createWitnessStore } from '../witness/witness-store.ts';
import { callTimeAuthority, parseTimeAuthorityUrl } from './call-authority.ts';
import { readAuthorities } from './certificate-path.ts';
import { stampedForProof } from './stamped-for-proof.ts';
import { createTimeStampStore } from './time-stamp-store.ts';
import { createTimeStamps } from './time-stamps.ts';
import { verifyTimeStampToken } from './verify-token.ts';

const authority = await startStampingAuthority();
after(() => authority.close());
const ada = { kind: 'user', id: 'u1', name: 'Ada' } as const;
const everyMs = 3_600_000;

async function start(context: TestContext) {
  const directory = temporaryDirectory(context);
  // The real time, which a real authority states, moved by hand.
  const clock = createManualClock(Date.now());
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  await migrate(database, [ledgerMigrations]);
  const store = createTimeStampStore(database);
  const { client } = startLedger(context, directory, clock, {
    cosigned: async (log, index) =>
      index === undefined ? undefined : stampedForProof(store, { log, index }, undefined),
  });
  await client.ready();
  const outbox = createOutbox({
    database,
    ledger: client,
    key: Buffer.alloc(32, 1),
    random: randomBytes,
    nowMs: () => clock.nowMs(),
  });
  const common = { database, outbox, clock };
  const stamps = createTimeStamps({
    ...common,
    store,
    alarms: createWitnessAlarms({ ...common, store: createWitnessStore(database) }),
    ledger: client,
    cosigned: async () => undefined,
    call: callTimeAuthority,
    random: randomBytes,
    deadline: () => new AbortController().signal,
    log: quietLog,
  });
  context.after(async () => {
    authority.answerWith(undefined);
    await stamps.close();
    await client.close();
    await close();
  });
  let sequence = 0;
  return {
    client,
    clock,
    stamps,
    store,
    directory,
    add: () => stamps.add({ url: authority.url, rootsPem: authority.rootPem, actor: ada }),
    async append() {
      const body = Buffer.from(`{"n":${(sequence += 1)}}`);
      const entry = { stream: 's', sequence, classUid: 1007, body };
      await client.append({ collector: 'test', priority: 'intake', entries: [entry] });
    },
    async tick() {
      await stamps.tick();
      await stamps.settled();
    },
    async told(): Promise<readonly string[]> {
      const { events } = await client.read({ log: 1, index: 0 }, { maxEvents: 1000, maxBytes: 1 << 24 });
      return events.flatMap(({ body }) => {
        const event: unknown = JSON.parse(Buffer.from(body ?? []).toString());
        const metadata = isObject(event) ? event['metadata'] : undefined;
        return isObject(metadata) && typeof metadata['event_code'] === 'string' ? [metadata['event_code']] : [];
      });
    },
  };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isJsonObject({ ...value });
}

test('a checkpoint is stamped at once and every interval, kept beside the log, and goes into the proof of what it holds', async (context) => {
  const house = await start(context);
  const { client, stamps, clock, directory } = house;
  await house.append();
  const { id } = await house.add();
  const [first] = (await stamps.report(10)).stamps;
  assert.ok(first !== undefined && first.size > 0);
  const folder = join(directory, 'ledger', 'logs', '1', 'anchors');
  const token = readFileSync(join(folder, `${first.size}-${id}.tst`));
  const checkpoint = readFileSync(join(folder, `${first.size}.checkpoint`), 'utf8');
  // Whoever has nothing of ours but the two files and OpenSSL can check them.
  assert.ok(authority.verifies(token, Buffer.from(checkpoint.slice(0, checkpoint.indexOf('\n\n') + 1))));

  const evidence = await client.prove({ log: 1, index: 0 });
  const proven = verifyEvidence(evidence, { verifierKey: await client.verifierKey(1) });
  assert.ok(proven.ok && proven.timeStamps.length === 1);
  const authorities = readAuthorities(authority.rootPem);
  const said = verifyTimeStampToken(proven.timeStamps[0] ?? Buffer.alloc(0), {
    data: Buffer.from(proven.stamped),
    authorities,
  });
  assert.ok(said.ok && said.stamp.atMs === first.atMs);

  await house.append();
  await house.tick();
  assert.equal((await stamps.report(10)).stampsInAll, 1, 'not before its time');
  clock.advance(everyMs + 60_000);
  authority.answerWith(undefined);
  await house.tick();
  assert.equal((await stamps.report(10)).stampsInAll, 1, 'a time an hour off is not believed');
  assert.ok((await house.told()).includes('time-authority.wrong-answer'));
  const late = verifyEvidence(await client.prove({ log: 1, index: client.head().index - 2 }));
  assert.ok(late.ok && late.timeStamps.length === 0, 'what no stamp reaches carries none');
});

test('a token that is replayed, of another request, of nobody known, or no token is not kept and alarmed once', async (context) => {
  const house = await start(context);
  await house.append();
  const replayed = await authority.reply((await capture(house)) ?? Buffer.alloc(0));
  for (const lie of [
    replayed,
    Buffer.from('<html>'),
    Buffer.alloc(0),
    Buffer.alloc(100_000, 0x30),
    Buffer.from('30030201', 'hex'),
  ]) {
    authority.answerWith((_request, response) => response.end(lie));
    house.clock.advance(2 * everyMs);
    await house.tick();
  }
  authority.answerWith((_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
  house.clock.advance(2 * everyMs);
  await house.tick();
  const report = await house.stamps.report(10);
  assert.equal(report.stampsInAll, 0);
  assert.equal(report.authorities[0]?.problem?.message, 'The time-stamping authority answered 302');
  const told = await house.told();
  assert.equal(told.filter((code) => code === 'time-authority.wrong-answer').length, 1);
  assert.ok(told.includes('ledger.time-stamps-late'), 'that nobody stamps for hours is told');
});

/** A request of ours, whose answer is then kept for another. */
async function capture(house: Awaited<ReturnType<typeof start>>): Promise<Buffer | undefined> {
  authority.answerWith((_request, response) => response.end());
  await house.add();
  return authority.requests.at(-1);
}

test('an answer that is too long or never ends is given up, and the rest goes on', async (context) => {
  const house = await start(context);
  await house.append();
  const ended = Promise.withResolvers<void>();
  authority.answerWith((_request, response) => {
    response.on('close', () => ended.resolve());
    response.writeHead(200);
    const more = (): void => void (response.write(Buffer.alloc(16_384)) && setImmediate(more));
    more();
    response.on('drain', more);
  });
  await house.add();
  await ended.promise;
  assert.match((await house.stamps.report(1)).authorities[0]?.problem?.message ?? '', /more than 65536 bytes/);
  const asked = Promise.withResolvers<void>();
  authority.answerWith(() => asked.resolve());
  house.clock.advance(everyMs);
  await house.stamps.tick();
  await asked.promise;
  await house.stamps.close();
});

test('only addresses and roots that can be used are taken, each authority once, and a removed one leaves its stamps', async (context) => {
  const house = await start(context);
  await house.append();
  for (const url of [
    '',
    'ftp://x',
    'http://169.254.169.254/tsr',
    'http://ada:x@tsa.example',
    'https://[::ffff:169.254.169.254]',
  ])
    assert.throws(() => parseTimeAuthorityUrl(url), { code: 'time_authority_invalid' }, url);
  assert.equal(parseTimeAuthorityUrl('http://tsa.example/tsr?policy=1'), 'http://tsa.example/tsr?policy=1');
  const wanted = { url: authority.url, actor: ada };
  await assert.rejects(house.stamps.add({ ...wanted, rootsPem: 'no' }), { code: 'time_authority_invalid' });
  const { id } = await house.add();
  await assert.rejects(house.add(), { code: 'time_authority_known' });
  await house.stamps.remove({ id, actor: ada });
  await assert.rejects(house.stamps.ask(id), { code: 'time_authority_unknown' });
  const report = await house.stamps.report(10);
  assert.deepEqual([report.authorities.length, report.stampsInAll], [0, 1]);
  assert.equal(existsSync(join(house.directory, 'ledger', 'logs', '1', 'anchors')), true);
});

test('a file name cannot lead out of the folder of anchors', async (context) => {
  const { client } = await start(context);
  for (const name of ['../checkpoint', '1.checkpoint/../../vkey', '0.checkpoint', '1-00.tst', ''])
    await assert.rejects(client.keepAnchor(1, name, Buffer.from('x')), { code: 'not_found' }, name);
  await assert.rejects(client.readAnchor(2, '1.checkpoint'), { code: 'not_found' });
});

forEachDatabase((name, open) => {
  test(`what is kept about time-stamps is read back as it was (${name})`, async () => {
    const { database } = await open();
    await migrate(database, [ledgerMigrations]);
    const store = createTimeStampStore(database);
    const addedBy = { id: 'u1', name: 'Ada' };
    const known = {
      id: '0011223344556677',
      url: 'https://t.example',
      rootsPem: 'r',
      authorityPem: undefined,
      addedAtMs: Date.UTC(2026, 1),
      addedBy,
    };
    const stamp = {
      log: 1,
      size: Number.MAX_SAFE_INTEGER,
      authorityId: known.id,
      atMs: Date.UTC(2026, 2),
      accuracyMs: undefined,
      serialNumber: '01',
      signer: 's',
      signerUntilMs: Date.UTC(2030, 2),
      root: 'r',
      rootSha256: 'ab',
      checkpoint: 'text',
      witnessKeys: ['k'],
      token: 'AA==',
    };
    await database.transaction().execute(async (transaction) => {
      await store.add(transaction, known);
      await store.setEveryMinutes(transaction, 5);
      for (const size of [stamp.size, 7, 7])
        await store.remember(transaction, { ...stamp, size, accuracyMs: size === 7 ? 3 : undefined });
    });
    assert.deepEqual([await store.authorities(), await store.everyMinutes(), await store.count()], [[known], 5, 2]);
    assert.deepEqual(await store.newest(1, known.id), stamp);
    assert.deepEqual(
      (await store.covering(1, 6, 5)).map(({ size }) => size),
      [7, stamp.size],
    );
    assert.deepEqual(
      (await store.covering(1, 7, 5)).map(({ size }) => size),
      [stamp.size],
    );
    await database.transaction().execute((transaction) => store.remove(transaction, known.id));
    assert.deepEqual([await store.authorities(), await store.count()], [[], 2]);
  });
});
