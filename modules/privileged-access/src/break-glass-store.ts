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
  /** Counters of its passkeys when they were used last, by their ids. Both that follow are missing in rows of before they were sealed. */
  counters: Type.Optional(Type.Record(Type.String(), Type.Number())),
  times: Type.Optional(
    Type.Object({
      createdAtMs: Type.Number(),
      sealedAtMs: Type.Number(),
      drilledAtMs: Type.Optional(Type.Number()),
      toldDay: Type.Number(),
    }),
  ),
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
  /** How far the counter of each had come: one that stands otherwise beside it is none. */
  readonly counters: Readonly<Record<string, number>>;
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
type Written = Omit<BreakGlassAccount, 'isAltered'>;

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
  /** `counters`: of those that are new. */
  setPasskeys(
    transaction: Transaction,
    account: BreakGlassAccount,
    ids: readonly string[],
    counters?: Readonly<Record<string, number>>,
  ): Promise<void>;
  /** One of its passkeys was used. */
  used(transaction: Transaction, account: BreakGlassAccount, passkey: { id: string; counter: number }): Promise<void>;
  open(transaction: Transaction, account: BreakGlassAccount, atMs: number): Promise<void>;
  retire(transaction: Transaction, account: BreakGlassAccount, atMs: number): Promise<void>;
  told(transaction: Transaction, account: BreakGlassAccount, day: number): Promise<void>;
  /** Whom accounts of an earlier version, which sealed the label alone, say they stand for. */
  userIdsOfEarlierForm(transaction: Transaction): Promise<string[]>;
  /** Seals those accounts as they are, once. */
  takeOver(
    transaction: Transaction,
    by: {
      readonly isOwn: (userId: string) => boolean;
      readonly passkeysOf: PasskeysOf;
    },
  ): Promise<void>;
  /** Seals times and counters of accounts of before these were sealed, as they stand. None is like that later: its number is sealed with them. */
  sealTimes(transaction: Transaction, passkeysOf: PasskeysOf): Promise<void>;
};

