import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { accounts, outgoing, placeAt, readAll, startBuckets } from '../archive-testing.ts';
import { fileOf } from '../sums.ts';

const { signal } = new AbortController();
const most = 1_000_000;

test('a file is kept with its sum and its lock, is found again, and reads back', async (context) => {
  const server = await startBuckets(context, { tls: true });
  const place = placeAt(context, server);
  await place.prepare(signal);
  const bytes = randomBytes(900);
  const options = outgoing({ isHeld: true });
  const kept = await place.put(fileOf('vault/a', bytes), options, signal);
  assert.equal(kept.lock?.mode, 'compliance');
  assert.equal(kept.lock?.untilMs, options.lockUntilMs);
  assert.equal(kept.isHeld, true);
  assert.deepEqual(await place.find('vault/a', undefined, signal), kept);
  assert.deepEqual(await readAll(place.read('vault/a', kept.version, most, signal)), bytes);
  assert.equal(await place.find('vault/b', undefined, signal), undefined);
  await place.setHold('vault/a', kept.version, false, signal);
  assert.equal((await place.find('vault/a', kept.version, signal))?.isHeld, false);
});

test('a large file goes in parts, and an upload that was cut short goes on where it stood', async (context) => {
  const server = await startBuckets(context);
  const place = placeAt(context, server);
  const bytes = randomBytes(4500);
  let uploadId: string | undefined;
  let turns = 0;
  const cut = outgoing({
    begun: async (id) => void (uploadId = id),
    turn: async () => {
      turns += 1;
      if (turns > 3) throw new Error('killed');
    },
  });
  await assert.rejects(place.put(fileOf('big', bytes), cut, signal), /killed/);
  assert.equal(await place.find('big', undefined, signal), undefined);
  server.calls.length = 0;
  const kept = await place.put(fileOf('big', bytes), outgoing({ uploadId }), signal);
  assert.equal(server.calls.filter((call) => call.startsWith('PUT')).length, 2, 'only the parts that lacked');
  assert.match(kept.sum?.value ?? '', /-5$/);
  assert.deepEqual(kept.sum, await place.sumOf(fileOf('big', bytes), signal));
  assert.deepEqual(await readAll(place.read('big', kept.version, most, signal)), bytes);
  // A stale id is no reason to fail: the store may have given the upload up.
  assert.equal((await place.put(fileOf('big2', bytes), outgoing({ uploadId: 'gone' }), signal)).bytes, 4500);
});

test('a bucket that cannot lock, is not there, or refuses who asks is refused by name', async (context) => {
  const server = await startBuckets(context);
  const open = (bucket: string) => placeAt(context, server, { settings: { bucket } });
  await assert.rejects(open('plain').prepare(signal), { code: 'bucket_not_lockable' });
  await assert.rejects(open('versioned').prepare(signal), { code: 'bucket_not_lockable' });
  await assert.rejects(open('nowhere').prepare(signal), { code: 'off_site_refused' });
  const wrong = placeAt(context, server, { credentials: { accessKeyId: 'AKIAARCHIVER', secretAccessKey: 'guess' } });
  await assert.rejects(wrong.prepare(signal), { code: 'off_site_refused' });
  const reader = placeAt(context, server, {
    credentials: { accessKeyId: 'AKIAREADER', secretAccessKey: accounts.AKIAREADER.secret },
  });
  await reader.prepare(signal);
  await assert.rejects(reader.put(fileOf('a', Buffer.from('a')), outgoing(), signal), { code: 'off_site_refused' });
});

test('a store that says 200 and keeps nothing, something else or no lock is not believed', async (context) => {
  const server = await startBuckets(context);
  const place = placeAt(context, server);
  const file = fileOf('a', randomBytes(300));
  server.interfere(({ method }, response) => {
    if (method !== 'PUT') return false;
    response.writeHead(200, { etag: '"1"', 'x-amz-version-id': 'made-up' }).end();
    return true;
  });
  await assert.rejects(place.put(file, outgoing(), signal), { code: 'off_site_mismatch' });
  server.interfere(({ method }, response) => {
    if (method !== 'PUT') return false;
    response.writeHead(200, { etag: '"1"' }).end();
    return true;
  });
  await assert.rejects(place.put(file, outgoing(), signal), { code: 'off_site_mismatch' });
  for (const spoil of [
    () => server.bucket('locked').tamper.shorten('sallyport/a', Date.now() + 1000),
    () => server.bucket('locked').tamper.truncate('sallyport/a'),
    () => server.bucket('locked').tamper.swap('sallyport/a', Buffer.alloc(300)),
  ]) {
    server.interfere(({ method }) => {
      if (method === 'HEAD') spoil();
      return false;
    });
    await assert.rejects(place.put(file, outgoing(), signal), { code: 'off_site_mismatch' });
  }
});

test('answers that redirect, never end or never come are given up', async (context) => {
  const server = await startBuckets(context);
  const place = placeAt(context, server);
  server.interfere((_call, response) => {
    response.writeHead(307, { location: `${server.endpoint}/locked/other` }).end();
    return true;
  });
  await assert.rejects(place.find('a', undefined, signal), { code: 'off_site_refused' });
  assert.ok(server.calls.length <= 2, 'nothing is followed');
  server.interfere((_call, response) => {
    response.writeHead(200, { 'content-type': 'application/xml' });
    const flood = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    };
    response.on('drain', flood);
    flood();
    return true;
  });
  await assert.rejects(readAll(names(place.list('', signal))), { code: 'off_site_unavailable' });
  await assert.rejects(readAll(place.read('a', undefined, 200_000, signal)), { code: 'off_site_mismatch' });
  server.interfere(() => true);
  const hasty = placeAt(context, server, { deadline: () => AbortSignal.timeout(100) });
  await assert.rejects(hasty.find('a', undefined, signal), { code: 'off_site_unavailable' });
  server.interfere((_call, response) => {
    response.writeHead(200, { 'content-type': 'application/xml' }).write('<?xml');
    return true;
  });
  await assert.rejects(readAll(names(hasty.list('', signal))), { code: 'off_site_unavailable' });
});

test('a list is given whole over its pages, and one that turns in a circle is given up', async (context) => {
  const server = await startBuckets(context);
  const place = placeAt(context, server);
  for (let count = 0; count < 3; count += 1)
    await place.put(fileOf(`records/${count}`, Buffer.from([count])), outgoing(), signal);
  server.interfere(({ query }) => {
    if (query.has('list-type')) query.set('max-keys', '2');
    return false;
  });
  const listed: string[] = [];
  for await (const { name } of place.list('records/', signal)) listed.push(name);
  assert.deepEqual(listed, ['records/0', 'records/1', 'records/2']);
  server.interfere(({ query }) => {
    query.set('max-keys', '2');
    query.delete('continuation-token');
    return false;
  });
  await assert.rejects(readAll(names(place.list('records/', signal))), { code: 'off_site_mismatch' });
});

async function* names(listed: AsyncIterable<{ readonly name: string }>): AsyncIterable<Uint8Array> {
  for await (const { name } of listed) yield Buffer.from(name);
}
