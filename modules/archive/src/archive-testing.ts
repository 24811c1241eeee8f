import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startS3Server } from '@sallyport/testing/s3-server';
import type { S3Account, S3Server } from '@sallyport/testing/s3-server';
import type { ArchivePlace, Outgoing } from './place.ts';
import { createArchiveClient } from './s3/s3-client.ts';
import { createS3Place } from './s3/s3-place.ts';
import type { Credentials, S3Settings } from './settings.ts';

export const dayMs = 86_400_000;
export const accounts = {
  AKIAARCHIVER: { secret: 'what the archiver signs with' },
  AKIAOFFICER: { secret: 'may bypass governance', mayBypass: true },
  AKIAREADER: { secret: 'may only read', denied: ['PutObject'] },
  AKIAPLAIN: { secret: 'may not see versions', denied: ['PutObject', 'ListBucketVersions'] },
} satisfies Record<string, S3Account>;
export const archiver: Credentials = { accessKeyId: 'AKIAARCHIVER', secretAccessKey: accounts.AKIAARCHIVER.secret };

export function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-archive-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function settingsFor(
  server: Pick<S3Server, 'endpoint' | 'certificatePem'>,
  more: Partial<S3Settings> = {},
): S3Settings {
  return {
    kind: 's3',
    bucket: 'locked',
    region: 'eu-central-1',
    endpoint: server.endpoint,
    authorityPem: server.certificatePem,
    prefix: 'sallyport/',
    pathStyle: true,
    mode: 'compliance',
    retentionDays: 30,
    storageClass: 'STANDARD',
    credentials: 'vault',
    ...more,
  };
}

export async function startBuckets(
  context: { after(work: () => unknown): void },
  more: { tls?: boolean; minPartBytes?: number } = {},
): Promise<S3Server> {
  const server = await startS3Server({
    region: 'eu-central-1',
    accounts,
    buckets: {
      locked: { hasLock: true },
      plain: { hasLock: false },
      versioned: { hasLock: false, isVersioned: true },
    },
    minPartBytes: 1000,
    ...more,
  });
  context.after(() => server.close());
  return server;
}

export function placeAt(
  context: TestContext,
  server: Pick<S3Server, 'endpoint' | 'certificatePem'>,
  more: {
    settings?: Partial<S3Settings>;
    credentials?: Credentials;
    partBytes?: number;
    deadline?: (ms: number) => AbortSignal;
  } = {},
): ArchivePlace {
  const settings = settingsFor(server, more.settings);
  const place = createS3Place({
    settings,
    client: createArchiveClient(settings, more.credentials ?? archiver),
    deadline: more.deadline ?? ((ms) => AbortSignal.timeout(ms)),
    partBytes: more.partBytes ?? 1000,
  });
  context.after(() => place.close());
  return place;
}

/** Options of an upload that nothing holds up. */
export function outgoing(more: Partial<Outgoing> = {}): Outgoing {
  return {
    lockUntilMs: Math.floor(Date.now() / 1000) * 1000 + 30 * dayMs,
    isHeld: false,
    uploadId: undefined,
    begun: async () => undefined,
    turn: async () => undefined,
    ...more,
  };
}

export async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}
