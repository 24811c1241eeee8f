import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { collectorKey, startHouse } from './intake-testing.ts';

const query = '?source=web&sequence=0';

function reasonsOf(body: { readonly [name: string]: unknown }): unknown {
  return body['reasons'];
}

test('events that cannot be read are kept raw with their reason, and harm none beside them', async (t) => {
  const house = await startHouse(t);
  const deep = `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`;
  const wide = `{${Array.from({ length: 10_001 }, (_, at) => `"f${at}":1`).join(',')}}`;
  const sent = ['{"ok":1}', '{"cut":', deep, '[1]', '42', wide, '\u0000', '{"ok":2}'];
  const body = Buffer.concat([
    Buffer.from(`${sent.join('\r\n')}\n\n  \n`),
    Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]),
  ]);
  const answer = await house.send(body, { query });
  assert.equal(answer.status, 200);
  assert.deepEqual(reasonsOf(answer.body), [
    { sequence: 1, code: 'json_invalid' },
    { sequence: 2, code: 'json_too_deep' },
    { sequence: 3, code: 'not_an_object' },
    { sequence: 4, code: 'not_an_object' },
    { sequence: 5, code: 'json_too_many_fields' },
    { sequence: 6, code: 'json_invalid' },
    { sequence: 8, code: 'utf8_invalid' },
  ]);
  const kept = house.bodies();
  assert.deepEqual(
    kept.slice(0, 8).map((event) => event['raw_data']),
    sent,
  );
  assert.equal(kept[8]?.['raw_data'], Buffer.from([0x7b, 0xff, 0xfe, 0x7d]).toString('base64'));
  assert.equal(kept[8]['status_detail'], 'utf8_invalid');
});

test('a million brackets are measured, not parsed', async (t) => {
  const house = await startHouse(t);
  const answer = await house.send(`${'['.repeat(1_000_000)}\n${'{"a":'.repeat(200_000)}\n`, { query });
  assert.deepEqual([answer.status, answer.body['kept_raw']], [200, 2]);
});

test('a __proto__ key stays a key', async (t) => {
  const house = await startHouse(t);
  const text = '{"__proto__":{"class_uid":2004},"EventID":1,"Channel":"Security","constructor":{"prototype":{"x":1}}}';
  const answer = await house.send(text, { query });
  assert.deepEqual([answer.body['accepted'], answer.body['kept_raw']], [1, 0]);
  assert.deepEqual([house.bodies()[0]?.['raw_data'], house.bodies()[0]?.['class_uid']], [text, 0]);
  assert.equal('class_uid' in {}, false);
});

test('a line of 100 MB is kept as its beginning, length and hash, in bounded memory', async (t) => {
  const house = await startHouse(t, { limits: { maxCompressedBytes: 200_000_000 } });
  const chunk = Buffer.alloc(1_000_000, 'é');
  const hash = createHash('sha256').update('{"a":"');
  for (let times = 0; times < 100; times += 1) hash.update(chunk);
  let highest = 0;
  let before = process.memoryUsage().arrayBuffers;
  const pieces = function* pieces(): Generator<Buffer> {
    yield Buffer.from('{"first":1}\n{"a":"');
    for (let times = 0; times < 100; times += 1) {
      highest = Math.max(highest, process.memoryUsage().arrayBuffers - before);
      yield chunk;
    }
    yield Buffer.from('\n{"last":1}\n');
  };
  const answer = await house.send(Readable.from(pieces()), { query });
  assert.deepEqual([answer.status, answer.body['accepted'], answer.body['kept_raw']], [200, 3, 1]);
  // Once more without HTTP in between, where the buffers of client and socket do not blur the measure.
  highest = 0;
  before = process.memoryUsage().arrayBuffers;
  const { signal } = new AbortController();
  const headers = { contentType: 'application/x-ndjson', contentEncoding: undefined, contentLength: undefined };
  await house.intake.accept({
    principal: collectorKey,
    ...headers,
    sequence: 0,
    source: 'web',
    body: Readable.from(pieces()),
    signal,
  });
  assert.ok(highest < 16 * 1024 * 1024, `${highest} bytes at the highest`);
  const kept = house.bodies()[1];
  assert.ok(kept !== undefined && typeof kept['raw_data'] === 'string');
  assert.ok(kept['raw_data'].startsWith('{"a":"éé') && kept['raw_data'].length < 65_536);
  assert.deepEqual(kept['raw_data_hash'], { algorithm_id: 3, value: hash.digest('hex') });
  assert.equal(kept['raw_data_size'], 100_000_006);
});

