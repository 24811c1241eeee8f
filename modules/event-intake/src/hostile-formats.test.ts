import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import { startHouse } from './intake-testing.ts';
import { defaultLimits } from './limits.ts';
import { createBatchBuilder } from './normalise-protocol.ts';
import { readRecord } from './records/read-record.ts';
import { createXmlSplitter } from './split-xml.ts';
import { createZeekSplitter } from './split-zeek.ts';

const plain = { 'content-type': 'text/plain' };

test('what stands between two Windows events is looked at once, whatever it is made of', () => {
  // Tries that doubled with each of these would never come to an end.
  for (const piece of ['\uFEFF', ' ', '\u00A0', '<Events>', '<Events ', '<?xml ?>', '</Events>', '<?xml ']) {
    const before = Buffer.from(`${piece.repeat(5000)}x`);
    const splitter = createXmlSplitter(defaultLimits);
    const events = [...splitter.push(Buffer.concat([before, Buffer.from('<Event>a</Event>')]))];
    assert.ok(events.length > 0, piece);
  }
});

test('heads of Zeek that change with each row take no more memory and time than is there for a body', () => {
  const splitter = createZeekSplitter(defaultLimits);
  const batch = createBatchBuilder(defaultLimits, { format: 'zeek' });
  const head = `#separator \\x09\n#fields\ta\tb\n#types\t${'x'.repeat(60_000)}\n`;
  let heads = 0;
  let largest = 0;
  const take = (): void => {
    const { changes = [] } = batch.take(0);
    const size = changes.reduce((sum, { reading }) => sum + (reading?.head?.length ?? 0), 0);
    heads += size;
    largest = Math.max(largest, size);
  };
  for (const event of splitter.push(Buffer.from(`${head}${'#path\tp\nq\tw\n'.repeat(20_000)}`))) {
    if (!batch.hasRoomFor(event)) take();
    batch.add(event);
  }
  take();
  assert.ok(largest <= 2 * defaultLimits.maxBatchBytes, `${largest} in a batch`);
  assert.ok(heads <= 32 * 1_048_576, `${heads} in a body`);
});

test('a remark within a log of Zeek changes nothing, and rows under a head that is too long are kept as they are', async (t) => {
  const house = await startHouse(t);
  const log = ['#separator \\x09', '#path\tweird', '#fields\tts\tname', '1.5\todd', '#a remark', '2.5\teven'];
  const long = ['#separator \\x09', `#fields\t${'x'.repeat(70_000)}`, '3.5\tsecret'];
  const answer = await house.send([...log, ...long].join('\n'), { query: '?format=zeek', headers: plain });
  assert.deepEqual(answer.body['reasons'], [
    { sequence: 2, code: 'zeek_invalid' },
    { sequence: 3, code: 'zeek_invalid' },
  ]);
});

test('a notification of S3 with anything beside it is read, and ends no thread', () => {
  const context = { receivedAtMs: 0, zoneMinutes: 0, host: undefined, bounds: defaultLimits };
  const s3 = { bucket: { name: 'b' }, object: { key: 'k' } };
  const beside = fc.dictionary(
    fc.constantFrom('Message', 'TopicArn', 'Records', 'detail', 'source', 'Event', 's3Bucket', 's3ObjectKey'),
    fc.oneof(fc.string(), fc.constantFrom('aws.s3', '{', '[]', '{"Records":[1]}', '{"s3Bucket":1}'), fc.json()),
  );
  fc.assert(
    fc.property(beside, fc.boolean(), (more, isRecord) => {
      const record = isRecord ? { eventName: 'ObjectCreated:Put', ...more, s3 } : { detail: s3, ...more };
      assert.equal(typeof readRecord(JSON.stringify(record), 'json', context).ok, 'boolean');
    }),
  );
  const read = readRecord(JSON.stringify({ eventName: 'x', s3, Message: 'no JSON' }), 'json', context);
  assert.ok(read.ok && read.format === 's3-notification');
});

test('an event of the audit log has no more fields than one of JSON may have', async (t) => {
  const house = await startHouse(t);
  const lines = Array.from({ length: 100 }, (_, line) => {
    const fields = Array.from({ length: 200 }, (_field, field) => `f${line}x${field}=1`);
    return `type=A msg=audit(1760220855.003:91): ${fields.join(' ')}`;
  });
  const answer = await house.send(lines.join('\n'), { query: '?format=auditd', headers: plain });
  assert.deepEqual(answer.body['reasons'], [{ sequence: 0, code: 'json_too_many_fields' }]);
  const [event] = house.bodies();
  assert.equal(event?.['raw_data'], lines.join('\n'));
});

test('events that are sent again count once for their source', async (t) => {
  const house = await startHouse(t);
  for (let times = 0; times < 3; times += 1) {
    const answer = await house.send('{"a":1}\n{"b"\n', { query: '?source=web&sequence=0' });
    assert.equal(answer.body['accepted'], 2);
  }
  const { body } = await house.get('/v1/sources/k1/web');
  assert.deepEqual(
    [body['accepted'], body['kept_raw'], body['formats'], body['bytes']],
    [2, { json_invalid: 1 }, { json: 1 }, 39],
  );
  const preview = await house.post('/v1/events/preview', `${'\uFEFF'.repeat(64)}x<Event>`, {
    'content-type': 'text/xml',
  });
  assert.ok(isJsonObject(parseJson(await preview.text())));
});
