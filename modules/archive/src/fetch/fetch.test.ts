import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TestContext } from 'node:test';
import { parseVerifierKey } from '@sallyport/merkle-log';
import type { VerifierKey } from '@sallyport/merkle-log';
import type { S3Server } from '@sallyport/testing/s3-server';
import { accounts, archiver, settingsFor, startBuckets, temporaryDirectory } from '../archive-testing.ts';
import { actor, startUnderArchive } from '../ledger-under-archive.fixture.ts';
import { restoreArchive, verifyArchive } from '../offline/index.ts';
import { fetchArchive, openBucketSource, readBucketAddress } from './index.ts';

const { signal } = new AbortController();
const made = mkdtempSync(join(tmpdir(), 'sallyport-fetch-'));
const cleanups: (() => unknown)[] = [];
const held = { after: (work: () => unknown) => void cleanups.push(work) };
let server: S3Server;
let key: VerifierKey;
const nothingWrong = { hidden: 0, gone: [], foreign: 0, unsummed: 0, isWhole: true, troubled: [] };

/** Spans in parts and in one piece, checkpoints, keys: made once. What a test spoils it puts back or says so. */
before(async () => {
  server = await startBuckets(held);
  const under = await startUnderArchive(held, made);
  const lagLimitHours = 24;
  await under.archive.configure({
    settings: { place: settingsFor(server), lagLimitHours, spanMinutes: 60 },
    credentials: archiver,
    actor,
  });
  for (const count of [5, 60]) {
    await under.append(count);
    await under.archive.archiveNow(actor);
    await under.archive.tick();
  }
  key = parseVerifierKey(await under.ledger.verifierKey(1));
});
after(async () => {
  for (const work of cleanups.toReversed()) await work();
  rmSync(made, { recursive: true });
});

const names = (): string[] =>
  server
    .bucket('locked')
    .current()
    .map((one) => one.key.slice('sallyport/'.length));
const blocksName = (): string => names().find((name) => name.endsWith('.blocks')) ?? '';

function open(context: TestContext, { from = 's3://locked/sallyport', as = archiver } = {}) {
  const settings = readBucketAddress({
    from,
    region: 'eu-central-1',
    endpoint: server.endpoint,
    authorityPem: undefined,
  });
  // Parts as the archive under test makes them.
  const source = openBucketSource(settings, as, { deadline: (ms) => AbortSignal.timeout(ms), partBytes: 2000 });
  context.after(() => source.close());
  context.after(() => server.interfere(undefined));
  const waited: number[] = [];
  return {
    waited,
    fetch: (directory: string, until = signal) =>
      fetchArchive(source, { directory, signal: until, wait: async (ms) => void waited.push(ms) }),
  };
}

test('an archive comes out of its bucket as it was put there, verifies, and is brought back', async (context) => {
  const directory = join(temporaryDirectory(context), 'copy');
  const fetched = await open(context).fetch(directory);
  const { files, bytes, present, place, ...rest } = fetched;
  assert.deepEqual([place, files, present, rest], ['s3://locked/sallyport/', names().length, 0, nothingWrong]);
  assert.ok(bytes > 0);
  assert.ok(
    server
      .bucket('locked')
      .current()
      .some(({ checksumType }) => checksumType === 'COMPOSITE'),
    'one went in parts',
  );
  for (const { key: path, bytes: there } of server.bucket('locked').current())
    assert.deepEqual(readFileSync(join(directory, path.slice('sallyport/'.length))), there);
  const verified = await verifyArchive(directory, { keys: [key], signal });
  assert.deepEqual(
    verified.logs.map(({ entries, proven }) => [entries, proven?.size]),
    [[67, 67]],
  );
  const dataDirectory = join(directory, '..', 'data');
  assert.equal((await restoreArchive(verified, { dataDirectory, beyond: false, signal })).logs[0]?.entries, 67);
});

