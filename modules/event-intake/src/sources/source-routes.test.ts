import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { test } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { collectorKey, startHouse } from '../intake-testing.ts';
import type { IntakeHouse } from '../intake-testing.ts';

const text = { 'content-type': 'text/plain' };

async function source(house: IntakeHouse, name: string): Promise<JsonObject> {
  return (await house.get(`/v1/sources/k1/${name}`)).body;
}

test('what a source sends is told by format, lag and minute', async (t) => {
  const house = await startHouse(t);
  // The clock of the house stands at 2025-10-09T08:53:20Z.
  const lines = [
    '<86>Oct  9 08:52:20 web1 sshd[11]: Failed password for bob from 192.0.2.3 port 22 ssh2',
    'CEF:0|V|P|1|100|worm|10|src=192.0.2.9',
    '{"eventTime":"2025-10-09T08:52:20Z","message":"hello"}',
    'no format at all',
  ];
  await house.send(`${lines.join('\n')}\n`, { query: '?source=web&format=auto', headers: text });
  await house.send('{"broken"\n', { query: '?source=web' });
  const { formats, kept_raw: keptRaw, lag_ms: lag, minutes, per_second: perSecond, state } = await source(house, 'web');
  assert.deepEqual(formats, { 'linux-auth': 1, cef: 1, json: 1, text: 1 });
  assert.deepEqual(keptRaw, { json_invalid: 1 });
  assert.ok(isJsonObject(lag));
  assert.ok(Math.abs(Number(lag['p50']) - 60_000) < 6000, JSON.stringify(lag));
  assert.deepEqual([state, perSecond], ['heard', Math.round((5 / 60) * 100) / 100]);
  assert.ok(Array.isArray(minutes) && minutes.length === 60);
  const last = minutes.at(-1);
  assert.ok(isJsonObject(last));
  assert.deepEqual([last['accepted'], last['kept_raw'], last['refused']], [5, 1, 0]);
  assert.equal((await house.get('/v1/sources/k1/none')).status, 404);
});

test('every refusal of somebody who may send is counted by its code, whoever refused it, with the last words', async (t) => {
  const house = await startHouse(t, { limits: { maxSourcesPerKey: 3 } });
  await house.send('x', { query: '?source=web&zone=bad' });
  await house.send('x', { query: '?source=web', headers: { 'content-encoding': 'br' } });
  const cut = gzipSync('{"a":1}\n').subarray(0, 12);
  await house.send(cut, { query: '?source=web', headers: { 'content-encoding': 'gzip' } });
  await house.post('/v1/logs', '{"resourceLogs":1', { 'content-type': 'application/json' });
  const { refused, last_refusal: last, accepted } = await source(house, 'web');
  assert.ok(isJsonObject(refused) && isJsonObject(last));
  assert.deepEqual([accepted, last['code']], [0, 'body_corrupt']);
  assert.equal(
    Object.values(refused).reduce<number>((sum, count) => sum + Number(count), 0),
    3,
  );
  assert.equal(refused['content_encoding_unsupported'], 1);
  assert.deepEqual((await source(house, 'otlp'))['refused'], { body_corrupt: 1 });
  // Names that are refused, and those beyond what a key may have, are no sources.
  await house.send('x', { query: '?source=..%2Fetc' });
  for (const name of ['c', 'd', 'e']) await house.send('x', { query: `?source=${name}&format=nonsense` });
  const { body } = await house.get('/v1/sources');
  assert.ok(Array.isArray(body['sources']) && body['sources'].length === 3);
  assert.equal(
    house.intake.totals.totals.refused.values().reduce((sum, count) => sum + count, 0),
    8,
  );
});

test('who sends as somebody else is counted as who they are', async (t) => {
  const house = await startHouse(t, { principal: { ...collectorKey, source: 'fw' } });
  assert.equal((await house.send('{}\n', { query: '?source=web' })).body['code'], 'source_not_allowed');
  assert.deepEqual((await source(house, 'fw'))['refused'], { source_not_allowed: 1 });
});

test('no name that a database cannot hold is looked for, and no label moves a cursor or forges a line', async (t) => {
  const house = await startHouse(t);
  await house.send('{}\n', { query: '?source=web' });
  // What a schema refuses is 500 here and 400 at the edge.
  for (const path of ['/%00/x', '/k1/a%00b', '?after=%00/x', '?after=k1/%0a'])
    assert.equal((await house.get(`/v1/sources${path}`)).status, 500, path);
  const put = async (label: string): Promise<[number, unknown]> => {
    const { port } = house;
    const answer = await fetch(`http://127.0.0.1:${port}/v1/sources/k1/web`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ label }),
    });
    return [answer.status, (await source(house, 'web'))['label']];
  };
  for (const label of ['a\n', '\u001b[31mred', '\u009b31m', '\0', 'a\u2028b'])
    assert.deepEqual(await put(label), [500, undefined]);
  assert.deepEqual(await put('Tür 7 \ud83d'), [200, 'Tür 7 \ufffd']);
});

test('a request over the limit is refused before any of it is taken', async (t) => {
  const house = await startHouse(t);
  const lines = '{"a":1}\n'.repeat(50);
  await house.send(lines, { query: '?source=web' });
  const { sources } = house.intake;
  await sources.change({ keyId: 'k1', name: 'web', by: collectorKey, eventsPerSecond: 1 });
  assert.equal((await house.send(lines, { query: '?source=web' })).status, 200);
  const before = house.bodies().length;
  const refused = await house.send(lines, { query: '?source=web&sequence=0' });
  assert.deepEqual([refused.status, refused.body['code']], [429, 'source_rate_exceeded']);
  const details = refused.body['details'];
  assert.ok(isJsonObject(details) && Number(details['retryAfterSeconds']) > 30);
  assert.equal(house.bodies().length, before);
  const hec = await house.post('/services/collector/event', '{"event":"x"}');
  assert.equal(hec.status, 200, 'another source of the key goes on');
});

test('the site of a source stands in each of its events from then on, and no sender can say it', async (t) => {
  const house = await startHouse(t);
  const claim = '{"class_uid":3002,"category_uid":3,"metadata":{"version":"1.8.0","reporter":{"site":"Claimed"}}}';
  await house.send(`${claim}\n`, { query: '?source=web' });
  const change = (site: string | null) =>
    fetch(`http://127.0.0.1:${house.port}/v1/sources/k1/web`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ site }),
    });
  assert.equal((await change('two\nlines')).ok, false);
  assert.equal((await change(' Plant <b> ')).status, 200);
  assert.equal((await source(house, 'web'))['site'], 'Plant <b>');
  await house.send(`${claim}\n{broken\n`, { query: '?source=web' });
  await house.send(`${claim}\n`, { query: '?source=other' });
  assert.equal((await change(null)).status, 200);
  assert.equal((await source(house, 'web'))['site'], undefined);
  await house.send(`${claim}\n`, { query: '?source=web' });
  const reporters = house.bodies().map(({ metadata }) => (isJsonObject(metadata) ? metadata['reporter'] : undefined));
  assert.deepEqual(reporters, [
    { uid: 'k1', name: 'web' },
    { uid: 'k1', name: 'web', site: 'Plant <b>' },
    { uid: 'k1', name: 'web', site: 'Plant <b>' },
    { uid: 'k1', name: 'other' },
    { uid: 'k1', name: 'web' },
  ]);
});
