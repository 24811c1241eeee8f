import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { parseVerifierKey } from '@sallyport/merkle-log';
import type { S3Server } from '@sallyport/testing/s3-server';
import type { ArchiveReport } from './archive-report.ts';
import { archiver, dayMs, settingsFor, startBuckets, temporaryDirectory } from './archive-testing.ts';
import { actor, startUnderArchive } from './ledger-under-archive.fixture.ts';
import type { UnderArchive } from './ledger-under-archive.fixture.ts';
import { restoreArchive, verifyArchive } from './offline/index.ts';
import type { ArchiveSettings } from './settings.ts';

const { signal } = new AbortController();
const hourMs = 3_600_000;
type On = Extract<ArchiveReport, { kind: 'on' }>;

async function on(under: UnderArchive): Promise<On> {
  const report = await under.archive.report();
  assert.ok(report.kind === 'on');
  return report;
}
function settings(server: S3Server, more: Partial<ArchiveSettings> = {}): ArchiveSettings {
  return { place: settingsFor(server), lagLimitHours: 24, spanMinutes: 60, ...more };
}
async function place(context: TestContext): Promise<{ server: S3Server; under: UnderArchive; directory: string }> {
  const directory = temporaryDirectory(context);
  const server = await startBuckets(context);
  const under = await startUnderArchive(context, directory);
  await under.archive.configure({ settings: settings(server), credentials: archiver, actor });
  return { server, under, directory };
}
/** What a person downloads. */
function download(server: S3Server, to: string): void {
  for (const { key, bytes } of server.bucket('locked').current()) {
    const path = join(to, key.slice('sallyport/'.length));
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, bytes ?? '');
  }
}

test('blocks wait until they are old enough, then go with keys, name and checkpoint, each locked; a copy of it verifies and comes back', async (context) => {
  const { server, under, directory } = await place(context);
  await under.append(40);
  await under.archive.tick();
  assert.equal((await on(under)).totals.files, 0);
  under.clock.advance(hourMs);
  await under.archive.tick();
  const report = await on(under);
  assert.deepEqual(
    report.logs.map(({ archived, size, waitingSinceMs }) => [archived, size, waitingSinceMs]),
    [[41, 41, undefined]],
  );
  assert.equal(report.lagMs, 0);
  const kept = server.bucket('locked').current();
  assert.deepEqual(
    kept.map(({ key }) => key.replace(/-[0-9a-f]{16}$/, '-sum').replaceAll(/0{4,}/g, '0')),
    [
      'sallyport/ledger/instance',
      kept.find(({ key }) => key.includes('/blocks/'))?.key.replaceAll(/0{4,}/g, '0') ?? '',
      'sallyport/ledger/logs/1/checkpoints/041-sum',
      'sallyport/ledger/logs/1/vkey',
      `sallyport/vault/${'ab'.repeat(16)}/01.vault`,
    ],
  );
  for (const { retention } of kept) {
    assert.equal(retention?.mode, 'COMPLIANCE');
    assert.ok((retention?.untilMs ?? 0) >= under.clock.nowMs() + 30 * dayMs);
  }
  await under.append(10);
  await under.archive.archiveNow(actor);
  await under.archive.tick();
  assert.equal((await on(under)).logs[0]?.archived, 52);

  const copy = join(directory, 'copy');
  download(server, copy);
  const key = parseVerifierKey(await under.ledger.verifierKey(1));
  const verified = await verifyArchive(copy, { keys: [key], signal });
  assert.deepEqual(
    verified.logs.map(({ isKeyGiven, entries, proven, ahead }) => [isKeyGiven, entries, proven?.size, ahead.length]),
    [[true, 52, 52, 0]],
  );
  const back = join(directory, 'back');
  const restored = await restoreArchive(verified, { dataDirectory: back, beyond: false, signal });
  assert.deepEqual(restored.logs, [{ log: 1, entries: 52, leftOut: 0 }]);
  for (const file of ['instance', 'logs/1/vkey', 'logs/1/blocks/0000000000000000.blocks'])
    assert.deepEqual(
      readFileSync(join(back, 'ledger', file)),
      readFileSync(join(under.dataDirectory, 'ledger', file)),
      file,
    );
  for (const copied of ['vault', 'vault-copy'])
    assert.equal(readFileSync(join(back, copied, 'epochs.vault'), 'utf8'), 'wrapped keys, generation 1');
  await assert.rejects(restoreArchive(verified, { dataDirectory: back, beyond: false, signal }), {
    code: 'restore_refused',
  });
});

