import { isJsonObject, ocsfClass, parseJson, type JsonValue } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { Encrypted } from '@sallyport/platform/encrypted-columns';
import type { Principal } from '@sallyport/platform/http';
import { IdentityError } from '../errors.ts';
import type { ApiKeyNeeds } from '../needs.ts';

type Tables = { identity_settings: { name: string; value: Encrypted } };

/** In days. Null: keys that nobody gives an end have none; keys may last for ever. */
export type KeyLifetimes = { readonly defaultDays: number | null; readonly mostDays: number | null };

const settingName = 'key-lifetimes';
const updateActivity = 3;
const mostDaysEver = 3650;
const dayMs = 86_400_000;
/** A year for keys of people and programs, until somebody decides otherwise. */
const initial: KeyLifetimes = { defaultDays: 365, mostDays: null };

/** How long API keys last. */
export type KeyLifetimeSetting = {
  read(where?: Database | Transaction): Promise<KeyLifetimes>;
  /** For keys made or rotated from now on. Throws `key_lifetimes_invalid`. */
  change(request: { readonly lifetimes: KeyLifetimes; readonly by: Principal }): Promise<KeyLifetimes>;
};

export function createKeyLifetimes(
  needs: Pick<ApiKeyNeeds, 'database' | 'outbox' | 'clock' | 'columnKeys' | 'random'>,
): KeyLifetimeSetting {
  const { database, outbox, clock } = needs;
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: { identity_settings: { row: 'name', columns: { value: encrypted({ padBytes: 128 }) } } },
  });
  const read = async (where: Database | Transaction): Promise<KeyLifetimes> => {
    const rows = columns.on(where).selectFrom('identity_settings').select('value');
    const row = await rows.where('name', '=', settingName).executeTakeFirst();
    return row === undefined ? initial : parseStored(row.value);
  };
  return {
    read: (where = database) => read(where),
    async change({ lifetimes, by }) {
      requireValid(lifetimes);
      const { defaultDays, mostDays } = lifetimes;
      await database.transaction().execute(async (transaction) => {
        const before = await read(transaction);
        const settings = columns.on(transaction);
        await settings.deleteFrom('identity_settings').where('name', '=', settingName).execute();
        await settings
          .insertInto('identity_settings')
          .values({ name: settingName, value: JSON.stringify({ defaultDays, mostDays }) })
          .execute();
        await outbox.record(
          transaction,
          auditEvent({
            nowMs: clock.nowMs(),
            actor: { kind: by.kind, id: by.id, name: by.name },
            action: 'settings.change',
            classUid: ocsfClass.entityManagement,
            activityId: updateActivity,
            outcome: 'success',
            target: { type: 'setting', id: settingName },
            details: { from: { ...before }, to: { defaultDays, mostDays } },
          }),
        );
      });
      await outbox.flushed();
      return lifetimes;
    },
  };
}

/**
 * When a key ends that somebody asks for; null asks for none. Throws `key_expiry_invalid` for later than the longest there may be.
 */
export function endWithin(
  lifetimes: KeyLifetimes,
  asked: number | null | undefined,
  nowMs: number,
): number | undefined {
  const { defaultDays, mostDays } = lifetimes;
  const byDefault = defaultDays === null ? undefined : nowMs + defaultDays * dayMs;
  const endMs = asked === undefined ? byDefault : (asked ?? undefined);
  if (mostDays === null) return endMs;
  // A minute for the way here: whoever asks for exactly the longest means that.
  const latestMs = nowMs + mostDays * dayMs + 60_000;
  if (asked === undefined && (endMs === undefined || endMs > latestMs)) return nowMs + mostDays * dayMs;
  if (endMs !== undefined && endMs <= latestMs) return endMs;
  throw new IdentityError(
    'key_expiry_invalid',
    `Cannot make a key that lasts longer than ${mostDays} days: must end by ${new Date(latestMs).toISOString()}`,
  );
}

/** Written by `change` alone. What cannot be read is no reason to make keys that last longer: it throws. */
function parseStored(text: string): KeyLifetimes {
  const stored = parseJson(text);
  const { defaultDays, mostDays } = isJsonObject(stored) ? stored : {};
  if (!isDays(defaultDays) || !isDays(mostDays)) throw new TypeError('Cannot read how long keys last');
  return { defaultDays, mostDays };
}

function isDays(value: JsonValue | undefined): value is number | null {
  return value === null || typeof value === 'number';
}

function requireValid({ defaultDays, mostDays }: KeyLifetimes): void {
  for (const days of [defaultDays, mostDays])
    if (days !== null && !(Number.isInteger(days) && days >= 1 && days <= mostDaysEver))
      throw new IdentityError(
        'key_lifetimes_invalid',
        `Cannot use ${days} days: must be 1 to ${mostDaysEver}, or null`,
      );
  if (mostDays !== null && (defaultDays ?? 0) > mostDays)
    throw new IdentityError(
      'key_lifetimes_invalid',
      'Cannot use a default that is longer than the longest there may be',
    );
}
