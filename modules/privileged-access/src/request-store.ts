import { isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { expressionBuilder } from 'kysely';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import type { PrivilegeNeeds } from './needs.ts';
import { privilegeLimits, privilegeStates, wordsOfPart } from './request.ts';
import type { DecisionKind, EndReason, PrivilegeDecision, PrivilegeRequest, PrivilegeState, Said } from './request.ts';

type RequestRow = {
  id: string;
  kind: string;
  state: string;
  requester_id: string;
  role: string;
  minutes: number;
  needed: number;
  created_at_ms: number;
  expires_at_ms: number;
  started_at_ms: number | null;
  spent_ms: number;
  ended_at_ms: number | null;
  ended_because: string | null;
  session_id: string | null;
  device: string | null;
  review_due_ms: number | null;
  told_day: number;
  sealed: string;
};
type DecisionRow = { request_id: string; person_id: string; kind: string; at_ms: number; sealed: string };
type Tables = { privilege_requests: RequestRow; privilege_decisions: DecisionRow };
type Connection = Database | Transaction;
type Sealing = Pick<PrivilegeNeeds, 'sealingKey' | 'random'>;

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
  /** The newest first. */
  list(where: Connection, filter: RequestFilter): Promise<PrivilegeRequest[]>;
  find(where: Connection, id: string): Promise<PrivilegeRequest | undefined>;
  insert(transaction: Transaction, request: PrivilegeRequest): Promise<void>;
  update(transaction: Transaction, request: PrivilegeRequest): Promise<void>;
  /** Throws what the database throws when they have decided so already. */
  addDecision(transaction: Transaction, requestId: string, decision: PrivilegeDecision): Promise<void>;
  removeDecision(transaction: Transaction, requestId: string, personId: string, kind: DecisionKind): Promise<void>;
  setSpent(where: Connection, id: string, spentMs: number): Promise<void>;
  toldDay(where: Connection, id: string): Promise<number>;
  setToldDay(transaction: Transaction, id: string, day: number): Promise<void>;
  /** The oldest of those that are over and want no review, past how many are kept. */
  forgetOldest(transaction: Transaction, kept?: number): Promise<void>;
};

const view = (connection: Connection) => connection.withTables<Tables>();

const isReviewed = () => {
  const { exists, selectFrom } = expressionBuilder<Tables, 'privilege_requests'>();
  return exists(
    selectFrom('privilege_decisions')
      .select('person_id')
      .whereRef('privilege_decisions.request_id', '=', 'privilege_requests.id')
      .where('privilege_decisions.kind', '=', 'review'),
  );
};