test('an event that grows beyond what the ledger takes is kept cut', async (t) => {
  const house = await startHouse(t);
  const line = '\u0001'.repeat(1_000_000);
  const answer = await house.send(`${line}\n`, { query });
  assert.deepEqual(reasonsOf(answer.body), [{ sequence: 0, code: 'event_too_large' }]);
  assert.equal(house.bodies()[0]?.['raw_data_size'], 1_000_000);
});

test('a body that expands without end is refused, whatever it is compressed with', async (t) => {
  const house = await startHouse(t);
  const zeros = Buffer.alloc(64 * 1024 * 1024, 0x20);
  for (const [encoding, bytes] of [
    ['gzip', gzipSync(zeros)],
    ['zstd', zstdCompressSync(zeros)],
  ] as const) {
    const answer = await house.send(bytes, { query, headers: { 'content-encoding': encoding } });
    assert.deepEqual([answer.status, answer.body['code']], [413, 'body_expands_too_much'], encoding);
  }
});

test('a body over the limits is refused and told from where to go on', async (t) => {
  const house = await startHouse(t, {
    limits: { maxCompressedBytes: 100_000, maxDecompressedBytes: 200_000, maxEvents: 1500 },
  });
  const padded = (count: number): string => `{"pad":"${'x'.repeat(50)}"}\n`.repeat(count);
  const declared = await house.send(padded(2000), { query });
  assert.deepEqual([declared.status, declared.body['code']], [413, 'events_too_large']);
  const chunked = await house.send(Readable.from([Buffer.from(padded(1000)), Buffer.from(padded(1000))]), { query });
  assert.deepEqual([chunked.status, chunked.body['code']], [413, 'events_too_large']);
  const expanded = await house.send(gzipSync(padded(5000)), { query, headers: { 'content-encoding': 'gzip' } });
  assert.equal(expanded.status, 413);
  const many = await house.send('{}\n'.repeat(1600), { query: '?source=many&sequence=7' });
  assert.deepEqual(
    [many.status, many.body['code'], many.body['details']],
    [413, 'too_many_events', { next_sequence: 1507, accepted: 1500 }],
  );
});

test('truncated and corrupt compression is refused after what could be read was kept', async (t) => {
  const house = await startHouse(t);
  const body = Array.from(
    { length: 20_000 },
    (_, at) => `{"n":${at},"r":"${createHash('md5').update(String(at)).digest('hex')}"}\n`,
  ).join('');
  for (const [encoding, bytes] of [
    ['gzip', gzipSync(body)],
    ['zstd', zstdCompressSync(body)],
  ] as const) {
    const target = `?source=${encoding}&sequence=0`;
    const headers = { 'content-encoding': encoding };
    const cut = await house.send(bytes.subarray(0, Math.floor(bytes.length / 2)), { query: target, headers });
    assert.deepEqual([cut.status, cut.body['code']], [400, 'body_corrupt'], encoding);
    const noise = await house.send('this is no archive', { query: target, headers });
    assert.deepEqual([noise.status, noise.body['code']], [400, 'body_corrupt'], encoding);
    const whole = await house.send(bytes, { query: target, headers });
    assert.deepEqual([whole.status, whole.body['accepted']], [200, 20_000]);
  }
  assert.equal(house.bodies().length, 40_000);
});

