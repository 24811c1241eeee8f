// The server the other tests believe: that it enforces what S3 enforces, seen through Amazon's own client.
import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { S3Server } from '@sallyport/testing/s3-server';
import { accounts, dayMs, startBuckets } from '../archive-testing.ts';

const Bucket = 'locked';
type AccountName = keyof typeof accounts;

async function place(context: TestContext): Promise<{ server: S3Server; as: (name: AccountName) => S3Client }> {
  const server = await startBuckets(context);
  const clients: S3Client[] = [];
  context.after(() => clients.forEach((client) => client.destroy()));
  const as = (name: AccountName): S3Client => {
    const client = new S3Client({
      endpoint: server.endpoint,
      region: 'eu-central-1',
      forcePathStyle: true,
      maxAttempts: 1,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      credentials: { accessKeyId: name, secretAccessKey: accounts[name].secret },
    });
    clients.push(client);
    return client;
  };
  return { server, as };
}
const until = (days: number): Date => new Date(Date.now() + days * dayMs);
async function put(client: S3Client, Key: string, ObjectLockMode: 'COMPLIANCE' | 'GOVERNANCE'): Promise<string> {
  const Body = Buffer.from(Key);
  const ChecksumSHA256 = hash('sha256', Body, 'base64');
  const command = new PutObjectCommand({
    Bucket,
    Key,
    Body,
    ChecksumSHA256,
    ObjectLockMode,
    ObjectLockRetainUntilDate: until(10),
  });
  return (await client.send(command)).VersionId ?? '';
}

test('a compliance lock holds against everybody until its time; a marker only hides', async (context) => {
  const { as } = await place(context);
  const officer = as('AKIAOFFICER');
  const VersionId = await put(officer, 'a', 'COMPLIANCE');
  const object = { Bucket, Key: 'a', VersionId };
  const deleting = new DeleteObjectCommand({ ...object, BypassGovernanceRetention: true });
  await assert.rejects(officer.send(deleting), { name: 'AccessDenied' });
  for (const Retention of [
    { Mode: 'COMPLIANCE' as const, RetainUntilDate: until(5) },
    { Mode: 'GOVERNANCE' as const, RetainUntilDate: until(20) },
  ])
    await assert.rejects(
      officer.send(new PutObjectRetentionCommand({ ...object, Retention, BypassGovernanceRetention: true })),
      { name: 'AccessDenied' },
    );
  await officer.send(
    new PutObjectRetentionCommand({ ...object, Retention: { Mode: 'COMPLIANCE', RetainUntilDate: until(11) } }),
  );
  await officer.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
  await assert.rejects(officer.send(new GetObjectCommand({ Bucket, Key: 'a' })), { name: 'NoSuchKey' });
  assert.equal(await (await officer.send(new GetObjectCommand(object))).Body?.transformToString(), 'a');
  const listed = await officer.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'a' }));
  assert.deepEqual([listed.Versions?.length, listed.DeleteMarkers?.length], [1, 1]);
  await assert.rejects(
    officer.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } })),
    { name: 'InvalidBucketState' },
  );
});

test('a governance lock yields to who may bypass it and asks to; a legal hold to nobody, whatever the time', async (context) => {
  const { server, as } = await place(context);
  const [archiver, officer] = [as('AKIAARCHIVER'), as('AKIAOFFICER')];
  const object = { Bucket, Key: 'a', VersionId: await put(archiver, 'a', 'GOVERNANCE') };
  const bypassing = { ...object, BypassGovernanceRetention: true };
  await assert.rejects(archiver.send(new DeleteObjectCommand(bypassing)), { name: 'AccessDenied' });
  await assert.rejects(officer.send(new DeleteObjectCommand(object)), { name: 'AccessDenied' });
  await archiver.send(
    new PutObjectLegalHoldCommand({ ...object, LegalHold: { Status: 'ON' }, ChecksumAlgorithm: 'SHA256' }),
  );
  await assert.rejects(officer.send(new DeleteObjectCommand(bypassing)), { name: 'AccessDenied' });
  server.bucket(Bucket).tamper.shorten('a', Date.now() - 1);
  await assert.rejects(officer.send(new DeleteObjectCommand(bypassing)), { name: 'AccessDenied' });
  await archiver.send(
    new PutObjectLegalHoldCommand({ ...object, LegalHold: { Status: 'OFF' }, ChecksumAlgorithm: 'SHA256' }),
  );
  await archiver.send(new DeleteObjectCommand(object));
  assert.equal(server.bucket(Bucket).versions().length, 0);
});

test('sums are compared: of a body, of a stream by its trailer, of parts; and a lock needs a sum and a bucket that locks', async (context) => {
  const { as } = await place(context);
  const client = as('AKIAARCHIVER');
  const Body = randomBytes(100);
  const wrong = hash('sha256', 'other', 'base64');
  await assert.rejects(client.send(new PutObjectCommand({ Bucket, Key: 'a', Body, ChecksumSHA256: wrong })), {
    name: 'BadDigest',
  });
  const lock = { ObjectLockMode: 'GOVERNANCE' as const, ObjectLockRetainUntilDate: until(1) };
  await assert.rejects(
    client.send(
      new PutObjectCommand({
        Bucket: 'plain',
        Key: 'a',
        Body,
        ChecksumSHA256: hash('sha256', Body, 'base64'),
        ...lock,
      }),
    ),
    { name: 'InvalidRequest' },
  );
  const streamed = await client.send(
    new PutObjectCommand({
      Bucket,
      Key: 'streamed',
      Body: Readable.from([Body.subarray(0, 40), Body.subarray(40)]),
      ContentLength: Body.length,
      ChecksumAlgorithm: 'SHA256',
    }),
  );
  assert.ok(streamed.VersionId !== undefined);
  const begun = await client.send(
    new CreateMultipartUploadCommand({ Bucket, Key: 'parts', ChecksumAlgorithm: 'SHA256' }),
  );
  const upload = { Bucket, Key: 'parts', UploadId: begun.UploadId };
  assert.equal((await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads?.length, 1);
  const part = { ...upload, PartNumber: 1, Body, ChecksumSHA256: hash('sha256', Body, 'base64') };
  const { ETag } = await client.send(new UploadPartCommand(part));
  await client.send(new UploadPartCommand({ ...part, PartNumber: 2 }));
  const complete = (sum: string, count: number) =>
    client.send(
      new CompleteMultipartUploadCommand({
        ...upload,
        MultipartUpload: {
          Parts: Array.from({ length: count }, (_, order) => ({ PartNumber: order + 1, ETag, ChecksumSHA256: sum })),
        },
      }),
    );
  await assert.rejects(complete(wrong, 1), { name: 'InvalidPart' });
  await assert.rejects(complete(part.ChecksumSHA256, 2), { name: 'EntityTooSmall' });
  assert.match((await complete(part.ChecksumSHA256, 1)).ChecksumSHA256 ?? '', /-1$/);
});
