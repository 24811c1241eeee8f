import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';

type Tables = { identity_settings: { name: string; value: string } };

const settingName = 'organization';
const maxLength = 100;
const updateActivity = 3;

/** What the people here call themselves; shown on every page. */
export type Organization = {
  read(): Promise<string | undefined>;
  /** Null takes the name away. Throws `organization_invalid`. */
  rename(request: { readonly organization: string | null; readonly by: Principal }): Promise<string | undefined>;
};

export function createOrganization(needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock'>): Organization {
  const { database, outbox, clock } = needs;
  return {
    read: () => readOrganization(database),
    async rename({ organization: text, by }) {
      const organization = text === null ? undefined : parseOrganization(text);
      await database.transaction().execute(async (transaction) => {
        const before = await readOrganization(transaction);
        if (before === organization) return;
        await writeOrganization(transaction, organization);
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
            details: { from: before ?? null, to: organization ?? null },
          }),
        );
      });
      await outbox.flushed();
      return organization;
    },
  };
}

export function parseOrganization(text: string): string {
  const organization = text.normalize('NFC').trim();
  if (organization !== '' && organization.length <= maxLength && !/[\p{C}\p{Zl}\p{Zp}]/u.test(organization))
    return organization;
  throw new IdentityError(
    'organization_invalid',
    `Cannot use this name for the organisation: must be 1 to ${maxLength} printable characters`,
  );
}

export async function writeOrganization(transaction: Transaction, organization: string | undefined): Promise<void> {
  const settings = transaction.withTables<Tables>();
  await settings.deleteFrom('identity_settings').where('name', '=', settingName).execute();
  if (organization === undefined) return;
  await settings.insertInto('identity_settings').values({ name: settingName, value: organization }).execute();
}

async function readOrganization(where: Database | Transaction): Promise<string | undefined> {
  const row = await where
    .withTables<Tables>()
    .selectFrom('identity_settings')
    .select('value')
    .where('name', '=', settingName)
    .executeTakeFirst();
  return row?.value;
}
