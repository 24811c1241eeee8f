import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { Encrypted, EncryptedColumns } from '@sallyport/platform/encrypted-columns';
import type { Principal } from '@sallyport/platform/http';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds, TakeOver } from '../needs.ts';

type Tables = { identity_settings: { name: string; value: Encrypted } };
type Columns = EncryptedColumns<Tables>;

const settingName = 'organization';
const maxLength = 100;
const updateActivity = 3;

/** What the people here call themselves; shown on every page. */
export type Organization = {
  read(): Promise<string | undefined>;
  /** Null takes the name away. Throws `organization_invalid`. */
  rename(request: { readonly organization: string | null; readonly by: Principal }): Promise<string | undefined>;
  /** In the transaction of the setup. */
  write(transaction: Transaction, organization: string | undefined): Promise<void>;
  /** A name that an earlier version wrote in the clear, and one under older keys. */
  readonly takeOver: TakeOver;
};

export function createOrganization(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock' | 'columnKeys' | 'random'>,
): Organization {
  const { database, outbox, clock } = needs;
  const columns: Columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: { identity_settings: { row: 'name', columns: { value: encrypted({ padBytes: 128 }) } } },
  });
  return {
    read: () => readOrganization(columns, database),
    write: (transaction, organization) => writeOrganization(columns, transaction, organization),
    takeOver: (where, options) =>
      columns.reencrypt(where, 'identity_settings', { ...options, earlier: { value: (stored) => stored } }),
    async rename({ organization: text, by }) {
      const organization = text === null ? undefined : parseOrganization(text);
      await database.transaction().execute(async (transaction) => {
        const before = await readOrganization(columns, transaction);
        if (before === organization) return;
        await writeOrganization(columns, transaction, organization);
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

async function writeOrganization(
  columns: Columns,
  transaction: Transaction,
  organization: string | undefined,
): Promise<void> {
  const settings = columns.on(transaction);
  await settings.deleteFrom('identity_settings').where('name', '=', settingName).execute();
  if (organization === undefined) return;
  await settings.insertInto('identity_settings').values({ name: settingName, value: organization }).execute();
}

async function readOrganization(columns: Columns, where: Database | Transaction): Promise<string | undefined> {
  const row = await columns
    .on(where)
    .selectFrom('identity_settings')
    .select('value')
    .where('name', '=', settingName)
    .executeTakeFirst();
  return row?.value;
}
