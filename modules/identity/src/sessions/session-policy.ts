import { ocsfClass, type JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { Encrypted } from '@sallyport/platform/encrypted-columns';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { rolesAnywhereOf } from '../people/user-store.ts';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import { defaultPolicy, limitBounds, limitsOf, type RoleLimits, type SessionPolicy } from './session-limits.ts';

type Tables = { identity_settings: { name: string; value: Encrypted } };

const settingName = 'session-policy';
const updateActivity = 3;
/** A change made through another server on the same database shows after so long; one made here at once. */
const rememberedMs = 5000;

/** How long sessions last, for each role, and how many one person may have. */
export type SessionPolicies = {
  /** At most five seconds old. Rejects when it cannot be read: the caller must deny then. */
  read(where?: Database | Transaction): Promise<SessionPolicy>;
  /**
   * For open sessions too, from their next request on. Throws `role_unknown`, `session_limits_invalid`, and
   * `session_limits_lock_out` when whoever asks would be out themselves.
   */
  change(request: { readonly policy: SessionPolicy; readonly by: Principal }): Promise<SessionPolicy>;
};

export function createSessionPolicies(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock' | 'columnKeys' | 'random' | 'policy'>,
): SessionPolicies {
  const { database, outbox, clock } = needs;
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: { identity_settings: { row: 'name', columns: { value: encrypted({ padBytes: 128 }) } } },
  });
  let remembered: { readonly policy: SessionPolicy; readonly atMs: number } | undefined;
  let changes = 0;

  const stored = async (where: Database | Transaction): Promise<SessionPolicy> => {
    const row = await columns
      .on(where)
      .selectFrom('identity_settings')
      .select('value')
      .where('name', '=', settingName)
      .executeTakeFirst();
    return row === undefined ? defaultPolicy : parseStored(row.value);
  };

  return {
    async read(where = database) {
      const nowMs = clock.monotonicMs();
      if (remembered !== undefined && nowMs - remembered.atMs < rememberedMs) return remembered.policy;
      const changesBefore = changes;
      const policy = await stored(where);
      // Read before a change that came meanwhile: not to be remembered after it.
      if (changes === changesBefore) remembered = { policy, atMs: nowMs };
      return policy;
    },

    async change({ policy, by }) {
      requireValid(
        policy,
        needs.policy.roles().map(({ id }) => id),
      );
      if (by.kind === 'user' && by.browserKey === undefined && limitsOf(policy, rolesAnywhereOf(by)).needsBrowserKey)
        throw new IdentityError(
          'session_limits_lock_out',
          'Cannot require a key of the browser: your own session has none, and would end',
          { hint: 'sign out and in again with a browser that can make one, then try again' },
        );
      await database.transaction().execute(async (transaction) => {
        const before = await stored(transaction);
        const settings = columns.on(transaction);
        await settings.deleteFrom('identity_settings').where('name', '=', settingName).execute();
        await settings
          .insertInto('identity_settings')
          .values({ name: settingName, value: JSON.stringify(policy) })
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
            details: { from: inWords(before), to: inWords(policy) },
          }),
        );
      });
      changes += 1;
      remembered = undefined;
      await outbox.flushed();
      return policy;
    },
  };
}

function requireValid({ roles }: SessionPolicy, known: readonly string[]): void {
  for (const { role, ...limits } of roles) {
    if (!known.includes(role))
      throw new IdentityError(
        'role_unknown',
        `Cannot limit the sessions of "${role}": must be one of ${known.join(', ')}`,
      );
    if (roles.filter((one) => one.role === role).length > 1)
      throw new IdentityError(
        'session_limits_invalid',
        `Cannot limit the sessions of "${role}" twice: must be named once`,
      );
    for (const name of ['idleMinutes', 'lifetimeMinutes', 'maxSessions'] as const) {
      const { least, most } = limitBounds[name];
      if (!Number.isSafeInteger(limits[name]) || limits[name] < least || limits[name] > most)
        throw new IdentityError(
          'session_limits_invalid',
          `Cannot set ${name} of "${role}" to ${limits[name]}: must be ${least} to ${most}`,
        );
    }
    if (limits.idleMinutes > limits.lifetimeMinutes)
      throw new IdentityError(
        'session_limits_invalid',
        `Cannot let a session of "${role}" rest for ${limits.idleMinutes} minutes: must be at most its lifetime, ${limits.lifetimeMinutes} minutes`,
      );
  }
}

function inWords({ roles, whenTooMany }: SessionPolicy): JsonObject {
  return { roles: roles.map((limits) => ({ ...limits })), whenTooMany };
}

/** Written by `change` alone. What cannot be read is no reason to let anybody stay longer: it throws. */
function parseStored(text: string): SessionPolicy {
  const stored: unknown = JSON.parse(text);
  if (!isPolicy(stored)) throw new TypeError('Cannot read the rules for sessions');
  return stored;
}

function isPolicy(value: unknown): value is SessionPolicy {
  if (typeof value !== 'object' || value === null || !('roles' in value) || !('whenTooMany' in value)) return false;
  const { roles, whenTooMany } = value;
  return (whenTooMany === 'end-oldest' || whenTooMany === 'ask') && Array.isArray(roles) && roles.every(isLimits);
}

function isLimits(value: unknown): value is RoleLimits {
  const read = new Map<string, unknown>(Object.entries(typeof value === 'object' && value !== null ? value : {}));
  const key = read.get('browserKey');
  return (
    typeof read.get('role') === 'string' &&
    (['idleMinutes', 'lifetimeMinutes', 'maxSessions'] as const).every((name) =>
      Number.isSafeInteger(read.get(name)),
    ) &&
    (key === 'allowed' || key === 'required')
  );
}
