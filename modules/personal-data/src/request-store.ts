import type { Database, Transaction } from '@sallyport/platform/database';

/** What a person asked about what is held on them. */
export type RequestKind = 'access' | 'erasure';
export type StoredRequest = {
  readonly id: string;
  readonly kind: RequestKind;
  readonly keyIds: readonly string[];
  /** Whom it is about, sealed under their own keys. */
  readonly sealed: string;
  readonly reason: string;
  readonly askedAtMs: number;
  readonly askedBy: { readonly id: string; readonly name: string };
  readonly destructionId: string | undefined;
  /** Events whose copies were made to forget. */
  readonly forgotten: number;
  readonly endedAtMs: number | undefined;
};

type Row = {
  id: string;
  kind: string;
  key_ids: string;
  sealed: string;
  reason: string;
  asked_at_ms: number;
  asked_by: string;
  asked_by_name: string;
  destruction_id: string | null;
  forgotten: number;
  ended_at_ms: number | null;
};
type Tables = { personal_requests: Row };

const mostShown = 500;

export function createRequestStore(plain: Database) {
  const database = plain.withTables<Tables>();
  return {
    async add(transaction: Transaction, request: StoredRequest): Promise<void> {
      const { askedBy } = request;
      await transaction
        .withTables<Tables>()
        .insertInto('personal_requests')
        .values({
          id: request.id,
          kind: request.kind,
          key_ids: request.keyIds.join(' '),
          sealed: request.sealed,
          reason: request.reason,
          asked_at_ms: request.askedAtMs,
          asked_by: askedBy.id,
          asked_by_name: askedBy.name,
          destruction_id: request.destructionId ?? null,
          forgotten: request.forgotten,
          ended_at_ms: request.endedAtMs ?? null,
        })
        .execute();
    },
    async find(id: string): Promise<StoredRequest | undefined> {
      const row = await database.selectFrom('personal_requests').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : requestOf(row);
    },
    /** The newest first. */
    async list(): Promise<readonly StoredRequest[]> {
      const rows = await database
        .selectFrom('personal_requests')
        .selectAll()
        .orderBy('asked_at_ms', 'desc')
        .orderBy('id')
        .limit(mostShown)
        .execute();
      return rows.map(requestOf);
    },
    async open(): Promise<readonly StoredRequest[]> {
      const rows = await database
        .selectFrom('personal_requests')
        .selectAll()
        .where('ended_at_ms', 'is', null)
        .where('kind', '=', 'erasure')
        .execute();
      return rows.map(requestOf);
    },
    async end(transaction: Transaction, id: string, ended: { forgotten: number; endedAtMs: number }): Promise<void> {
      await transaction
        .withTables<Tables>()
        .updateTable('personal_requests')
        .set({ forgotten: ended.forgotten, ended_at_ms: ended.endedAtMs })
        .where('id', '=', id)
        .execute();
    },
  };
}

function requestOf(row: Row): StoredRequest {
  return {
    id: row.id,
    kind: row.kind === 'erasure' ? 'erasure' : 'access',
    keyIds: row.key_ids.split(' '),
    sealed: row.sealed,
    reason: row.reason,
    askedAtMs: row.asked_at_ms,
    askedBy: { id: row.asked_by, name: row.asked_by_name },
    destructionId: row.destruction_id ?? undefined,
    forgotten: row.forgotten,
    endedAtMs: row.ended_at_ms ?? undefined,
  };
}
