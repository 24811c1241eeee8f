import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startS3Server } from '@sallyport/testing/s3-server';
import type { S3Server } from '@sallyport/testing/s3-server';
import { run } from '../testing/run-cli.ts';

const made = mkdtempSync(join(tmpdir(), 'sallyport-fetch-cli-'));
const credentials = join(made, 'access-key.json');
const blocks = 'ledger/logs/1/blocks/0000000000000000-0000000000000000-0000000000000021-0000000900.blocks';
const files = new Map([
  ['ledger/instance', Buffer.from('an installation')],
  [blocks, Buffer.alloc(900, 'b')],
]);
let server: S3Server;

before(async () => {
  server = await startS3Server({
    region: 'eu-central-1',
    accounts: {
      AKIAREADER: { secret: 'reads' },
      AKIANOBODY: { secret: 'nothing', denied: ['ListBucketVersions', 'ListBucket'] },
    },
    buckets: { 'acme-ledger': { hasLock: true } },
    tls: true,
  });
  writeFileSync(join(made, 'ca.pem'), server.certificatePem ?? '');
  writeFileSync(credentials, '{"id": "AKIAREADER", "secret": "reads"}');
  for (const [name, bytes] of files)
    server
      .bucket('acme-ledger')
      .put(
        `sallyport/${name}`,
        { bytes, sha256: hash('sha256', bytes, 'base64') },
        { metadata: {}, storageClass: 'STANDARD' },
      );
});
after(async () => {
  await server.close();
  rmSync(made, { recursive: true });
});

function fetch(to: string, given: { from?: string; as?: string; more?: readonly string[] } = {}) {
  const { from = 's3://acme-ledger/sallyport', as = credentials, more = [] } = given;
  const there = ['--endpoint', server.endpoint, '--ca', join(made, 'ca.pem'), '--credentials', as];
  return run([
    'archive',
    'fetch',
    '--from',
    from,
    '--to',
    join(made, to),
    '--region',
    'eu-central-1',
    ...there,
    ...more,
  ]);
}

test('an archive is brought from a bucket, said in words and as JSON, and the second time nothing is fetched', async () => {
  const first = await fetch('copy');
  assert.equal(first.exitCode, 0, first.stderr);
  assert.equal(first.stdout, '✔ s3://acme-ledger/sallyport/: 2 files, 915 bytes\n');
  assert.match(first.stderr, /^next: sallyport archive verify --directory /m);
  for (const [name, bytes] of files) assert.deepEqual(readFileSync(join(made, 'copy', name)), bytes);
  server.calls.length = 0;
  const second = await fetch('copy', { more: ['--json'] });
  const told: unknown = JSON.parse(second.stdout);
  assert.deepEqual(told, {
    place: 's3://acme-ledger/sallyport/',
    files: 2,
    bytes: 915,
    present: 2,
    hidden: 0,
    gone: [],
    foreign: 0,
    unsummed: 0,
    whole: true,
    troubled: [],
  });
  assert.deepEqual(
    server.calls.filter((call) => call.startsWith('GET ') && call.includes('.blocks')),
    [],
  );
});

test('what went wrong has a code, a reason and what to do: damage, bucket, key, right, address, disk', async () => {
  const ended = async (asked: ReturnType<typeof fetch>) => {
    const { exitCode, stderr } = await asked;
    return [exitCode, stderr.trim()] as const;
  };
  const matches = ([exitCode, stderr]: readonly [number, string], code: number, words: RegExp): void => {
    assert.match(stderr, words);
    assert.equal(exitCode, code, stderr);
  };
  matches(await ended(fetch('a', { from: 's3://acme/sallyport' })), 1, /There is no bucket "acme"/);
  matches(await ended(fetch('a', { from: 'acme-ledger' })), 2, /is not like s3:\/\/bucket\/prefix/);
  matches(await ended(fetch('a', { from: 's3://acme-ledger/else' })), 1, /no blocks of a ledger/);
  const nobody = join(made, 'nobody.json');
  writeFileSync(nobody, '{"id": "AKIANOBODY", "secret": "nothing"}');
  matches(await ended(fetch('a', { as: nobody })), 4, /AccessDenied[^]*it takes s3:ListBucketVersions/);
  writeFileSync(nobody, '{"id": "AKIAREADER", "secret": "a guess"}');
  matches(await ended(fetch('a', { as: nobody })), 4, /SignatureDoesNotMatch/);
  writeFileSync(nobody, '[]');
  matches(await ended(fetch('a', { as: nobody })), 1, /it is not like \{"id"/);
  writeFileSync(join(made, 'file'), '');
  matches(await ended(fetch('file/copy')), 1, /Cannot fetch into .*ENOTDIR/);
  const bucket = server.bucket('acme-ledger');
  bucket.tamper.replace(`sallyport/${blocks}`, Buffer.alloc(900, 'c'));
  const damaged = await fetch('b');
  assert.match(
    damaged.stderr,
    /its SHA-256 is another than when it was stored[^]*1 of 2 files are not as they were kept/,
  );
  assert.equal(damaged.exitCode, 1);
});
