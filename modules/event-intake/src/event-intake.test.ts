import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { isJsonObject } from '@sallyport/contracts';
import { collectorKey, startHouse } from './intake-testing.ts';

const lines = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, at) => `{"n":${from + at}}\n`).join('');
const json = { 'content-type': 'application/json' };

test('events are acknowledged with their positions once the ledger holds them', async (t) => {
  const house = await startHouse(t);
  const answer = await house.send(lines(3), { query: '?source=web&sequence=10' });
  assert.equal(answer.status, 200);
  const first = house.ledger.events().length - 3;
  const index = house.ledger.events()[first]?.position.index;
  assert.deepEqual(answer.body, {
    accepted: 3,
    already_known: 0,
    kept_raw: 0,
    idempotent: true,
    runs: [{ sequence: 10, log: 1, index, count: 3 }],
    reasons: [],
  });
  assert.deepEqual(
    house.bodies().map((event) => event['raw_data']),
    ['{"n":0}', '{"n":1}', '{"n":2}'],
  );
});

test('a reply waits for the ledger', async (t) => {
  const house = await startHouse(t);
  await house.send(lines(1), { query: '?source=web&sequence=0' });
  const release = house.ledger.holdAppends();
  let isAnswered = false;
  const answer = house.send(lines(1), { query: '?source=web&sequence=1' }).finally(() => {
    isAnswered = true;
  });
  while (house.ledger.waitingAppends() === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isAnswered, false);
  release();
  assert.equal((await answer).status, 200);
});

test('a resend returns the same positions and records nothing again', async (t) => {
  const house = await startHouse(t);
  const query = '?source=web&sequence=0';
  const first = await house.send(lines(2500), { query });
  const again = await house.send(lines(2500), { query });
  assert.deepEqual(again.body, { ...first.body, already_known: 2500 });
  assert.equal(house.bodies().length, 2500);
});

test('without a sequence the reply says that a resend records again', async (t) => {
  const house = await startHouse(t);
  const first = await house.send(lines(2));
  const second = await house.send(lines(2));
  assert.deepEqual([first.body['idempotent'], second.body['idempotent']], [false, false]);
  assert.equal(house.bodies().length, 4);
});

test('gzip, zstd and plain bodies give the same events', async (t) => {
  const house = await startHouse(t);
  const body = lines(3000);
  const encodings: [string, Uint8Array][] = [
    ['gzip', gzipSync(body)],
    ['zstd', zstdCompressSync(body)],
    ['identity', Buffer.from(body)],
  ];
  for (const [encoding, bytes] of encodings) {
    const answer = await house.send(bytes, {
      query: `?source=${encoding}&sequence=0`,
      headers: { 'content-encoding': encoding },
    });
    assert.deepEqual([answer.status, answer.body['accepted']], [200, 3000]);
  }
  assert.equal(house.bodies().length, 9000);
});

test('a JSON body may be one object, several, an array, or CloudTrail records', async (t) => {
  const house = await startHouse(t);
  const record =
    '{"eventVersion":"1.08","eventSource":"s3.amazonaws.com","eventName":"GetObject","userIdentity":{"type":"Root","note":"]}{["}}';
  const bodies: [string, number][] = [
    ['{"a":1}', 1],
    ['{\n  "a": {"b": [1, 2]}\n}\n{\n  "a": "}"\n}', 2],
    ['[{"a":1}, {"a":2},\n{"a":"\\"]"}]', 3],
    [` {"Records" : [${record},${record}] }\n{"a":1}`, 3],
    ['[]', 0],
    ['', 0],
  ];
  for (const [body, count] of bodies) {
    const answer = await house.send(Readable.from(Array.from(body, (character) => Buffer.from(character))), {
      headers: json,
    });
    assert.deepEqual([answer.status, answer.body['accepted'], answer.body['kept_raw']], [200, count, 0], body);
  }
  assert.deepEqual(
    house.bodies().map((event) => event['class_uid']),
    [0, 0, 0, 0, 0, 0, 6003, 6003, 0],
  );
  assert.equal(house.bodies()[6]?.['raw_data'], record);
});

test('what stands beside CloudTrail records is kept, and a byte order mark is no event', async (t) => {
  const house = await startHouse(t);
  const bodies: [string, unknown[]][] = [
    ['{"Records":[{"a":1}], "more": {"x":["]"]}}{"b":1}', ['{"a":1}', ', "more": {"x":["]"]}', '{"b":1}']],
    ['{"Records":[{"a":1}]\n{"b":2}\n{"c":3}', ['{"a":1}', '\n{"b":2}\n{"c":3}']],
    ['\uFEFF[{"a":1},{"a":2}]', ['{"a":1}', '{"a":2}']],
    ['\uFEFF{\n"a":1\n}', ['{\n"a":1\n}']],
  ];
  for (const [body, kept] of bodies) {
    const before = house.bodies().length;
    for (const sent of [body, Readable.from(Array.from(Buffer.from(body), (byte) => Buffer.of(byte)))]) {
      const answer = await house.send(sent, { headers: json });
      assert.deepEqual([answer.status, answer.body['accepted']], [200, kept.length], body);
    }
    const texts = house.bodies().slice(before);
    assert.deepEqual(
      texts.map((event) => event['raw_data']),
      [...kept, ...kept],
    );
  }
});