test('what is recorded while a round runs waits for the next, and every round ends at a checkpoint of its own', async (context) => {
  const { server, under, directory } = await place(context);
  await under.append(20);
  await under.archive.archiveNow(actor);
  let isMore = true;
  server.interfere(({ method, key }) => {
    if (method === 'PUT' && key.includes('/blocks/') && isMore) {
      isMore = false;
      void under.append(5);
    }
    return false;
  });
  await under.archive.tick();
  await under.append(5);
  await under.ledger.checkpoint(1);
  const copy = join(directory, 'copy');
  download(server, copy);
  const { logs } = await verifyArchive(copy, { keys: [parseVerifierKey(await under.ledger.verifierKey(1))], signal });
  assert.deepEqual(
    logs.map(({ entries, proven, ahead }) => [entries, proven?.size, ahead]),
    [[21, 21, []]],
  );
});

test('killed in the middle of a large span, it goes on with the parts that lack, and what came since goes next', async (context) => {
  const { server, under } = await place(context);
  await under.append(200);
  under.clock.advance(hourMs);
  let parts = 0;
  server.interfere(({ method, query }, response) => {
    if (method !== 'PUT' || !query.has('partNumber')) return false;
    parts += 1;
    if (parts <= 3) return false;
    response.destroy();
    return true;
  });
  await under.archive.tick();
  assert.equal((await on(under)).state, 'failing');
  await under.append(50);
  server.interfere(undefined);
  server.calls.length = 0;
  await under.restart();
  await under.archive.tick();
  const { logs, totals } = await on(under);
  assert.equal(logs[0]?.archived, 252);
  const [first, second] = server
    .bucket('locked')
    .current()
    .filter(({ key }) => key.includes('/blocks/'));
  assert.match(second?.key ?? '', /-0{13}201-0{13}252-/);
  const sent = server.calls.filter(
    (call) => call.startsWith(`PUT ${first?.key}?`) && call.includes('partNumber'),
  ).length;
  const all = Number(first?.checksum?.split('-')[1]);
  assert.equal(sent, all - 3, `of ${all} parts`);
  assert.equal(server.bucket('locked').uploads().length, 0);
  assert.equal(totals.neverRead, 0, 'a small one is read back at once');
});

test('a lost database loses nothing: what is there is found again and not sent twice', async (context) => {
  const { server, under } = await place(context);
  await under.append(30);
  await under.archive.archiveNow(actor);
  await under.archive.tick();
  const before = server.bucket('locked').versions().length;
  const elsewhere = settings(server, { place: settingsFor(server, { region: 'eu-central-1' }) });
  // Another way to the same bucket is another place to the database, as after its loss.
  await under.archive.configure({
    settings: {
      ...elsewhere,
      place: settingsFor({ ...server, endpoint: server.endpoint.replace('127.0.0.1', 'localhost') }),
    },
    credentials: archiver,
    actor,
  });
  await under.archive.archiveNow(actor);
  await under.archive.tick();
  const { totals, state } = await on(under);
  assert.equal(state, 'waiting');
  assert.equal(totals.files, before);
  assert.equal(server.bucket('locked').versions().length, before);
});

