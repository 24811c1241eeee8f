import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCloudTrail, parseS3Notification } from './index.ts';

const recorded = join(import.meta.dirname, '../../../../../shared/data/cloudtrail/CloudTrail');

test(
  'every record of real files is there',
  { skip: existsSync(recorded) ? false : 'the shared data folder is missing' },
  () => {
    let count = 0;
    for (const file of readdirSync(recorded)) {
      const text = readFileSync(join(recorded, file), 'utf8');
      const parsed = parseCloudTrail(text);
      assert(parsed.ok, file);
      const plain: { Records: unknown[] } = JSON.parse(text);
      assert.equal(parsed.value.length, plain.Records.length);
      assert(parsed.value.every((record) => record.unixMs !== undefined && record.eventId !== undefined));
      count += parsed.value.length;
    }
    assert(count > 0);
  },
);

test('files that hold something else are refused', () => {
  const code = (text: string): string => {
    const parsed = parseCloudTrail(text, { maxCharacters: 1000, maxRecords: 1 });
    return parsed.ok ? 'ok' : parsed.code;
  };
  assert.equal(code('{"Records":[{"eventSource":"a","eventName":"b"}]}'), 'ok');
  assert.equal(code('{"Records":[{},{}]}'), 'cloudtrail_too_many');
  assert.equal(code('{"Records":[{"eventSource":"aws:s3","eventName":"b","s3":{}}]}'), 'cloudtrail_record');
  assert.equal(code('{}'), 'cloudtrail_not_records');
  assert.equal(code('x'), 'cloudtrail_json');
  fc.assert(fc.property(fc.json(), (text) => ['ok', 'cloudtrail_json', 'cloudtrail_not_records'].includes(code(text))));
});

test('notifications of S3, through SNS and EventBridge, name objects', () => {
  const direct =
    '{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":"AWSLogs/a+b%C3%BC.json.gz","size":12}}}]}';
  const wanted = [{ bucket: 'logs', key: 'AWSLogs/a bü.json.gz', sizeBytes: 12, eventName: 'ObjectCreated:Put' }];
  assert.deepEqual(parseS3Notification(direct), { ok: true, value: wanted });
  assert.deepEqual(parseS3Notification(JSON.stringify({ Type: 'Notification', Message: direct })), {
    ok: true,
    value: wanted,
  });
  const bridge = parseS3Notification(
    '{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{"key":"a+b"}}}',
  );
  assert.deepEqual(bridge.ok ? bridge.value[0]?.key : bridge.code, 'a+b');
  const trail = parseS3Notification('{"s3Bucket":"b","s3ObjectKey":["k1","k2"]}');
  assert.deepEqual(trail.ok ? trail.value.map((item) => item.key) : trail.code, ['k1', 'k2']);
  assert.deepEqual(parseS3Notification('{"Service":"Amazon S3","Event":"s3:TestEvent"}'), { ok: true, value: [] });
});

test('a notification inside a notification inside a notification, and other text, is refused', () => {
  const deep = JSON.stringify({ Message: JSON.stringify({ Message: '{"Event":"s3:TestEvent"}' }) });
  assert.equal(parseS3Notification(deep).ok, false);
  fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (text) => typeof parseS3Notification(text).ok === 'boolean'));
});
