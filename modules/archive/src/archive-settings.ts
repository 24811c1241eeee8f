import { hash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { isJsonObject, ocsfClass, parseJson } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Actor } from '@sallyport/ledger';
import type { ArchiveStore } from './archive-store.ts';
import { isOnAnotherDisk } from './directory-place.ts';
import { ArchiveError } from './errors.ts';
import type { OpenedPlace } from './file-keeper.ts';
import type { ArchiveNeeds } from './needs.ts';
import { requireSettings } from './settings.ts';
import type { ArchiveSettings, Credentials, PlaceSettings } from './settings.ts';

export type SettingsChange = {
  /** Undefined: archiving ends; what was archived stays. */
  readonly settings: ArchiveSettings | undefined;
  /** Undefined: those kept before. */
  readonly credentials: Credentials | undefined;
  readonly actor: Actor;
};

export type ArchiveSettingsKeeper = {
  current(): Promise<ArchiveSettings | undefined>;
  /** Tries the place first: one that does not lock, or refuses, is never set. Throws what it said. */
  change(request: SettingsChange, signal: AbortSignal): Promise<void>;
  open(settings: ArchiveSettings): Promise<OpenedPlace>;
};

const dayMs = 24 * 3_600_000;

export function createArchiveSettings(
  needs: Pick<
    ArchiveNeeds,
    'dataDirectory' | 'database' | 'outbox' | 'secrets' | 'secretName' | 'clock' | 'openPlace'
  > & { readonly store: ArchiveStore },
): ArchiveSettingsKeeper {
  const { store, database, outbox } = needs;

  async function kept(): Promise<Credentials | undefined> {
    const sealed = await needs.secrets.open(needs.secretName);
    if (sealed === undefined) return undefined;
    const value = parseJson(Buffer.from(sealed).toString('utf8'));
    const { accessKeyId, secretAccessKey } = isJsonObject(value) ? value : {};
    return typeof accessKeyId === 'string' && typeof secretAccessKey === 'string'
      ? { accessKeyId, secretAccessKey }
      : undefined;
  }
  async function credentialsFor(
    place: PlaceSettings,
    given: Credentials | undefined,
  ): Promise<Credentials | undefined> {
    if (place.kind !== 's3' || place.credentials === 'environment') return undefined;
    const credentials = given ?? (await kept());
    if (credentials !== undefined) return credentials;
    throw new ArchiveError('archive_settings_invalid', 'Cannot archive there: no access key was given', {
      hint: 'give the id and the secret of an access key, or have the machine’s own used',
    });
  }

  return {
    current: () => store.settings(),
    async change({ settings: asked, credentials, actor }, signal) {
      const before = await store.settings();
      const settings = asked === undefined ? undefined : await resolved(asked, needs.dataDirectory);
      if (settings !== undefined) {
        requireSettings(settings, await realpath(needs.dataDirectory));
        const place = needs.openPlace(settings.place, await credentialsFor(settings.place, credentials));
        try {
          await place.prepare(signal);
        } finally {
          place.close();
        }
        if (credentials !== undefined && settings.place.kind === 's3' && settings.place.credentials === 'vault')
          await needs.secrets.seal(needs.secretName, Buffer.from(JSON.stringify(credentials)));
      }
      const { kind, id, name } = actor;
      const nowMs = needs.clock.nowMs();
      const event = auditEvent({
        nowMs,
        actor: { kind, id, name },
        action: settings === undefined ? 'archive.end' : 'archive.configure',
        classUid: ocsfClass.entityManagement,
        activityId: settings === undefined ? 4 : before === undefined ? 1 : 3,
        outcome: 'success',
        target: { type: 'archive', id: placeName(settings?.place ?? before?.place) },
        details: {
          ...(settings === undefined ? {} : shownSettings(settings)),
          ...(before === undefined ? {} : { before: shownSettings(before) }),
          // For a rule: what somebody would do who wants less to be kept.
          weaker: isWeaker(before, settings),
          key_replaced: credentials !== undefined,
        },
      });
      await database.transaction().execute(async (transaction) => {
        await store.saveSettings(transaction, settings, { atMs: nowMs, id });
        await outbox.record(transaction, event);
      });
      await outbox.flushed();
    },
    async open(settings) {
      const { place } = settings;
      return {
        id: placeId(place),
        place: needs.openPlace(place, await credentialsFor(place, undefined)),
        retentionMs: place.kind === 's3' ? place.retentionDays * dayMs : undefined,
        lockMode: place.kind === 's3' ? place.mode : undefined,
      };
    },
  };
}

/** For people: where it is. */
export function placeName(place: PlaceSettings | undefined): string {
  if (place === undefined) return 'none';
  return place.kind === 's3' ? `s3://${place.bucket}/${place.prefix}` : place.path;
}

function placeId(place: PlaceSettings): string {
  const named =
    place.kind === 's3' ? [place.endpoint ?? place.region, place.bucket, place.prefix] : ['directory', place.path];
  return hash('sha256', JSON.stringify(named), 'hex').slice(0, 32);
}

function shownSettings({ place, lagLimitHours, spanMinutes }: ArchiveSettings) {
  const common = { place: placeName(place), lag_limit_hours: lagLimitHours, span_minutes: spanMinutes };
  if (place.kind === 'directory') return { ...common, kind: place.kind };
  return {
    ...common,
    kind: place.kind,
    endpoint: place.endpoint ?? null,
    mode: place.mode,
    retention_days: place.retentionDays,
    storage_class: place.storageClass,
    credentials: place.credentials,
  };
}

function isWeaker(before: ArchiveSettings | undefined, after: ArchiveSettings | undefined): boolean {
  if (before === undefined) return false;
  if (after === undefined) return true;
  const [one, other] = [before.place, after.place];
  // Whose bucket it is, nobody here can tell.
  if (placeId(one) !== placeId(other)) return true;
  if (after.lagLimitHours > before.lagLimitHours) return true;
  if (one.kind === 'directory') return other.kind === 'directory' && one.isApart && !other.isApart;
  if (other.kind === 'directory') return true;
  return (one.mode === 'compliance' && other.mode === 'governance') || other.retentionDays < one.retentionDays;
}

/** A directory as it is, whatever links lead to it: one into the data must not pass for another. */
async function resolved(settings: ArchiveSettings, dataDirectory: string): Promise<ArchiveSettings> {
  const { place } = settings;
  if (place.kind !== 'directory' || !isAbsolute(place.path)) return settings;
  const path = await realpath(place.path).catch(() => resolve(place.path));
  const isApart = await isOnAnotherDisk(path, dataDirectory).catch(() => false);
  return { ...settings, place: { ...place, path, isApart } };
}