test('unsupported types and encodings are refused with a code', async (t) => {
  const house = await startHouse(t);
  const type = await house.send('<x/>', { query, headers: { 'content-type': 'text/html' } });
  assert.deepEqual([type.status, type.body['code']], [415, 'content_type_unsupported']);
  const declared = await house.send('{}', { query: `${query}&format=syslog` });
  assert.deepEqual([declared.status, declared.body['code']], [415, 'content_type_unsupported']);
  const encoding = await house.send('{}', { query, headers: { 'content-encoding': 'br' } });
  assert.deepEqual([encoding.status, encoding.body['code']], [415, 'content_encoding_unsupported']);
  const high = await house.send('{}', { query: `?sequence=${Number.MAX_SAFE_INTEGER}` });
  assert.deepEqual([high.status, high.body['code']], [400, 'sequence_exhausted']);
});

test('a body that drips is given up, and what came before is kept', async (t) => {
  const house = await startHouse(t, { limits: { bodyGraceMs: 1000, minBytesPerSecond: 1_000_000 } });
  const { request, answer } = house.open();
  request.write('{"n":1}\n{"n":2}\n{"n"');
  const { status, body } = await answer;
  assert.deepEqual([status, body['code'], body['details']], [408, 'body_too_slow', { next_sequence: 2, accepted: 2 }]);
  request.destroy();
});

test('a client that goes away leaves nothing behind', async (t) => {
  const house = await startHouse(t, { limits: { maxBytesInFlight: 300 * 1024 } });
  const { request, answer } = house.open();
  request.write('{"n":1}\n');
  while ((await house.send('{}', { query })).status !== 503) await new Promise((resolve) => setImmediate(resolve));
  request.destroy();
  await assert.rejects(answer);
  while ((await house.send('{}', { query })).status !== 200) await new Promise((resolve) => setImmediate(resolve));
});

test('over the memory all requests may hold, new ones are told to come again', async (t) => {
  const house = await startHouse(t, { limits: { maxBytesInFlight: 300 * 1024 } });
  const { request, answer } = house.open();
  request.write('{"n":1}\n');
  let busy = await house.send('{}', { query });
  while (busy.status === 200) busy = await house.send('{}', { query });
  assert.deepEqual([busy.status, busy.body['code'], busy.headers['retry-after']], [503, 'overloaded', '2']);
  request.end();
  assert.equal((await answer).status, 200);
});

test('an event that hangs or kills the thread is kept raw, and its neighbours are normalised', async (t) => {
  const house = await startHouse(t, {
    limits: { normaliseTimeLimitMs: 1500 },
    createWorker: () => new Worker(new URL('hostile-worker-testing.ts', import.meta.url)),
  });
  const event = (order: number, more = ''): string => `{"EventID":5,"Channel":"Security","n":${order}${more}}`;
  for (const told of ['spin', 'exit', 'throw']) {
    const sent = [0, 1, 2, 3, 4].map((order) => event(order, order === 2 ? `,"do":"${told}"` : ''));
    const before = house.bodies().length;
    const [bad, good] = await Promise.all([
      house.send(sent.join('\n'), { query: `?source=${told}&sequence=5` }),
      house.send('{"n":1}\n', { query: `?source=good-${told}&sequence=0` }),
    ]);
    assert.deepEqual([bad.status, bad.body['accepted'], good.status], [200, 5, 200], told);
    assert.deepEqual(reasonsOf(bad.body), [{ sequence: 7, code: 'normalise_failed' }]);
    const kept = house.bodies().slice(before);
    for (const text of sent) assert.equal(kept.filter((body) => body['raw_data'] === text).length, 1);
  }
});

test('a batch full of events that kill the thread is kept raw after a bounded number of threads', async (t) => {
  let started = 0;
  const house = await startHouse(t, {
    limits: { normaliseTimeLimitMs: 1500 },
    createWorker: () => {
      started += 1;
      return new Worker(new URL('hostile-worker-testing.ts', import.meta.url));
    },
  });
  const { status, body } = await house.send('{"do":"exit"}\n'.repeat(900), { query });
  assert.deepEqual([status, body['kept_raw']], [200, 900]);
  assert.ok(started <= 7, `${started} threads`);
});

