import type { Database, Transaction } from '@sallyport/platform/database';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import type { PrivilegeNeeds } from './needs.ts';

export type BreakGlassAccount = {
  readonly id: string;
  readonly userId: string;
  readonly label: string;
  readonly createdAtMs: number;
  /** When its codes were made. */
  readonly sealedAtMs: number;
  /** Its codes were used then, and are good for nothing any more. */
  readonly openedAtMs: number | undefined;
  readonly drilledAtMs: number | undefined;
  readonly retiredAtMs: number | undefined;
  readonly toldDay: number;
  /** Its codes were made to open it with a passkey only. For people to read: what counts stands in the hashes. */
  readonly needsPasskey: boolean;
  readonly firstHash: string;
  readonly secondHash: string;
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

export type BreakGlassStore = {
  /** The oldest first, retired ones included. */
  list(where: Database | Transaction): Promise<BreakGlassAccount[]>;
  insert(
    transaction: Transaction,
    account: Pick<BreakGlassAccount, 'id' | 'userId' | 'label' | 'createdAtMs'> & Hashes,
  ): Promise<void>;
  seal(transaction: Transaction, id: string, hashes: Hashes & { readonly drilledAtMs?: number }): Promise<void>;
  open(transaction: Transaction, id: string, atMs: number): Promise<void>;
  retire(transaction: Transaction, id: string, atMs: number): Promise<void>;
  told(transaction: Transaction, id: string, day: number): Promise<void>;
};

export function createBreakGlassStore(needs: Pick<PrivilegeNeeds, 'sealingKey' | 'random'>): BreakGlassStore {
  const set = async (transaction: Transaction, id: string, change: Partial<Row>): Promise<void> => {
    await transaction
      .withTables<Tables>()
      .updateTable('privilege_break_glass')
      .set(change)
      .where('id', '=', id)
      .execute();
  };
  return {
    async list(where) {
      const rows = await where
        .withTables<Tables>()
        .selectFrom('privilege_break_glass')
        .selectAll()
        .orderBy('created_at_ms')
        .orderBy('id')
        .execute();
      return rows.map((row) => ({
        id: row.id,
        userId: row.user_id,
        label: labelOf(needs.sealingKey, row),
        createdAtMs: row.created_at_ms,
        sealedAtMs: row.sealed_at_ms,
        openedAtMs: row.opened_at_ms ?? undefined,
        drilledAtMs: row.drilled_at_ms ?? undefined,
        retiredAtMs: row.retired_at_ms ?? undefined,
        toldDay: row.told_day,
        needsPasskey: row.needs_passkey === 1,
        firstHash: row.first_hash,
        secondHash: row.second_hash,
      }));
    },
    async insert(transaction, { id, userId, label, createdAtMs, sealedAtMs, ...hashes }) {
      await transaction
        .withTables<Tables>()
        .insertInto('privilege_break_glass')
        .values({
          id,
          user_id: userId,
          created_at_ms: createdAtMs,
          sealed_at_ms: sealedAtMs,
          opened_at_ms: null,
          drilled_at_ms: null,
          retired_at_ms: null,
          told_day: 0,
          ...hashRow(hashes),
          sealed: sealText(needs, `break-glass/${id}`, label),
        })
        .execute();
    },
    seal: (transaction, id, { sealedAtMs, drilledAtMs, ...hashes }) =>
      set(transaction, id, {
        ...hashRow(hashes),
        sealed_at_ms: sealedAtMs,
        opened_at_ms: null,
        ...(drilledAtMs === undefined ? {} : { drilled_at_ms: drilledAtMs }),
      }),
    open: (transaction, id, atMs) => set(transaction, id, { opened_at_ms: atMs }),
    // Its codes open nothing even if the row came back.
    retire: (transaction, id, atMs) => set(transaction, id, { retired_at_ms: atMs, first_hash: '', second_hash: '' }),
    told: (transaction, id, day) => set(transaction, id, { told_day: day }),
  };
}

function hashRow({ firstHash, secondHash, needsPasskey }: Omit<Hashes, 'sealedAtMs'>) {
  return { first_hash: firstHash, second_hash: secondHash, needs_passkey: needsPasskey ? 1 : 0 };
}

/** A damaged row still names itself. */
function labelOf(key: Uint8Array, row: Row): string {
  try {
    return openText(key, `break-glass/${row.id}`, row.sealed);
  } catch {
    return row.id;
  }
}