test('what is here with the right bytes is passed over, what is half or another is fetched', async (context) => {
  const directory = temporaryDirectory(context);
  const { fetch } = open(context);
  const { files } = await fetch(directory);
  const path = join(directory, blocksName());
  const sound = readFileSync(path);
  const spoilt = Buffer.from(sound);
  spoilt.writeUInt8(spoilt.readUInt8(100) ^ 1, 100);
  for (const change of [
    () => writeFileSync(path, spoilt),
    () => writeFileSync(path, sound.subarray(0, 50)),
    () => rmSync(path),
    () => writeFileSync(`${path}.new`, 'of a run that was killed'),
  ]) {
    change();
    server.calls.length = 0;
    const again = await fetch(directory);
    assert.deepEqual([again.files, again.troubled], [files, []]);
    assert.ok(again.present >= files - 1);
    assert.ok(server.calls.filter((call) => call.startsWith('GET ') && call.endsWith('.blocks')).length <= 1);
    assert.deepEqual(readFileSync(path), sound);
  }
});

test('a delete marker hides nothing, and what was written over a file later is not taken for it', async (context) => {
  const bucket = server.bucket('locked');
  const { id } = bucket.remove(`sallyport/${blocksName()}`, undefined, false);
  const name = 'ledger/instance';
  const forged = Buffer.from('another installation');
  const put = bucket.put(
    `sallyport/${name}`,
    { bytes: forged, sha256: undefined },
    { metadata: {}, storageClass: 'STANDARD' },
  );
  context.after(() => bucket.remove(`sallyport/${name}`, put.id, false));
  const directory = temporaryDirectory(context);
  const fetched = await open(context).fetch(directory);
  const hidden = bucket.versions().find((one) => one.id === id)?.key ?? '';
  bucket.remove(hidden, id, false);
  assert.deepEqual([fetched.hidden, fetched.troubled], [1, []]);
  assert.notDeepEqual(readFileSync(join(directory, name)), forged);
  assert.equal((await verifyArchive(directory, { keys: [key], signal })).logs[0]?.proven?.size, 67);
});

test('a file that rots, lies or leaves is named, keeps no other from coming, and gets no name here', async (context) => {
  const bucket = server.bucket('locked');
  const path = `sallyport/${blocksName()}`;
  const { bytes: sound = Buffer.of() } = bucket.find(path);
  const rotten = Buffer.from(sound);
  rotten.writeUInt8(rotten.readUInt8(100) ^ 1, 100);
  context.after(() => bucket.tamper.replace(path, sound));
  for (const other of [rotten, sound.subarray(0, -1)]) {
    bucket.tamper.replace(path, other);
    const directory = temporaryDirectory(context);
    const { files, troubled } = await open(context).fetch(directory);
    assert.deepEqual([files, troubled.map(({ name }) => name)], [names().length - 1, [blocksName()]]);
    assert.deepEqual(
      readdirSync(directory, { recursive: true }).filter((name) => String(name).startsWith(blocksName())),
      [],
    );
  }
  bucket.tamper.replace(path, sound);
  server.interfere(({ method, key: asked }, response) => {
    if (method !== 'HEAD' || asked !== path) return false;
    response.writeHead(404).end();
    return true;
  });
  const { troubled } = await open(context).fetch(temporaryDirectory(context));
  assert.match(troubled[0]?.problem ?? '', /does not give ".*" any more/);
});

test('a checkpoint under a sum that is not its own is damaged, whatever the store states', async (context) => {
  const bucket = server.bucket('locked');
  const path = `sallyport/${names().find((name) => name.includes('/checkpoints/')) ?? ''}`;
  const { bytes: sound = Buffer.of() } = bucket.find(path);
  context.after(() => bucket.tamper.swap(path, sound));
  bucket.tamper.swap(path, Buffer.alloc(sound.length, 'x'));
  const { troubled } = await open(context).fetch(temporaryDirectory(context));
  assert.deepEqual(
    troubled.map(({ name }) => `sallyport/${name}`),
    [path],
  );
});