test('another event under the numbers of an earlier one is refused, not swallowed', async (t) => {
  const house = await startHouse(t);
  const query = '?source=web&sequence=0';
  await house.send(lines(1500), { query });
  const restarted = await house.send(lines(3, 7000), { query });
  assert.deepEqual([restarted.status, restarted.body['code']], [409, 'sequence_conflict']);
  const { details } = restarted.body;
  assert.deepEqual(details, {
    conflict_sequence: 0,
    conflict_position: '1/2',
    next_sequence: 0,
    accepted: 0,
  });
  const oneOff = await house.send(`${lines(1499)}{"n":"other"}\n`, { query });
  assert.deepEqual([oneOff.status, oneOff.body['code']], [409, 'sequence_conflict']);
  house.ledger.erase({ log: 1, index: 2 });
  assert.equal((await house.send(lines(1500), { query })).body['already_known'], 1500);
});

test('of two different bodies sent at once under the same numbers one is acknowledged', async (t) => {
  const house = await startHouse(t);
  await house.send('', { query: '?source=web' });
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, at) => house.send(lines(5, at * 100), { query: '?source=web&sequence=0' })),
  );
  const outcomes = answers.map(({ status }) => status).toSorted((a, b) => a - b);
  assert.deepEqual(outcomes, [200, 409, 409, 409, 409, 409, 409, 409]);
  assert.equal(house.bodies().length, 5);
});

test('sources register themselves once, with an audit event, and count', async (t) => {
  const house = await startHouse(t);
  await Promise.all([
    house.send(lines(2), { query: '?source=web' }),
    house.send('nonsense\n', { query: '?source=web' }),
  ]);
  await house.send(lines(1), { query: '?source=dns' });
  const { body } = await house.get('/v1/sources');
  const sources = Array.isArray(body['sources']) ? body['sources'] : [];
  const shown = sources.map((source) => (isJsonObject(source) ? source : {}));
  const told = shown.map(({ name, accepted, bytes, kept_raw: keptRaw, formats, last_seen_ms: lastSeenMs }) => [
    name,
    accepted,
    bytes,
    keptRaw,
    formats,
    lastSeenMs,
  ]);
  assert.deepEqual(told, [
    ['dns', 1, 8, {}, { json: 1 }, 1_760_000_000_000],
    ['web', 3, 25, { json_invalid: 1 }, { json: 2 }, 1_760_000_000_000],
  ]);
  const audits = house.ledger.events().filter(({ position }) => house.ledger.collectorAt(position) === 'audit');
  assert.equal(audits.length, 2);
});

test('a key has a bounded number of sources, and one bound to a source sends as no other', async (t) => {
  const house = await startHouse(t, { limits: { maxSourcesPerKey: 2 } });
  await house.send(lines(1), { query: '?source=a' });
  await house.send(lines(1), { query: '?source=b' });
  const third = await house.send(lines(1), { query: '?source=c' });
  assert.deepEqual([third.status, third.body['code']], [409, 'too_many_sources']);
  const bad = await house.send(lines(1), { query: '?source=..%2Fetc' });
  assert.deepEqual([bad.status, bad.body['code']], [400, 'source_invalid']);

  const bound = await startHouse(t, { principal: { ...collectorKey, source: 'fw' } });
  const other = await bound.send(lines(1), { query: '?source=web' });
  assert.deepEqual([other.status, other.body['code']], [403, 'source_not_allowed']);
  assert.equal((await bound.send(lines(1))).status, 200);
});

test('a refusal in the middle tells from where to resend, and the resend completes without doubles', async (t) => {
  const house = await startHouse(t);
  const query = '?source=web&sequence=100';
  await house.send('', { query });
  const release = house.ledger.holdAppends();
  const sent = house.send(lines(3500), { query });
  while (house.ledger.waitingAppends() === 0) await new Promise((resolve) => setImmediate(resolve));
  house.ledger.refuseAppends('unavailable', { recorded: true });
  release();
  const refused = await sent;
  assert.deepEqual(
    [refused.status, refused.body['code'], refused.body['details']],
    [503, 'unavailable', { next_sequence: 100, accepted: 0 }],
  );
  assert.equal(refused.headers['retry-after'], '2');
  assert.equal((await house.send(lines(3500), { query })).body['accepted'], 3500);
  assert.equal(house.bodies().length, 3500);
});

test('a full disk is told as such', async (t) => {
  const house = await startHouse(t);
  await house.send('', { query: '?source=web' });
  house.ledger.refuseAppends('disk_low');
  const answer = await house.send(lines(1), { query: '?source=web&sequence=0' });
  assert.deepEqual([answer.status, answer.body['code']], [507, 'disk_low']);
});
