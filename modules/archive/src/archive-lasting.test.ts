// What has to last longer than the lock it was given, and longer than somebody who removes it.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import type { S3Server } from '@sallyport/testing/s3-server';
import { archiver, dayMs, settingsFor, startBuckets, temporaryDirectory } from './archive-testing.ts';
import { actor, startUnderArchive } from './ledger-under-archive.fixture.ts';
import type { UnderArchive } from './ledger-under-archive.fixture.ts';

async function archived(context: TestContext): Promise<{ server: S3Server; under: UnderArchive }> {
  const server = await startBuckets(context);
  const under = await startUnderArchive(context, temporaryDirectory(context));
  await under.archive.configure({
    settings: { place: settingsFor(server), lagLimitHours: 24 * 365, spanMinutes: 60 },
    credentials: archiver,
    actor,
  });
  await under.append(20);
  await under.archive.archiveNow(actor);
  await under.archive.tick();
  return { server, under };
}
const locks = (server: S3Server): ReadonlyMap<string, number> =>
  new Map(
    server
      .bucket('locked')
      .current()
      .map(({ key, retention }) => [key.slice('sallyport/'.length), retention?.untilMs ?? 0]),
  );
const actions = (under: UnderArchive): readonly string[] => under.told().map(({ action }) => action);

test('a lock that nears its end is prolonged and the files are told; of old copies of the keys it runs out', async (context) => {
  const { server, under } = await archived(context);
  const first = locks(server);
  under.vaultFiles = [
    { name: `vault/${'ab'.repeat(16)}/000000000002.vault`, bytes: Buffer.from('wrapped keys, generation 2') },
  ];
  await under.append(5);
  await under.archive.archiveNow(actor);
  await under.archive.tick();
  under.clock.advance(20 * dayMs);
  await under.archive.tick();
  assert.deepEqual(
    [...first].filter(([name, untilMs]) => locks(server).get(name) !== untilMs),
    [],
    'not yet',
  );
  under.clock.advance(5 * dayMs);
  await under.archive.tick();
  const later = locks(server);
  const wanted = under.clock.nowMs() + 30 * dayMs;
  const old = `vault/${'ab'.repeat(16)}/000000000001.vault`;
  for (const [name, untilMs] of later)
    if (name === old) assert.equal(untilMs, first.get(name));
    else assert.ok(untilMs >= wanted, name);
  const told = under.told().filter(({ action }) => action === 'archive.locks-prolonged');
  assert.equal(told.length, 1);
  for (const name of later.keys()) assert.equal(JSON.stringify(told).includes(name), name !== old, name);
  // What is noted is what is there: nothing is asked again, and checks find the locks as noted.
  const calls = server.calls.filter((call) => call.includes('retention')).length;
  assert.equal(calls, later.size - 1);
  under.clock.advance(2 * dayMs);
  for (let count = 0; count < 3; count += 1) await under.archive.tick();
  assert.equal(server.calls.filter((call) => call.includes('retention')).length, calls);
  assert.ok(!actions(under).includes('archive.file-damaged'));
});

test('locks that may not be prolonged are an alarm, and archiving goes on', async (context) => {
  const { server, under } = await archived(context);
  server.interfere(({ query }, response) => {
    if (!query.has('retention')) return false;
    response.writeHead(403, { 'content-type': 'application/xml' });
    response.end('<Error><Code>AccessDenied</Code><Message>no</Message></Error>');
    return true;
  });
  await under.append(5);
  under.clock.advance(25 * dayMs);
  await under.archive.tick();
  await under.archive.tick();
  const report = await under.archive.report();
  assert.ok(report.kind === 'on');
  assert.equal(report.failure, undefined);
  assert.equal(report.logs[0]?.archived, 27);
  assert.equal(actions(under).filter((action) => action === 'archive.locks-ending').length, 1);
  server.interfere(undefined);
  under.clock.advance(3_700_000);
  await under.archive.tick();
  assert.ok(actions(under).includes('archive.locks-prolonged-again'));
});

test('what is gone from the archive is an alarm and goes there anew, as long as it is here', async (context) => {
  const { server, under } = await archived(context);
  const bucket = server.bucket('locked');
  const gone = bucket
    .current()
    .map(({ key }) => key)
    .filter((key) => !key.includes('/checkpoints/'));
  // Markers hide them, which no lock prevents.
  for (const key of gone) bucket.remove(key, undefined, false);
  assert.equal(bucket.current().length, 1);
  under.clock.advance(dayMs);
  for (let count = 0; count <= gone.length + 1; count += 1) await under.archive.tick();
  assert.deepEqual(
    bucket.current().map(({ key }) => key),
    [...gone, ...bucket.current().flatMap(({ key }) => (key.includes('/checkpoints/') ? [key] : []))].toSorted(),
  );
  for (const { key, retention } of bucket.current())
    if (gone.includes(key)) assert.ok((retention?.untilMs ?? 0) >= under.clock.nowMs() + 29 * dayMs, key);
  const count = (wanted: string): number => actions(under).filter((action) => action === wanted).length;
  assert.deepEqual([count('archive.file-damaged'), count('archive.file-sent-anew')], [gone.length, gone.length]);

  // Gone from here as well: nothing can be sent, and the alarm stands.
  const blocks = gone.find((key) => key.includes('/blocks/')) ?? '';
  bucket.remove(blocks, undefined, false);
  rmSync(join(under.dataDirectory, 'ledger/logs/1/blocks'), { recursive: true });
  await under.archive.verify({ isDeep: false, actor });
  for (let state = 'running'; state === 'running';) {
    await setImmediate();
    const report = await under.archive.report();
    state = report.kind === 'on' ? (report.verification?.state ?? 'running') : 'off';
  }
  assert.equal(count('archive.file-damaged'), gone.length + 1);
  assert.equal(count('archive.file-sent-anew'), gone.length);
});
