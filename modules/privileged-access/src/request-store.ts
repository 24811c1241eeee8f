import type { Database, Transaction } from '@sallyport/platform/database';
import { expressionBuilder } from 'kysely';
import { privilegeLimits } from './request.ts';
import type { DecisionKind, PrivilegeDecision, PrivilegeRequest, PrivilegeState } from './request.ts';
import { requestOf, rowOf, sealedDecision } from './request-row.ts';
import type { DecisionRow, KeptRequest, RequestRow, Sealing } from './request-row.ts';
import type { Roll } from './roll.ts';

type Tables = { privilege_requests: RequestRow; privilege_decisions: DecisionRow };
type Connection = Database | Transaction;

export type RequestFilter = {
  readonly id?: string;
  readonly requesterId?: string;
  readonly states?: readonly PrivilegeState[];
  readonly sinceMs?: number;
  /** Over, to be looked at, and not looked at yet. */
  readonly wantsReview?: true;
  readonly limit?: number;
};

/** Requests, grants and what was decided about them. Every function runs in the transaction or database it is handed. */
export type RequestStore = {
  /** The newest first, as their rows say: to be shown. What somebody may do rests on `current` and `open`. */
  list(where: Connection, filter: RequestFilter): Promise<PrivilegeRequest[]>;
  find(where: Connection, id: string): Promise<PrivilegeRequest | undefined>;
  /** As the roll has it: a row of before that was put back is altered, and gives nothing. */
  current(transaction: Transaction, id: string): Promise<KeptRequest | undefined>;
  /** Everything whose row says that it is open, altered or not. */
  open(transaction: Transaction): Promise<KeptRequest[]>;
  insert(transaction: Transaction, request: PrivilegeRequest): Promise<void>;
  update(transaction: Transaction, request: PrivilegeRequest): Promise<void>;
  /** Throws what the database throws when they have decided so already. Counts from the next `update` with it on. */
  addDecision(transaction: Transaction, requestId: string, decision: PrivilegeDecision): Promise<void>;
  removeDecision(transaction: Transaction, requestId: string, personId: string, kind: DecisionKind): Promise<void>;
  setSpent(transaction: Transaction, id: string, spentMs: number): Promise<void>;
  /** What nobody can read is not looked at again. */
  putAside(transaction: Transaction, id: string): Promise<void>;
  toldDay(where: Connection, id: string): Promise<number>;
  setToldDay(transaction: Transaction, id: string, day: number): Promise<void>;
  /** The oldest of those that are over and want no review, past how many are kept. */
  forgetOldest(transaction: Transaction, kept?: number): Promise<void>;
};

const view = (connection: Connection) => connection.withTables<Tables>();
export const openStates: readonly PrivilegeState[] = ['pending', 'approved', 'active'];

const isReviewed = () => {
  const { exists, selectFrom } = expressionBuilder<Tables, 'privilege_requests'>();
  return exists(
    selectFrom('privilege_decisions')
      .select('person_id')
      .whereRef('privilege_decisions.request_id', '=', 'privilege_requests.id')
      .where('privilege_decisions.kind', '=', 'review'),
  );
};

function noted({ id, state }: PrivilegeRequest): { readonly id: string; readonly isOpen: boolean } {
  return { id, isOpen: openStates.includes(state) };
}

