import type { ShownIntent } from '@sallyport/key-vault/server';
import type { Database } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { parseJson } from '@sallyport/contracts';
import { RetentionError } from './errors.ts';
import type { Policy } from './expiry.ts';
import type { RetentionNeeds } from './needs.ts';
import type { RecordChange } from './retention-event.ts';
import { minimumOf, profileNames } from './retention-profiles.ts';
import type { RetentionProfile } from './retention-profiles.ts';
import { requireClass } from './source-classes.ts';

type Tables = { retention_settings: { name: string; value: string } };

export type PolicyChange = {
  readonly class: string;
  /** null: for ever. */
  readonly keepDays: number | null;
  readonly reason: string;
  readonly actor: Principal;
};

/**
 * How long each class is kept. The policies themselves lie with the keys, in the vault: keeping longer holds at once; a shorter
 * keeping waits there for two people's signatures and the waiting time, since it destroys in the end. Without one, for ever.
 */
export type Policies = {
  profiles(): Promise<readonly RetentionProfile[]>;
  setProfiles(profiles: readonly RetentionProfile[], actor: Principal): Promise<void>;
  /** Throws `RetentionError` `class_invalid`, `keeping_too_short`, `quotes_kept_longer`, and what the vault refuses. */
  change(change: PolicyChange): Promise<ShownIntent>;
};

const everMs = Number.POSITIVE_INFINITY;

export function createPolicies(
  needs: Pick<RetentionNeeds, 'destructions'> & { readonly database: Database; readonly record: RecordChange },
): Policies {
  const tables = needs.database.withTables<Tables>();

  async function profiles(): Promise<readonly RetentionProfile[]> {
    const row = await tables
      .selectFrom('retention_settings')
      .select('value')
      .where('name', '=', 'profiles')
      .executeTakeFirst();
    if (row === undefined) return profileNames;
    const kept = parseJson(row.value);
    return profileNames.filter((name) => Array.isArray(kept) && kept.includes(name));
  }

  return {
    profiles,
    async setProfiles(chosen, actor) {
      const before = await profiles();
      const value = JSON.stringify(chosen);
      await needs.record(
        {
          actor,
          action: 'retention.profiles',
          target: { type: 'retention', id: 'profiles' },
          details: { profiles: [...chosen], before: [...before] },
        },
        async (transaction) => {
          await transaction
            .withTables<Tables>()
            .insertInto('retention_settings')
            .values({ name: 'profiles', value })
            .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
            .execute();
        },
      );
    },
    async change({ class: name, keepDays, reason, actor }) {
      requireClass(name);
      refuseTooShort(name, keepDays, await profiles());
      const policies = await needs.destructions.policies();
      refuseLongerQuotes({ class: name, keepDays }, policies);
      const before = policies.find((policy) => policy.class === name)?.keepDays ?? null;
      // Recorded first: what cannot be recorded is not asked for.
      await needs.record({
        actor,
        action: 'retention.policy',
        target: { type: 'retention', id: name },
        details: { keep_days: keepDays, before, reason },
      });
      return needs.destructions.propose({ kind: 'policy', policy: { class: name, keepDays }, reason }, actor.id);
    },
  };
}

function refuseTooShort(name: string, keepDays: number | null, profiles: readonly RetentionProfile[]): void {
  const { days, because } = minimumOf(profiles);
  if (keepDays === null || keepDays >= days) return;
  throw new RetentionError(
    'keeping_too_short',
    `Cannot keep "${name}" for ${keepDays} days: must be at least ${days}${because.length === 0 ? '' : ` (${because.join('; ')})`}`,
    { details: { minimum_days: days }, hint: 'the profiles in force say so; an administrator chooses them' },
  );
}

/** A finding that outlived its event would give back what expired with it. */
function refuseLongerQuotes(wanted: Policy, policies: readonly Policy[]): void {
  const daysOf = (name: string): number =>
    (name === wanted.class ? wanted : policies.find((policy) => policy.class === name))?.keepDays ?? everMs;
  if (wanted.class !== 'findings' && wanted.class !== 'events') return;
  const [events, findings] = [daysOf('events'), daysOf('findings')];
  // Nothing was decided about findings yet: they are kept as long as anything until somebody decides.
  if (findings <= events || (wanted.class === 'events' && findings === everMs)) return;
  throw new RetentionError(
    'quotes_kept_longer',
    `Cannot keep "findings" longer than "events": a finding quotes the events it is about`,
    {
      hint:
        wanted.class === 'events'
          ? 'shorten the keeping of findings first'
          : 'keep findings as long as events, or shorter',
    },
  );
}