test('a client that sends on after a refusal still gets the reply, on a connection that stays usable', async (t) => {
  const house = await startHouse(t, { limits: { maxEvents: 10 } });
  for (const encoding of ['gzip', 'zstd', 'identity']) {
    const plain = Buffer.concat([Buffer.from('{}\n'.repeat(20)), randomBytes(2_000_000)]);
    const bytes = encoding === 'gzip' ? gzipSync(plain) : encoding === 'zstd' ? zstdCompressSync(plain) : plain;
    const pieces = [bytes.subarray(0, 100_000), bytes.subarray(100_000)];
    const answer = await house.send(Readable.from(pieces), {
      query,
      headers: { 'content-encoding': encoding, connection: 'keep-alive' },
    });
    assert.deepEqual([answer.status, answer.body['code']], [413, 'too_many_events'], encoding);
    assert.notEqual(answer.headers.connection, 'close', encoding);
  }
});

test('one key cannot take the memory of the others', async (t) => {
  const limits = { maxBytesInFlight: 1024 * 1024, maxBytesInFlightPerKey: 512 * 1024 };
  const house = await startHouse(t, { limits });
  const opened = [house.open(), house.open()];
  for (const { request } of opened) request.write('{"n":1}\n');
  let busy = await house.send('{}', { query });
  while (busy.status === 200) busy = await house.send('{}', { query });
  assert.deepEqual([busy.status, busy.body['code'], busy.headers['retry-after']], [503, 'overloaded', '2']);
  const { signal } = new AbortController();
  const other = await house.intake.accept({
    principal: { ...collectorKey, id: 'k2' },
    contentType: 'application/x-ndjson',
    contentEncoding: undefined,
    contentLength: undefined,
    body: Readable.from([Buffer.from('{"n":2}\n')]),
    signal,
  });
  assert.equal(other.accepted, 1);
  for (const { request, answer } of opened) {
    request.end();
    assert.equal((await answer).status, 200);
  }
  assert.equal((await house.send('{}', { query: '?source=after' })).status, 200);
});

test('the beginning of a long event and the window of a decompressor count as memory', async (t) => {
  const house = await startHouse(t, { limits: { maxBytesInFlight: 1024 * 1024 } });
  const { request, answer } = house.open();
  request.write(`{"a":"${'x'.repeat(900_000)}`);
  assert.deepEqual([(await answer).status, (await answer).body['code']], [503, 'overloaded']);
  request.destroy();
  const wide = zstdCompressSync(randomBytes(1_500_000));
  const zipped = await house.send(wide, { query, headers: { 'content-encoding': 'zstd' } });
  assert.deepEqual([zipped.status, zipped.body['code']], [503, 'overloaded']);
});

test('an event that is too large only once it is mapped is kept whole', async (t) => {
  const house = await startHouse(t);
  const event = {
    class_uid: 0,
    category_uid: 0,
    type_uid: 0,
    activity_id: 0,
    severity_id: 1,
    time: 1,
    metadata: { version: '1.8.0', product: { name: 'x' } },
    message: '"'.repeat(355_000),
  };
  const text = JSON.stringify(event);
  const answer = await house.send(text, { query });
  assert.deepEqual(reasonsOf(answer.body), [{ sequence: 0, code: 'event_too_large' }]);
  assert.equal(house.bodies()[0]?.['raw_data'], text);
});

test('closing refuses what waits', async (t) => {
  const house = await startHouse(t);
  const { request, answer } = house.open();
  request.write('{"n":1}\n');
  await once(request, 'socket');
  await house.intake.close();
  request.end();
  const { status, body } = await answer;
  assert.deepEqual([status, body['code']], [503, 'intake_closed']);
});
