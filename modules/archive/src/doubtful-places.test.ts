// Places that are not what they were, or clocks that are not: what must never count as kept.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { S3Server } from '@sallyport/testing/s3-server';
import {
  archiver,
  dayMs,
  outgoing,
  placeAt,
  settingsFor,
  startBuckets,
  temporaryDirectory,
} from './archive-testing.ts';
import { actor, startUnderArchive } from './ledger-under-archive.fixture.ts';
import type { UnderArchive } from './ledger-under-archive.fixture.ts';
import type { PlaceSettings } from './settings.ts';
import { fileOf } from './sums.ts';

const { signal } = new AbortController();
const hourMs = 3_600_000;

async function inBucket(context: TestContext): Promise<{ server: S3Server; under: UnderArchive }> {
  const server = await startBuckets(context);
  const under = await startUnderArchive(context, temporaryDirectory(context));
  await configure(under, settingsFor(server));
  return { server, under };
}
async function configure(under: UnderArchive, place: PlaceSettings): Promise<void> {
  const credentials = place.kind === 's3' ? archiver : undefined;
  await under.archive.configure({ settings: { place, lagLimitHours: 24, spanMinutes: 60 }, credentials, actor });
}
async function archiveNow(under: UnderArchive): Promise<void> {
  await under.archive.archiveNow(actor);
  await under.archive.tick();
}
async function failureCode(under: UnderArchive): Promise<string | undefined> {
  const report = await under.archive.report();
  return report.kind === 'on' ? report.failure?.code : 'off';
}

test('a file that somebody else put there under a lock of a minute, or a weaker one, is stored once more under ours', async (context) => {
  const { server, under } = await inBucket(context);
  const bucket = server.bucket('locked');
  const record = Buffer.from('{"destroyed":[]}');
  const payload = { bytes: record, sha256: hash('sha256', record, 'base64') };
  const retentions = [
    { mode: 'COMPLIANCE' as const, untilMs: Date.now() + 60_000 },
    { mode: 'GOVERNANCE' as const, untilMs: Date.now() + 90 * dayMs },
    undefined,
  ];
  const offSite = under.archive.offSite();
  for (const [order, retention] of retentions.entries()) {
    const key = `sallyport/destructions/${order}`;
    bucket.put(key, payload, { retention, metadata: {}, storageClass: 'STANDARD' });
    const receipt = await offSite?.store(`destructions/${order}`, record);
    assert.ok((receipt?.lockedUntilMs ?? 0) > Date.now() + 29 * dayMs);
    assert.equal(bucket.find(key).retention?.mode, 'COMPLIANCE');
    assert.equal(bucket.versions().filter((version) => version.key === key).length, 2);
  }
});

test('a receipt is not given twice for a file that has gone meanwhile', async (context) => {
  const { server, under } = await inBucket(context);
  const record = Buffer.from('{}');
  const offSite = under.archive.offSite();
  await offSite?.store('destructions/1', record);
  under.clock.advance(1000);
  server.bucket('locked').remove('sallyport/destructions/1', undefined, false);
  await assert.rejects(async () => offSite?.store('destructions/1', record), { code: 'off_site_missing' });
});

test('with a clock that is not the store’s nothing is locked, since a lock is a time', async (context) => {
  const server = await startBuckets(context);
  const place = placeAt(context, server);
  await place.prepare(signal);
  const skewMs = 20 * 60_000;
  server.advance(skewMs);
  server.interfere((_call, response) => {
    response.setHeader('date', new Date(Date.now() + skewMs).toUTCString());
    return false;
  });
  await assert.rejects(place.prepare(signal), { code: 'off_site_unavailable', message: /20 minutes behind/ });
  await assert.rejects(place.put(fileOf('a', Buffer.from('a')), outgoing(), signal), { code: 'off_site_unavailable' });
  assert.equal(server.bucket('locked').current().length, 0);
});