export function createRequestStore(needs: Sealing): RequestStore {
  const rowOf = (request: PrivilegeRequest): Omit<RequestRow, 'told_day'> => ({
    id: request.id,
    kind: request.kind,
    state: request.state,
    requester_id: request.requesterId,
    role: request.role,
    minutes: request.minutes,
    needed: request.needed,
    created_at_ms: request.createdAtMs,
    expires_at_ms: request.expiresAtMs,
    started_at_ms: request.startedAtMs ?? null,
    spent_ms: request.spentMs,
    ended_at_ms: request.endedAtMs ?? null,
    ended_because: request.endedBecause ?? null,
    session_id: request.sessionId ?? null,
    device: request.device ?? null,
    review_due_ms: request.reviewDueMs ?? null,
    sealed: sealText(needs, `privilege/${request.id}`, JSON.stringify({ ...request.said, part: partOf(request) })),
  });

  async function list(where: Connection, filter: RequestFilter): Promise<PrivilegeRequest[]> {
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

  return {
    list,
    find: async (where, id) => (await list(where, { id }))[0],
    async insert(transaction, request) {
      await view(transaction)
        .insertInto('privilege_requests')
        .values({ ...rowOf(request), told_day: 0 })
        .execute();
    },
    async update(transaction, request) {
      const { id, ...row } = rowOf(request);
      await view(transaction).updateTable('privilege_requests').set(row).where('id', '=', id).execute();
    },
    async addDecision(transaction, requestId, { personId, kind, atMs, ...said }) {
      const sealed = sealText(needs, `privilege/${requestId}/${kind}/${personId}`, JSON.stringify(said));
      await view(transaction)
        .insertInto('privilege_decisions')
        .values({ request_id: requestId, person_id: personId, kind, at_ms: atMs, sealed })
        .execute();
    },
    async removeDecision(transaction, requestId, personId, kind) {
      await view(transaction)
        .deleteFrom('privilege_decisions')
        .where('request_id', '=', requestId)
        .where('person_id', '=', personId)
        .where('kind', '=', kind)
        .execute();
    },
    async setSpent(where, id, spentMs) {
      await view(where)
        .updateTable('privilege_requests')
        .set({ spent_ms: Math.floor(spentMs) })
        .where('id', '=', id)
        .where('spent_ms', '<', Math.floor(spentMs))
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

/** Whom it is for and of which kind it is never changes: a row that says otherwise was written by hand. */
function partOf({ kind, requesterId, role, site, actions, minutes }: PrivilegeRequest): JsonObject {
  return {
    kind,
    requester: requesterId,
    role,
    site: site ?? null,
    actions: actions === undefined ? null : [...actions],
    minutes,
  };
}

/** What is given, as it was sealed. Undefined where the row says another role or a longer time than it: somebody wrote it by hand. */
function sealedPart(row: RequestRow, said: JsonObject): Pick<PrivilegeRequest, 'site' | 'actions'> | undefined {
  const { part } = said;
  // An earlier version knew whole roles alone.
  if (part === undefined) return said['name'] === undefined ? undefined : { site: undefined, actions: undefined };
  if (!isJsonObject(part) || part['role'] !== row.role || part['minutes'] !== row.minutes) return undefined;
  if (part['kind'] !== row.kind || part['requester'] !== row.requester_id) return undefined;
  const { site, actions } = part;
  return {
    site: typeof site === 'string' ? site : undefined,
    actions: actions === null || actions === undefined ? undefined : textsOf(actions),
  };
}

function requestOf(needs: Sealing, row: RequestRow, decided: readonly DecisionRow[]): PrivilegeRequest {
  const sealed = opened(needs, `privilege/${row.id}`, row.sealed);
  const part = sealedPart(row, sealed);
  const asked = { role: row.role, minutes: row.minutes, site: part?.site, actions: part?.actions };
  const about = wordsOfPart(asked);
  return {
    id: row.id,
    kind: row.kind === 'break-glass' ? 'break-glass' : 'request',
    // What nobody can read gives nothing.
    state: (part === undefined ? undefined : privilegeStates.find((state) => state === row.state)) ?? 'withdrawn',
    requesterId: row.requester_id,
    ...asked,
    needed: row.needed,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    startedAtMs: row.started_at_ms ?? undefined,
    spentMs: row.spent_ms,
    endedAtMs: row.ended_at_ms ?? undefined,
    endedBecause: endReasons.find((reason) => reason === row.ended_because),
    sessionId: row.session_id ?? undefined,
    device: row.device ?? undefined,
    reviewDueMs: row.review_due_ms ?? undefined,
    said: saidOf(sealed),
    // An approval of something else, or of more time, is none of this.
    decisions: decided
      .flatMap((one) => decisionOf(needs, one))
      .filter((one) => one.kind !== 'approve' || (one.about ?? wordsOfPart({ ...asked, ...everything })) === about),
  };
}

const everything = { site: undefined, actions: undefined } as const;

const endReasons: readonly EndReason[] = [
  'time',
  'given_back',
  'revoked',
  'session_ended',
  'device_changed',
  'risk',
  'requester_changed',
  'approver_changed',
  'rules_changed',
];

/** A row that somebody without the key changed says nothing: it gives nothing any more, and its words are gone. */
function opened(needs: Sealing, place: string, sealed: string): JsonObject {
  try {
    const read = parseJson(openText(needs.sealingKey, place, sealed));
    return isJsonObject(read) ? read : {};
  } catch {
    return {};
  }
}

/** One whose seal does not hold is none: an approval written into the table by hand does not count. */
function decisionOf(needs: Sealing, row: DecisionRow): PrivilegeDecision[] {
  const said = opened(needs, `privilege/${row.request_id}/${row.kind}/${row.person_id}`, row.sealed);
  const kind = (['approve', 'deny', 'review'] as const).find((one) => one === row.kind);
  if (kind === undefined || said['name'] === undefined) return [];
  const { verdict, looked } = said;
  return [
    {
      personId: row.person_id,
      kind,
      atMs: row.at_ms,
      name: textOf(said['name']),
      note: textOf(said['note']),
      address: textOf(said['address']),
      ...(typeof said['about'] === 'string' ? { about: said['about'] } : {}),
      ...(verdict === 'proper' || verdict === 'concern' ? { verdict } : {}),
      ...(isJsonObject(looked)
        ? { looked: { entries: countOf(looked['entries']) ?? 0, hasMore: looked['hasMore'] === true } }
        : {}),
    },
  ];
}

function saidOf(said: JsonObject): Said {
  return {
    name: textOf(said['name']),
    reason: textOf(said['reason']),
    address: textOf(said['address']),
    agent: textOf(said['agent']),
    signedInAtMs: countOf(said['signedInAtMs']) ?? 0,
    assurance: countOf(said['assurance']) ?? 0,
    isNewDevice: said['isNewDevice'] !== false,
    risk: countOf(said['risk']),
    riskReasons: textsOf(said['riskReasons']),
    adds: textsOf(said['adds']),
    dangerous: textsOf(said['dangerous']),
    unusual: textsOf(said['unusual']),
    ...(typeof said['endedBy'] === 'string' ? { endedBy: said['endedBy'] } : {}),
    ...(typeof said['endNote'] === 'string' ? { endNote: said['endNote'] } : {}),
  };
}

function countOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