test('what is swapped, hidden, unlocked, cut or gone behind our back is found, told once, and told again when it is well', async (context) => {
  const { server, under } = await place(context);
  await under.append(30);
  await under.archive.archiveNow(actor);
  await under.archive.tick();
  const bucket = server.bucket('locked');
  const keyOf = (part: string): string => bucket.current().find(({ key }) => key.includes(part))?.key ?? '';
  const verify = async (isDeep: boolean): Promise<readonly string[]> => {
    await under.archive.verify({ isDeep, actor });
    for (;;) {
      const { verification } = await on(under);
      if (verification !== undefined && verification.state !== 'running')
        return verification.problems.map(({ message }) => message);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  assert.deepEqual(await verify(true), []);
  bucket.remove(keyOf('/instance'), undefined, false);
  bucket.tamper.swap(keyOf('/vkey'), Buffer.from('another key'));
  bucket.tamper.shorten(keyOf('.vault'), under.clock.nowMs() + dayMs);
  const note = bucket.find(keyOf('/checkpoints/'));
  note.bytes = Buffer.from(note.bytes?.map((byte) => byte ^ 1) ?? []);
  const problems = (await verify(false)).toSorted();
  assert.equal(problems.length, 3, problems.join('\n'));
  assert.match(problems.join('\n'), /otherwise than asked: 11 bytes|SHA-256 is another/);
  assert.match(problems.join('\n'), /does not show "ledger\/instance" any more/);
  assert.match(problems.join('\n'), /its lock ends sooner/);
  assert.equal(
    (await verify(true)).length,
    3,
    'what was gone is there again; bytes that rot under a good sum show when they are read',
  );
  const told = under.told().filter(({ action }) => action === 'archive.file-damaged');
  assert.equal(told.length, 4);
  assert.equal((await verify(false)).length, 2, 'only asked for, the rotten one passes');
  assert.ok(under.told().some(({ action }) => action === 'archive.file-sent-anew'));
  const { troubled } = await on(under);
  assert.equal(troubled.length, 2);
});

test('the archive of another history in the same place is an alarm, and neither is touched', async (context) => {
  const { server, under } = await place(context);
  await under.append(5);
  const key = 'sallyport/ledger/instance';
  server
    .bucket('locked')
    .put(key, { bytes: Buffer.from('another\n'), sha256: 'x' }, { metadata: {}, storageClass: 'STANDARD' });
  await under.archive.archiveNow(actor);
  await under.archive.tick();
  const report = await on(under);
  assert.equal(report.failure?.code, 'name_taken');
  assert.equal(server.bucket('locked').find(key).bytes?.toString(), 'another\n');
  assert.ok(under.told().some(({ action, outcome }) => action === 'archive.failing' && outcome === 'failure'));
});

test('an archive that is away is tried again with growing pauses, alarmed when it lags, and catches up', async (context) => {
  const { server, under } = await place(context);
  await under.append(10);
  under.clock.advance(hourMs);
  server.interfere((_call, response) => {
    response.writeHead(503).end();
    return true;
  });
  for (let count = 0; count < 3; count += 1) {
    under.clock.advance(601_000);
    await under.archive.tick();
  }
  const calls = server.calls.length;
  await under.archive.tick();
  assert.equal(server.calls.length, calls, 'it waits before it asks again');
  assert.equal((await on(under)).failure?.code, 'off_site_unavailable');
  under.clock.advance(24 * hourMs);
  await under.archive.tick();
  assert.equal((await on(under)).isLate, true);
  server.interfere(undefined);
  under.clock.advance(601_000);
  await under.archive.tick();
  assert.equal((await on(under)).isLate, false);
  assert.deepEqual(
    under.told().map(({ action }) => action),
    ['archive.configure', 'archive.failing', 'archive.behind', 'archive.working-again', 'archive.caught-up'],
  );
});

test('a legal hold holds the blocks it covers and the newest keys, and is lifted with it', async (context) => {
  const { server, under } = await place(context);
  await under.append(20);
  await under.archive.archiveNow(actor);
  await under.archive.tick();
  await under.append(20);
  await under.archive.archiveNow(actor);
  await under.archive.tick();
  const held = (): readonly string[] =>
    server
      .bucket('locked')
      .current()
      .flatMap(({ key, hold }) => (hold ? [key.slice('sallyport/'.length)] : []));
  under.holds = { digest: 'one', ranges: async () => [{ log: 1, from: 25, to: 30 }] };
  await under.archive.tick();
  assert.equal(held().length, 2);
  assert.match(held().join(), /blocks\/\d{16}-0{14}21-0{14}42-\d{10}\.blocks,vault\//);
  assert.equal((await on(under)).totals.held, 2);
  under.holds = { digest: 'none', ranges: async () => [] };
  await under.archive.tick();
  assert.deepEqual(held(), []);
  const told = under.told().filter(({ action }) => action === 'archive.holds-applied');
  assert.equal(told.length, 2);
});

test('others keep files through the same door: confirmed, never replaced, read back over a new request', async (context) => {
  const { server, under } = await place(context);
  const offSite = under.archive.offSite();
  assert.ok(offSite !== undefined);
  const record = Buffer.from('{"destroyed":[]}');
  const receipt = await offSite.store('destructions/1/done.json', record);
  assert.match(receipt.location, /^s3:\/\/locked\/sallyport\/destructions\/1\/done\.json\?versionId=/);
  assert.ok((receipt.lockedUntilMs ?? 0) > under.clock.nowMs() + 29 * dayMs);
  assert.deepEqual(await offSite.store('destructions/1/done.json', record), receipt);
  await assert.rejects(offSite.store('destructions/1/done.json', Buffer.from('{}')), { code: 'name_taken' });
  await assert.rejects(offSite.store('../up', record), { code: 'off_site_refused' });
  assert.deepEqual(await offSite.readBack('destructions/1/done.json'), record);
  assert.deepEqual(
    (await offSite.list('destructions/')).map(({ name }) => name),
    ['destructions/1/done.json'],
  );
  await assert.rejects(offSite.readBack('destructions/2'), { code: 'off_site_missing' });
  server.bucket('locked').tamper.swap('sallyport/destructions/1/done.json', Buffer.from('{"destroyed":[1]}'));
  await assert.rejects(offSite.readBack('destructions/1/done.json'), { code: 'off_site_mismatch' });
});

test('a bucket without a lock, a wrong key and a place inside the data are refused, and what was set before goes on', async (context) => {
  const { server, under } = await place(context);
  const change = (asked: ArchiveSettings, secret = archiver.secretAccessKey) =>
    under.archive.configure({ settings: asked, credentials: { ...archiver, secretAccessKey: secret }, actor });
  await assert.rejects(change(settings(server, { place: settingsFor(server, { bucket: 'plain' }) })), {
    code: 'bucket_not_lockable',
  });
  await assert.rejects(change(settings(server), 'guess'), { code: 'off_site_refused' });
  for (const endpoint of [
    'http://10.0.0.1:9000',
    'https://169.254.169.254',
    'https://u:p@s3.example',
    'ftp://x',
    'https://s3.example/path',
  ])
    await assert.rejects(change(settings(server, { place: settingsFor(server, { endpoint }) })), {
      code: 'archive_settings_invalid',
    });
  await assert.rejects(
    change({
      ...settings(server),
      place: { kind: 'directory', path: join(under.dataDirectory, 'ledger'), isApart: false },
    }),
    { code: 'archive_settings_invalid' },
  );
  await under.append(3);
  await under.archive.archiveNow(actor);
  await under.archive.tick();
  assert.equal((await on(under)).state, 'waiting');
  assert.deepEqual(
    under.told().map(({ action }) => action),
    ['archive.configure', 'archive.now'],
  );
  await under.archive.configure({ settings: undefined, credentials: undefined, actor });
  assert.equal((await under.archive.report()).kind, 'off');
  assert.ok(server.bucket('locked').current().length > 0, 'nothing is ever removed');
  assert.ok(
    under
      .told()
      .some(({ action, details }) => action === 'archive.end' && JSON.stringify(details).includes('"weaker":true')),
  );
});

test('a directory keeps the same files, and says that it locks nothing', async (context) => {
  const directory = temporaryDirectory(context);
  const under = await startUnderArchive(context, directory);
  const to = join(directory, 'elsewhere');
  mkdirSync(to);
  await under.archive.configure({
    settings: { place: { kind: 'directory', path: to, isApart: false }, lagLimitHours: 24, spanMinutes: 60 },
    credentials: undefined,
    actor,
  });
  await under.append(30);
  await under.archive.archiveNow(actor);
  await under.archive.tick();
  const report = await on(under);
  assert.equal(report.place.lock, 'none');
  assert.match(report.place.notPromised.join(), /Nothing is locked.*same disk/s);
  const key = parseVerifierKey(await under.ledger.verifierKey(1));
  const { logs } = await verifyArchive(to, { keys: [key], signal });
  assert.equal(logs[0]?.proven?.size, 31);
  assert.deepEqual(readdirSync(join(to, 'vault')), ['ab'.repeat(16)]);
});

test('tiles go in packs of 65,536 entries, and the offline check finds them to be those of the blocks', async (context) => {
  const directory = temporaryDirectory(context);
  const under = await startUnderArchive(context, directory);
  const to = join(directory, 'elsewhere');
  mkdirSync(to);
  await under.archive.configure({
    settings: { place: { kind: 'directory', path: to, isApart: false }, lagLimitHours: 24, spanMinutes: 60 },
    credentials: undefined,
    actor,
  });
  for (let count = 0; count < 7; count += 1) await under.append(9500, true);
  await under.archive.archiveNow(actor);
  await under.archive.tick();
  const key = parseVerifierKey(await under.ledger.verifierKey(1));
  assert.equal((await verifyArchive(to, { keys: [key], signal })).logs[0]?.tilePacks, 1);
  const [pack = ''] = readdirSync(join(to, 'ledger/logs/1/tiles'));
  const path = join(to, 'ledger/logs/1/tiles', pack);
  const bytes = readFileSync(path);
  bytes[600] = (bytes[600] ?? 0) ^ 1;
  rmSync(path);
  writeFileSync(path, bytes);
  await assert.rejects(verifyArchive(to, { keys: [key], signal }), { message: /tiles are not those of the blocks/ });
});