type PasskeysOf = (id: string) => readonly { readonly id: string; readonly counter: number }[];

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
    const { id } = row;
    const nothing = { firstHash: '', secondHash: '', passkeyIds: [], counters: {}, isAltered: true } as const;
    const sealed = sealedIn(row);
    if (sealed === undefined) {
      const times = { ...timesIn(row), drilledAtMs: undefined, toldDay: 0 };
      const over = { openedAtMs: row.opened_at_ms ?? times.sealedAtMs, retiredAtMs: row.retired_at_ms ?? undefined };
      // A damaged row still names itself.
      return {
        id,
        ...times,
        ...nothing,
        ...over,
        userId: '',
        label: labelOfEarlierForm(row) ?? id,
        needsPasskey: false,
      };
    }
    const { number, openedAtMs, retiredAtMs, times = timesIn(row), counters = {}, ...facts } = sealed;
    const { createdAtMs, sealedAtMs, toldDay } = times;
    const base = { id, createdAtMs, sealedAtMs, drilledAtMs: times.drilledAtMs, toldDay, counters };
    // The day of the last reminder is read from the seal alone: a server of before, which writes that column alone, closes nothing by it.
    const { told_day: _, ...columns } = columnsOf({ ...base, ...facts, openedAtMs, retiredAtMs });
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
    const { openedAtMs, retiredAtMs, createdAtMs, sealedAtMs, drilledAtMs, toldDay, counters } = account;
    const times = { createdAtMs, sealedAtMs, drilledAtMs, toldDay };
    const standing = { openedAtMs, retiredAtMs, counters, times, number };
    const facts = { userId, label, firstHash, secondHash, needsPasskey, passkeyIds, ...standing };
    return { ...columnsOf(account), sealed: sealText(needs, placeOf(id), JSON.stringify(facts)) };
  };
  const write = async (transaction: Transaction, account: Written): Promise<void> =>
    set(transaction, account.id, await written(transaction, account));

  return {
    async list(where) {
      const standing = await roll.standing(where);
      return (await rowsIn(where)).map((row) => accountOf(row, standing));
    },
    async insert(transaction, account) {
      const none = { openedAtMs: undefined, retiredAtMs: undefined, drilledAtMs: undefined } as const;
      const row = { ...account, ...none, toldDay: 0, passkeyIds: [], counters: {} };
      await view(transaction)
        .insertInto('privilege_break_glass')
        .values(await written(transaction, row))
        .execute();
    },
    seal: (transaction, account, { drilledAtMs = account.drilledAtMs, ...hashes }) =>
      write(transaction, { ...account, ...hashes, drilledAtMs, openedAtMs: undefined }),
    setPasskeys(transaction, account, passkeyIds, added = {}) {
      const counters = Object.entries({ ...account.counters, ...added }).filter(([id]) => passkeyIds.includes(id));
      return write(transaction, { ...account, passkeyIds, counters: Object.fromEntries(counters) });
    },
    used: (transaction, account, { id, counter }) =>
      write(transaction, { ...account, counters: { ...account.counters, [id]: counter } }),
    // Its codes open nothing even if the row came back.
    open: (transaction, account, atMs) =>
      write(transaction, { ...account, firstHash: '', secondHash: '', openedAtMs: atMs }),
    retire: (transaction, account, atMs) =>
      write(transaction, {
        ...account,
        firstHash: '',
        secondHash: '',
        passkeyIds: [],
        counters: {},
        retiredAtMs: atMs,
      }),
    told: (transaction, account, toldDay) => write(transaction, { ...account, toldDay }),

    async userIdsOfEarlierForm(transaction) {
      const rows = await rowsIn(transaction);
      return rows.filter((row) => labelOfEarlierForm(row) !== undefined).map((row) => row.user_id);
    },
    async takeOver(transaction, { isOwn, passkeysOf }) {
      for (const row of await rowsIn(transaction)) {
        const label = labelOfEarlierForm(row);
        if (label === undefined || !isOwn(row.user_id)) continue;
        const isSpent = row.opened_at_ms !== null || row.retired_at_ms !== null;
        await write(transaction, {
          id: row.id,
          ...timesIn(row),
          userId: row.user_id,
          label,
          firstHash: isSpent ? '' : row.first_hash,
          secondHash: isSpent ? '' : row.second_hash,
          needsPasskey: row.needs_passkey === 1,
          openedAtMs: row.opened_at_ms ?? undefined,
          retiredAtMs: row.retired_at_ms ?? undefined,
          ...standingPasskeys(passkeysOf(row.id)),
        });
      }
    },
    async sealTimes(transaction, passkeysOf) {
      const rows = await rowsIn(transaction);
      for (const row of rows) {
        const account = accountOf(row, await roll.standing(transaction));
        if (sealedIn(row)?.times !== undefined || account.isAltered === true || account.retiredAtMs !== undefined)
          continue;
        const own = passkeysOf(row.id).filter(({ id }) => account.passkeyIds.includes(id));
        await write(transaction, { ...account, counters: standingPasskeys(own).counters });
      }
    },
  };
}

function columnsOf(account: Written) {
  return {
    id: account.id,
    user_id: account.userId,
    created_at_ms: account.createdAtMs,
    sealed_at_ms: account.sealedAtMs,
    drilled_at_ms: account.drilledAtMs ?? null,
    told_day: account.toldDay,
    opened_at_ms: account.openedAtMs ?? null,
    retired_at_ms: account.retiredAtMs ?? null,
    first_hash: account.firstHash,
    second_hash: account.secondHash,
    needs_passkey: account.needsPasskey ? 1 : 0,
  };
}

function timesIn({
  created_at_ms: createdAtMs,
  sealed_at_ms: sealedAtMs,
  drilled_at_ms: drilled,
  told_day: toldDay,
}: Row) {
  return { createdAtMs, sealedAtMs, drilledAtMs: drilled ?? undefined, toldDay };
}

function standingPasskeys(passkeys: ReturnType<PasskeysOf>) {
  return {
    passkeyIds: passkeys.map(({ id }) => id),
    counters: Object.fromEntries(passkeys.map(({ id, counter }) => [id, counter])),
  };
}
