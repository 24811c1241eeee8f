import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import type { Archive } from './archive.ts';
import type { ArchiveReport } from './archive-report.ts';
import type { ArchivedFile } from './archived-file.ts';
import { AskedSettings, FileList, Report } from './routes-schema.ts';
import type { ShownFile } from './routes-schema.ts';
import type { ArchiveSettings, Credentials } from './settings.ts';

const tags = ['archive'];
const isoTime = (atMs: number): string => new Date(atMs).toISOString();
const isoOrNull = (atMs: number | undefined): string | null =>
  atMs === undefined || atMs === 0 ? null : isoTime(atMs);
const Changed = { 200: Report };
const Begun = { 202: Report };

/** `/v1/archive`: what of the ledger and its keys is kept elsewhere, locked. */
export function createArchiveRoutes(archive: Archive): RoutePlugin {
  return async (plain) => {
    const app = typedApp(plain);
    const answer = async () => describe(await archive.report());

    app.get(
      '/v1/archive',
      {
        config: { scope: 'ledger:read' },
        schema: { summary: 'Where the ledger is archived, how far, and what was found wrong', tags, response: Changed },
      },
      answer,
    );
    app.get(
      '/v1/archive/files',
      {
        config: { scope: 'ledger:read' },
        schema: {
          summary: 'What is archived, in the order of names',
          tags,
          querystring: Type.Object(
            {
              after: Type.Optional(Type.String({ maxLength: 200, description: 'The last name of the page before' })),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
            },
            { additionalProperties: false },
          ),
          response: { 200: FileList },
        },
      },
      async ({ query }) => {
        const limit = query.limit ?? 100;
        const files = await archive.files(query.after ?? '', limit);
        return { files: files.map(shownFile), next: files.length < limit ? null : (files.at(-1)?.name ?? null) };
      },
    );
    app.put(
      '/v1/archive/settings',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Archive into this bucket or directory from now on; it is tried first',
          tags,
          body: AskedSettings,
          response: Changed,
        },
      },
      async ({ body, principal }) => {
        await archive.configure({ ...settingsOf(body), actor: principal });
        return answer();
      },
    );
    app.delete(
      '/v1/archive/settings',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: { summary: 'Archive nothing more; what was archived stays where it is', tags, response: Changed },
      },
      async ({ principal }) => {
        await archive.configure({ settings: undefined, credentials: undefined, actor: principal });
        return answer();
      },
    );
    app.post(
      '/v1/archive/rounds',
      {
        config: { scope: 'settings:manage' },
        schema: {
          summary: 'Archive everything that is recorded, without waiting until there is more',
          tags,
          response: Begun,
        },
      },
      async ({ principal }, reply) => {
        await archive.archiveNow(principal);
        return reply.code(202).send(await answer());
      },
    );
    app.post(
      '/v1/archive/verifications',
      {
        config: { scope: 'settings:manage' },
        schema: {
          summary: 'Ask the archive for every file anew, in the background, and compare with what is here',
          tags,
          body: Type.Object(
            { deep: Type.Optional(Type.Boolean({ description: 'Read every byte, which a store may charge for' })) },
            { additionalProperties: false },
          ),
          response: Begun,
        },
      },
      async ({ body, principal }, reply) => {
        await archive.verify({ isDeep: body.deep === true, actor: principal });
        return reply.code(202).send(await answer());
      },
    );
  };
}

function settingsOf(body: Static<typeof AskedSettings>): {
  readonly settings: ArchiveSettings;
  readonly credentials: Credentials | undefined;
} {
  const { place } = body;
  const common = { lagLimitHours: body.lag_limit_hours ?? 24, spanMinutes: body.span_minutes ?? 60 };
  if (place.kind === 'directory')
    return {
      settings: { ...common, place: { kind: 'directory', path: place.path, isApart: false } },
      credentials: undefined,
    };
  return {
    settings: {
      ...common,
      place: {
        kind: 's3',
        bucket: place.bucket,
        region: place.region,
        endpoint: place.endpoint,
        authorityPem: place.authority_pem,
        prefix: place.prefix ?? 'sallyport/',
        pathStyle: place.path_style ?? place.endpoint !== undefined,
        mode: place.mode,
        retentionDays: place.retention_days,
        storageClass: place.storage_class ?? 'STANDARD',
        credentials: place.credentials ?? 'vault',
      },
    },
    credentials:
      place.access_key === undefined
        ? undefined
        : { accessKeyId: place.access_key.id, secretAccessKey: place.access_key.secret },
  };
}

function describe(report: ArchiveReport): Static<typeof Report> {
  if (report.kind === 'off') return { on: false };
  const { settings, failure, totals, verification } = report;
  const { place } = settings;
  return {
    on: true,
    settings: {
      lag_limit_hours: settings.lagLimitHours,
      span_minutes: settings.spanMinutes,
      place:
        place.kind === 'directory'
          ? { kind: 'directory', path: place.path, apart: place.isApart }
          : {
              kind: 's3',
              bucket: place.bucket,
              region: place.region,
              endpoint: place.endpoint ?? null,
              own_authority: place.authorityPem !== undefined,
              prefix: place.prefix,
              path_style: place.pathStyle,
              mode: place.mode,
              retention_days: place.retentionDays,
              storage_class: place.storageClass,
              credentials: place.credentials,
            },
    },
    place: report.place.place,
    lock: report.place.lock,
    not_promised: [...report.place.notPromised],
    state: report.state,
    failure:
      failure === undefined
        ? null
        : {
            code: failure.code,
            message: failure.message,
            since: isoTime(failure.sinceMs),
            next_try: isoTime(failure.nextTryMs),
          },
    logs: report.logs.map(({ log, archived, size, waitingSinceMs }) => ({
      log,
      archived,
      entries: size,
      waiting_since: isoOrNull(waitingSinceMs),
    })),
    lag_seconds: Math.floor(report.lagMs / 1000),
    late: report.isLate,
    files: totals.files,
    bytes: totals.bytes,
    held: totals.held,
    never_read: totals.neverRead,
    all_checked_since: isoOrNull(totals.oldestCheckMs),
    vault:
      report.newestVault === undefined
        ? null
        : { name: report.newestVault.name, at: isoTime(report.newestVault.storedAtMs) },
    problems: totals.problems,
    troubled: report.troubled.map(shownFile),
    verification:
      verification === undefined
        ? null
        : {
            state: verification.state,
            deep: verification.isDeep,
            done: verification.done,
            total: verification.total,
            bytes_read: verification.bytesRead,
            unknown: verification.unknown,
            problems: verification.problems.map(({ name, message }) => ({ name, message })),
            started_at: isoTime(verification.startedAtMs),
            ended_at: isoOrNull(verification.endedAtMs),
            error: verification.error ?? null,
          },
  };
}

function shownFile(file: ArchivedFile): Static<typeof ShownFile> {
  return {
    name: file.name,
    kind: file.kind,
    bytes: file.bytes,
    sha256: file.sha256,
    version: file.version ?? null,
    lock: file.lock === undefined ? null : { mode: file.lock.mode, until: isoTime(file.lock.untilMs) },
    held: file.isHeld,
    stored_at: isoTime(file.storedAtMs),
    checked_at: isoTime(file.checkedAtMs),
    read_at: isoOrNull(file.readAtMs),
    problem: file.problem ?? null,
  };
}