test('a clock that was set back hides nothing that waits: it goes, and counts as late, by the time that passed', async (context) => {
  const { server, under } = await inBucket(context);
  await under.append(5);
  under.clock.setWall(Date.now() - 5 * dayMs);
  await under.archive.tick();
  under.clock.advance(hourMs);
  await under.archive.tick();
  assert.ok(
    server
      .bucket('locked')
      .current()
      .some(({ key }) => key.includes('/blocks/')),
  );
  server.interfere((_call, response) => {
    response.writeHead(503).end();
    return true;
  });
  await under.append(5);
  await under.archive.tick();
  under.clock.advance(25 * hourMs);
  await under.archive.tick();
  assert.ok(under.told().some(({ action }) => action === 'archive.behind'));
});

test('a directory that was taken away, or has become another, is not archived into, and one that leads into the data never is', async (context) => {
  const directory = temporaryDirectory(context);
  const under = await startUnderArchive(context, directory);
  const to = join(directory, 'elsewhere');
  mkdirSync(to);
  const place = { kind: 'directory' as const, path: to, isApart: false };
  await configure(under, place);
  await under.append(5);
  await archiveNow(under);
  assert.equal(await failureCode(under), undefined);
  renameSync(to, `${to}-unplugged`);
  await under.append(5);
  await archiveNow(under);
  assert.equal(await failureCode(under), 'off_site_missing');
  mkdirSync(to);
  await archiveNow(under);
  assert.equal(await failureCode(under), 'off_site_mismatch');
  assert.deepEqual(readdirSync(to), []);
  symlinkSync(under.dataDirectory, join(directory, 'link'));
  for (const path of [join(directory, 'link/ledger'), `${directory}/elsewhere/../data`])
    await assert.rejects(configure(under, { ...place, path }), { code: 'archive_settings_invalid' });
});

test('another bucket is told as less than the one before, whoever’s it is', async (context) => {
  const { server, under } = await inBucket(context);
  await configure(under, settingsFor(server, { prefix: 'mine/' }));
  const told = under.told().filter(({ action }) => action === 'archive.configure');
  assert.match(JSON.stringify(told[1]?.details), /"weaker":true/);
});

test('a hold keeps a copy of the keys that is no older than the blocks it covers', async (context) => {
  const { server, under } = await inBucket(context);
  const held = (): readonly string[] =>
    server
      .bucket('locked')
      .current()
      .flatMap(({ key, hold }) => (hold && key.endsWith('.vault') ? [key.slice(-18)] : []));
  const bytes = Buffer.from('wrapped keys, generation 2');
  await under.append(5);
  await archiveNow(under);
  under.holds = { digest: 'one', ranges: async () => [{ log: 1, from: 0, to: 1000 }] };
  await under.archive.tick();
  assert.deepEqual(held(), ['000000000001.vault']);
  under.clock.advance(1000);
  under.vaultFiles = [{ name: `vault/${'ab'.repeat(16)}/000000000002.vault`, bytes }];
  await under.append(5);
  await archiveNow(under);
  assert.deepEqual(held(), ['000000000002.vault']);
});

test('of files that are due to be read whole, small ones do not wait an hour for each other; one in cold storage stops no other', async (context) => {
  const { server, under } = await inBucket(context);
  await under.append(5);
  await archiveNow(under);
  under.clock.advance(31 * dayMs);
  const reads = (): number => server.calls.filter((call) => call.startsWith('GET sallyport/')).length;
  const before = reads();
  server.interfere(({ method, key }, response) => {
    if (method !== 'GET' || !key.endsWith('/instance')) return false;
    response.writeHead(403, { 'content-type': 'application/xml' });
    response.end('<Error><Code>InvalidObjectState</Code><Message>archived</Message></Error>');
    return true;
  });
  for (let count = 0; count < 5; count += 1) {
    under.clock.advance(2000);
    await under.archive.tick();
  }
  assert.equal(reads() - before, 5);
  assert.equal(await failureCode(under), undefined);
  assert.equal(under.told().filter(({ action }) => action === 'archive.file-damaged').length, 1);
});