test('a line that breaks off in the middle is tried again, one that stays down ends it, and the next run goes on', async (context) => {
  const path = `sallyport/${blocksName()}`;
  let breaks = 1;
  server.interfere(({ method, key: asked }, response) => {
    if (method !== 'GET' || asked !== path || breaks-- <= 0) return false;
    response.writeHead(200, { 'content-length': '100000' }).write('abc');
    setImmediate(() => response.destroy());
    return true;
  });
  const { fetch, waited } = open(context);
  const directory = temporaryDirectory(context);
  const { files } = await fetch(directory);
  assert.deepEqual([files, waited], [names().length, [1000]]);
  const other = temporaryDirectory(context);
  breaks = Number.POSITIVE_INFINITY;
  await assert.rejects(fetch(other), { code: 'off_site_unavailable' });
  breaks = 0;
  assert.equal((await fetch(other)).files, files);
  const stopped = new AbortController();
  stopped.abort(new Error('Ctrl-C'));
  await assert.rejects(fetch(other, stopped.signal), /Ctrl-C|abort/i);
});

test('a wrong bucket, a wrong prefix, a wrong key and no right are told for what they are', async (context) => {
  const directory = temporaryDirectory(context);
  const fails = (given: Parameters<typeof open>[1], expected: object) =>
    assert.rejects(open(context, given).fetch(directory), expected);
  await fails(
    { from: 's3://nowhere/sallyport' },
    { code: 'off_site_missing', message: 'There is no bucket "nowhere"' },
  );
  await fails({ from: 's3://locked/elsewhere' }, { code: 'off_site_missing', message: /no blocks of a ledger/ });
  await fails({ as: { ...archiver, secretAccessKey: 'guess' } }, { code: 'off_site_refused' });
  assert.deepEqual(readdirSync(directory), []);
  for (const [from, region] of [
    ['https://locked/', 'eu-central-1'],
    ['s3://LOCKED/', 'eu-central-1'],
    ['s3://locked/../x', 'eu-central-1'],
    ['s3://locked/x', undefined],
  ] as const)
    assert.throws(() => readBucketAddress({ from, region, endpoint: undefined, authorityPem: undefined }), {
      code: 'archive_settings_invalid',
      message: /^Cannot fetch from there: /,
    });
});

test('who may not see versions gets what a reader gets now, and is told', async (context) => {
  const as = { accessKeyId: 'AKIAPLAIN', secretAccessKey: accounts.AKIAPLAIN.secret };
  const { isWhole, files, troubled } = await open(context, { as }).fetch(temporaryDirectory(context));
  assert.deepEqual([isWhole, files, troubled], [false, names().length, []]);
});

test('names that lead out of the directory or stand in the way of others are left out', async (context) => {
  const bucket = server.bucket('locked');
  const planted = ['../../out', 'ledger', 'ledger/logs/1/blocks', 'UPPER', 'ledger//x'].map((name) => {
    const path = `sallyport/${name}`;
    const { id } = bucket.put(
      path,
      { bytes: Buffer.from('x'), sha256: undefined },
      { metadata: {}, storageClass: 'STANDARD' },
    );
    return { path, id };
  });
  context.after(() => planted.forEach(({ path, id }) => bucket.remove(path, id, false)));
  const parent = temporaryDirectory(context);
  const { foreign, troubled } = await open(context).fetch(join(parent, 'a', 'copy'));
  assert.deepEqual([foreign, troubled], [planted.length, []]);
  assert.deepEqual([readdirSync(parent), readdirSync(join(parent, 'a'))], [['a'], ['copy']]);
});

test('a directory with the copy of another installation is left alone', async (context) => {
  const directory = temporaryDirectory(context);
  mkdirSync(join(directory, 'ledger'));
  writeFileSync(join(directory, 'ledger', 'instance'), 'of another');
  await assert.rejects(open(context).fetch(directory), { code: 'restore_refused', message: /another installation/ });
  assert.deepEqual(readdirSync(join(directory, 'ledger')), ['instance']);
});
