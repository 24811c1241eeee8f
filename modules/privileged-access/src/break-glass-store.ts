import type { Database, Transaction } from '@sallyport/platform/database';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Parse } from 'typebox/value';
import type { PrivilegeNeeds } from './needs.ts';
import type { Roll } from './roll.ts';

/** What counts is sealed; columns of the same name are what people look at in the table, and say the same or it was altered. */
const Sealed = Type.Object({
  userId: Type.String(),
  label: Type.String(),
  firstHash: Type.String(),
  secondHash: Type.String(),
  needsPasskey: Type.Boolean(),
  openedAtMs: Type.Optional(Type.Number()),
  retiredAtMs: Type.Optional(Type.Number()),
  passkeyIds: Type.Array(Type.String()),
  /** Under which the roll knows it. */
  number: Type.Number(),
});

export type BreakGlassAccount = Readonly<
  Pick<Static<typeof Sealed>, 'label' | 'firstHash' | 'secondHash' | 'needsPasskey'>
> & {
  readonly id: string;
  /** Empty where nobody can read whose it is. */
  readonly userId: string;
  readonly createdAtMs: number;
  /** When its codes were made. */
  readonly sealedAtMs: number;
  /** Its codes were used then, or may have been, and are good for nothing any more. */
  readonly openedAtMs: number | undefined;
  readonly drilledAtMs: number | undefined;
  readonly retiredAtMs: number | undefined;
  readonly toldDay: number;
  /** Those added since it was prepared and not removed. */
  readonly passkeyIds: readonly string[];
  /** What stands in the database about it is not what was written there last: nothing opens it until it is sealed anew. */
  readonly isAltered?: true;
};

type Row = {
  id: string;
  user_id: string;
  created_at_ms: number;
  sealed_at_ms: number;
  opened_at_ms: number | null;
  drilled_at_ms: number | null;
  retired_at_ms: number | null;
  told_day: number;
  first_hash: string;
  second_hash: string;
  needs_passkey: number;
  sealed: string;
};
type Tables = { privilege_break_glass: Row };
type Hashes = Pick<BreakGlassAccount, 'firstHash' | 'secondHash' | 'sealedAtMs' | 'needsPasskey'>;
type Written = Omit<BreakGlassAccount, 'createdAtMs' | 'sealedAtMs' | 'drilledAtMs' | 'toldDay' | 'isAltered'>;

export type BreakGlassStore = {
  /** The oldest first, retired ones included. */
  list(where: Transaction): Promise<BreakGlassAccount[]>;
  /** This, and what changes one below, throws `privileges_unsettled`. */
  insert(
    transaction: Transaction,
    account: Pick<BreakGlassAccount, 'id' | 'userId' | 'label' | 'createdAtMs'> & Hashes,
  ): Promise<void>;
  seal(
    transaction: Transaction,
    account: BreakGlassAccount,
    hashes: Hashes & { readonly drilledAtMs?: number },
  ): Promise<void>;
  setPasskeys(transaction: Transaction, account: BreakGlassAccount, ids: readonly string[]): Promise<void>;
  open(transaction: Transaction, account: BreakGlassAccount, atMs: number): Promise<void>;
  retire(transaction: Transaction, account: BreakGlassAccount, atMs: number): Promise<void>;
  told(transaction: Transaction, id: string, day: number): Promise<void>;
  /** Whom accounts of an earlier version, which sealed the label alone, say they stand for. */
  userIdsOfEarlierForm(transaction: Transaction): Promise<string[]>;
  /** Seals those accounts as they are, once. */
  takeOver(
    transaction: Transaction,
    by: {
      readonly isOwn: (userId: string) => boolean;
      readonly passkeyIdsOf: (id: string) => readonly string[];
    },
  ): Promise<void>;
};

const placeOf = (id: string): string => `break-glass/${id}/account`;