export function createRequestStore(needs: Sealing, roll: Pick<Roll, 'note' | 'read'>): RequestStore {
  async function list(where: Connection, filter: RequestFilter): Promise<KeptRequest[]> {
    let query = view(where).selectFrom('privilege_requests').selectAll();
    if (filter.id !== undefined) query = query.where('id', '=', filter.id);
    if (filter.requesterId !== undefined) query = query.where('requester_id', '=', filter.requesterId);
    if (filter.states !== undefined) query = query.where('state', 'in', [...filter.states]);
    if (filter.wantsReview === true)
      query = query
        .where('state', '=', 'ended')
        .where('started_at_ms', 'is not', null)
        .where('review_due_ms', 'is not', null)
        .where(({ not }) => not(isReviewed()));
    if (filter.sinceMs !== undefined) query = query.where('created_at_ms', '>=', filter.sinceMs);
    const rows = await query
      .orderBy('created_at_ms', 'desc')
      .orderBy('id')
      .limit(filter.limit ?? 200)
      .execute();
    if (rows.length === 0) return [];
    const decided = await view(where)
      .selectFrom('privilege_decisions')
      .selectAll()
      .where(
        'request_id',
        'in',
        rows.map(({ id }) => id),
      )
      .orderBy('at_ms')
      .orderBy('person_id')
      .execute();
    const byRequest = Map.groupBy(decided, ({ request_id: id }) => id);
    return rows.map((row) => requestOf(needs, row, byRequest.get(row.id) ?? []));
  }

  /** Inside a transaction nobody writes between the two looks. */
  async function onRoll(transaction: Transaction, found: readonly KeptRequest[]): Promise<KeptRequest[]> {
    const open = (await roll.read(transaction))?.open;
    return found.map((one) => {
      const isOpen = openStates.includes(one.state);
      return !isOpen || open?.get(one.id) === one.number ? one : { ...one, state: 'withdrawn', isAltered: true };
    });
  }

  return {
    list,
    find: async (where, id) => (await list(where, { id }))[0],
    current: async (transaction, id) => (await onRoll(transaction, await list(transaction, { id })))[0],
    open: async (transaction) =>
      onRoll(transaction, await list(transaction, { states: openStates, limit: 2 * privilegeLimits.kept })),
    async insert(transaction, request) {
      const number = await roll.note(transaction, noted(request));
      await view(transaction)
        .insertInto('privilege_requests')
        .values({ ...rowOf(needs, request, number), told_day: 0 })
        .execute();
    },
    async update(transaction, request) {
      const { id, ...row } = rowOf(needs, request, await roll.note(transaction, noted(request)));
      await view(transaction).updateTable('privilege_requests').set(row).where('id', '=', id).execute();
    },
    async addDecision(transaction, requestId, decision) {
      const row = sealedDecision(needs, requestId, decision);
      await view(transaction).insertInto('privilege_decisions').values(row).execute();
    },
    async removeDecision(transaction, requestId, personId, kind) {
      await view(transaction)
        .deleteFrom('privilege_decisions')
        .where('request_id', '=', requestId)
        .where('person_id', '=', personId)
        .where('kind', '=', kind)
        .execute();
    },
    async setSpent(transaction, id, spentMs) {
      const [found] = await list(transaction, { id });
      const spent = Math.floor(spentMs);
      if (found === undefined || found.state !== 'active' || found.spentMs >= spent) return;
      // Under the number it has: who puts the row of before back gains nothing, since its beginning is sealed, too.
      const { id: _same, ...row } = rowOf(needs, { ...found, spentMs: spent }, found.number);
      await view(transaction).updateTable('privilege_requests').set(row).where('id', '=', id).execute();
    },
    async putAside(transaction, id) {
      await view(transaction)
        .updateTable('privilege_requests')
        .set({ state: 'withdrawn' })
        .where('id', '=', id)
        .execute();
    },
    async toldDay(where, id) {
      const row = await view(where)
        .selectFrom('privilege_requests')
        .select('told_day')
        .where('id', '=', id)
        .executeTakeFirst();
      return row?.told_day ?? 0;
    },
    async setToldDay(transaction, id, day) {
      await view(transaction).updateTable('privilege_requests').set({ told_day: day }).where('id', '=', id).execute();
    },
    async forgetOldest(transaction, kept = privilegeLimits.kept) {
      const rows = await view(transaction)
        .selectFrom('privilege_requests')
        .select('id')
        .where('state', 'in', ['ended', 'denied', 'withdrawn', 'expired'])
        // Whoever asks for much must not make forgotten what somebody has yet to look at.
        .where(({ or, eb }) =>
          or([
            eb('state', '<>', 'ended'),
            eb('started_at_ms', 'is', null),
            eb('review_due_ms', 'is', null),
            isReviewed(),
          ]),
        )
        .orderBy('created_at_ms', 'desc')
        .offset(kept)
        .limit(100)
        .execute();
      for (const { id } of rows) {
        await view(transaction).deleteFrom('privilege_decisions').where('request_id', '=', id).execute();
        await view(transaction).deleteFrom('privilege_requests').where('id', '=', id).execute();
      }
    },
  };
}