export function createBreakGlassStore(
  needs: Pick<PrivilegeNeeds, 'sealingKey' | 'random'>,
  roll: Pick<Roll, 'note' | 'standing'>,
): BreakGlassStore {
  const view = (where: Database | Transaction) => where.withTables<Tables>();
  const rowsIn = (where: Transaction): Promise<Row[]> =>
    view(where).selectFrom('privilege_break_glass').selectAll().orderBy('created_at_ms').orderBy('id').execute();
  const set = async (transaction: Transaction, id: string, change: Partial<Row>): Promise<void> => {
    await view(transaction).updateTable('privilege_break_glass').set(change).where('id', '=', id).execute();
  };
  const opened = (place: string, text: string): string | undefined => {
    try {
      return openText(needs.sealingKey, place, text);
    } catch {
      return undefined;
    }
  };
  const sealedIn = (row: Row): Static<typeof Sealed> | undefined => {
    const text = opened(placeOf(row.id), row.sealed);
    return text === undefined ? undefined : Parse(Sealed, JSON.parse(text));
  };
  const labelOfEarlierForm = (row: Row): string | undefined => opened(`break-glass/${row.id}`, row.sealed);

  const accountOf = (row: Row, standing: ReadonlyMap<string, number> | undefined): BreakGlassAccount => {
    const { id, created_at_ms: createdAtMs, sealed_at_ms: sealedAtMs, told_day: toldDay } = row;
    const base = { id, createdAtMs, sealedAtMs, drilledAtMs: row.drilled_at_ms ?? undefined, toldDay };
    const nothing = { firstHash: '', secondHash: '', passkeyIds: [], isAltered: true } as const;
    const sealed = sealedIn(row);
    if (sealed === undefined) {
      const over = { openedAtMs: row.opened_at_ms ?? sealedAtMs, retiredAtMs: row.retired_at_ms ?? undefined };
      // A damaged row still names itself.
      return { ...base, ...nothing, ...over, userId: '', label: labelOfEarlierForm(row) ?? id, needsPasskey: false };
    }
    const { number, openedAtMs, retiredAtMs, ...facts } = sealed;
    const columns: Readonly<Record<string, unknown>> = columnsOf({ ...facts, id, openedAtMs, retiredAtMs });
    const isAsWritten = Object.entries(columns).every(
      ([name, value]) => new Map(Object.entries(row)).get(name) === value,
    );
    const isNewest = retiredAtMs !== undefined || standing?.get(id) === number;
    const account = { ...base, ...facts, openedAtMs, retiredAtMs };
    return isAsWritten && isNewest ? account : { ...account, ...nothing, openedAtMs: openedAtMs ?? sealedAtMs };
  };

  /** Under a number of its own: the row of before, put back, is found out. */
  const written = async (transaction: Transaction, account: Written) => {
    const { id, userId, label, firstHash, secondHash, needsPasskey, passkeyIds } = account;
    const number = await roll.note(transaction, { id, isOpen: account.retiredAtMs === undefined });
    const { openedAtMs, retiredAtMs } = account;
    const facts = { userId, label, firstHash, secondHash, needsPasskey, passkeyIds, openedAtMs, retiredAtMs, number };
    return { ...columnsOf(account), sealed: sealText(needs, placeOf(id), JSON.stringify(facts)) };
  };
  const write = async (transaction: Transaction, account: Written, more: Partial<Row> = {}): Promise<void> =>
    set(transaction, account.id, { ...(await written(transaction, account)), ...more });

  return {
    async list(where) {
      const standing = await roll.standing(where);
      return (await rowsIn(where)).map((row) => accountOf(row, standing));
    },
    async insert(transaction, { createdAtMs, sealedAtMs, ...account }) {
      const row = { ...account, openedAtMs: undefined, retiredAtMs: undefined, passkeyIds: [] };
      await view(transaction)
        .insertInto('privilege_break_glass')
        .values({
          ...(await written(transaction, row)),
          created_at_ms: createdAtMs,
          sealed_at_ms: sealedAtMs,
          drilled_at_ms: null,
          told_day: 0,
        })
        .execute();
    },
    seal: (transaction, account, { sealedAtMs, drilledAtMs, ...hashes }) =>
      write(
        transaction,
        { ...account, ...hashes, openedAtMs: undefined },
        { sealed_at_ms: sealedAtMs, ...(drilledAtMs === undefined ? {} : { drilled_at_ms: drilledAtMs }) },
      ),
    setPasskeys: (transaction, account, passkeyIds) => write(transaction, { ...account, passkeyIds }),
    // Its codes open nothing even if the row came back.
    open: (transaction, account, atMs) =>
      write(transaction, { ...account, firstHash: '', secondHash: '', openedAtMs: atMs }),
    retire: (transaction, account, atMs) =>
      write(transaction, { ...account, firstHash: '', secondHash: '', passkeyIds: [], retiredAtMs: atMs }),
    told: (transaction, id, day) => set(transaction, id, { told_day: day }),

    async userIdsOfEarlierForm(transaction) {
      const rows = await rowsIn(transaction);
      return rows.filter((row) => labelOfEarlierForm(row) !== undefined).map((row) => row.user_id);
    },
    async takeOver(transaction, { isOwn, passkeyIdsOf }) {
      for (const row of await rowsIn(transaction)) {
        const label = labelOfEarlierForm(row);
        if (label === undefined || !isOwn(row.user_id)) continue;
        const isSpent = row.opened_at_ms !== null || row.retired_at_ms !== null;
        await write(transaction, {
          id: row.id,
          userId: row.user_id,
          label,
          firstHash: isSpent ? '' : row.first_hash,
          secondHash: isSpent ? '' : row.second_hash,
          needsPasskey: row.needs_passkey === 1,
          openedAtMs: row.opened_at_ms ?? undefined,
          retiredAtMs: row.retired_at_ms ?? undefined,
          passkeyIds: passkeyIdsOf(row.id),
        });
      }
    },
  };
}

function columnsOf(account: Written) {
  return {
    id: account.id,
    user_id: account.userId,
    opened_at_ms: account.openedAtMs ?? null,
    retired_at_ms: account.retiredAtMs ?? null,
    first_hash: account.firstHash,
    second_hash: account.secondHash,
    needs_passkey: account.needsPasskey ? 1 : 0,
  };
}
