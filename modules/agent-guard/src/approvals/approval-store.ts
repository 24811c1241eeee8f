import { agentActions, isJsonObject, itemsOf, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { Database, Transaction } from '@sallyport/platform/database';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { ColumnKeys, Encrypted, Opened } from '@sallyport/platform/encrypted-columns';
import { isSameOwner } from '../sessions/agent.ts';
import type { Owner } from '../sessions/agent.ts';
import { approvalEnds } from './approval.ts';
import type { Answer, AnsweredApproval, Approval, Yes } from './approval.ts';

type Row = {
  readonly id: string;
  readonly session_id: string;
  readonly agent_id: string;
  readonly owner_kind: string;
  readonly owner_id: string;
  /** `open`, or how it ended. */
  readonly state: string;
  readonly answered_by: string | null;
  /** The rest as JSON. */
  readonly document: Encrypted;
  readonly asked_at_ms: number;
  readonly answered_at_ms: number | null;
};
type Tables = { agent_approvals: Row };
type Where = Database | Transaction;

/** What was asked, and how it was answered. Every function runs in the transaction or database it is handed. */
export type ApprovalStore = ReturnType<typeof createApprovalStore>;

export function createApprovalStore(needs: {
  readonly columnKeys: ColumnKeys;
  readonly random: (length: number) => Uint8Array;
}) {
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random: needs.random,
    tables: { agent_approvals: { row: 'id', columns: { document: encrypted({ padBytes: 256 }) } } },
  });
  const rows = (where: Where) => columns.on(where).selectFrom('agent_approvals').selectAll();

  return {
    async insert(transaction: Transaction, approval: Approval): Promise<void> {
      await columns
        .on(transaction)
        .insertInto('agent_approvals')
        .values({
          id: approval.id,
          session_id: approval.sessionId,
          agent_id: approval.agentId,
          owner_kind: approval.owner.kind,
          owner_id: approval.owner.id,
          state: 'open',
          answered_by: null,
          document: JSON.stringify(documentOf(approval)),
          asked_at_ms: approval.askedAtMs,
          answered_at_ms: null,
        })
        .execute();
    },

    /** False for one that was answered before. */
    async answer(transaction: Transaction, approval: Approval, answer: Answer): Promise<boolean> {
      const { numUpdatedRows } = await columns
        .on(transaction)
        .updateTable('agent_approvals')
        .set({
          state: answer.end,
          answered_by: answer.by?.id ?? null,
          answered_at_ms: answer.atMs,
          document: JSON.stringify({
            ...documentOf(approval),
            scope: answer.scope,
            words: answer.words,
            ...(answer.by === undefined ? {} : { by: answer.by.name }),
            ...(answer.yeses === undefined ? {} : { yeses: answer.yeses }),
            ...(answer.heldUntilMs === undefined ? {} : { heldUntilMs: answer.heldUntilMs }),
          }),
        })
        .where('id', '=', approval.id)
        .where('state', '=', 'open')
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },

    /** Some of the people it takes have said yes; it waits on. False where it waits no more. */
    async keepYeses(transaction: Transaction, approval: Approval, yeses: readonly Yes[]): Promise<boolean> {
      const { numUpdatedRows } = await columns
        .on(transaction)
        .updateTable('agent_approvals')
        .set({ document: JSON.stringify({ ...documentOf(approval), yeses }) })
        .where('id', '=', approval.id)
        .where('state', '=', 'open')
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },

    /**
     * What was said before a restart, for one question more and no second: read where it is used up, for of two calls at once the other
     * may have been here first. None where it is not held any more.
     */
    async takeHeld(
      transaction: Transaction,
      { id, nowMs }: { readonly id: string; readonly nowMs: number },
    ): Promise<readonly Yes[]> {
      const row = await rows(transaction).where('id', '=', id).executeTakeFirst();
      if (row === undefined) return [];
      const { answer, ...approval } = toApproval(row);
      if (answer === undefined || (answer.heldUntilMs ?? 0) <= nowMs) return [];
      const { heldUntilMs: _held, end: _end, atMs: _atMs, by, ...rest } = answer;
      await columns
        .on(transaction)
        .updateTable('agent_approvals')
        .set({
          document: JSON.stringify({
            ...documentOf(approval),
            ...rest,
            ...(by === undefined ? {} : { by: by.name }),
          }),
        })
        .where('id', '=', approval.id)
        .execute();
      return answer.yeses ?? [];
    },

    async find(where: Where, id: string): Promise<AnsweredApproval | undefined> {
      const row = await rows(where).where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : toApproval(row);
    },

    /** Newest first. */
    async list(
      where: Where,
      asked: {
        readonly owners?: readonly Owner[];
        readonly agentId?: string;
        readonly state?: 'open';
        readonly limit: number;
      },
    ): Promise<readonly AnsweredApproval[]> {
      let found = rows(where);
      if (asked.owners !== undefined)
        found = found.where(
          'owner_id',
          'in',
          asked.owners.map(({ id }) => id),
        );
      if (asked.agentId !== undefined) found = found.where('agent_id', '=', asked.agentId);
      if (asked.state !== undefined) found = found.where('state', '=', asked.state);
      const newest = await found.orderBy('asked_at_ms', 'desc').orderBy('id').limit(asked.limit).execute();
      const { owners } = asked;
      // Ids of people, accounts and keys do not meet; should they, a kind is no other.
      return newest
        .map(toApproval)
        .filter(({ owner }) => owners === undefined || owners.some((one) => isSameOwner(one, owner)));
    },

    async removeBefore(transaction: Transaction, askedBeforeMs: number): Promise<void> {
      const old = columns.on(transaction).deleteFrom('agent_approvals').where('asked_at_ms', '<', askedBeforeMs);
      await old.where('state', '!=', 'open').execute();
    },
  };
}

function documentOf({ tool, place, kinds, title, policies, digest, call, forTwo }: Approval): JsonObject {
  return {
    tool,
    place,
    kinds,
    title,
    policies,
    digest,
    ...(forTwo === undefined ? {} : { forTwo }),
    call: { id: call.id, action: call.action, tool: call.tool.name, server: call.tool.server?.name ?? '' },
  };
}

function numberOf(value: JsonValue | undefined): number {
  return typeof value === 'number' ? value : 0;
}

function toYes(kept: JsonValue): Yes {
  const yes = isJsonObject(kept) ? kept : {};
  return { id: textOf(yes['id']), name: textOf(yes['name']), atMs: numberOf(yes['atMs']) };
}

/** Sealed by us, with its row bound into the seal: what opens is what was written. */
function toApproval(row: Opened<Tables>['agent_approvals']): AnsweredApproval {
  const kept: unknown = parseJson(row.document);
  if (!isJsonObject(kept)) throw new TypeError('Cannot read an approval: it has another shape');
  const call = isJsonObject(kept['call']) ? kept['call'] : {};
  const server = textOf(call['server']);
  const end = approvalEnds.find((one) => one === row.state);
  const name = textOf(kept['by']);
  const yeses = itemsOf(kept['yeses']).map(toYes);
  const forTwo = kept['forTwo'];
  const { heldUntilMs } = kept;
  return {
    id: row.id,
    sessionId: row.session_id,
    agentId: row.agent_id,
    owner: {
      kind: row.owner_kind === 'service' || row.owner_kind === 'key' ? row.owner_kind : 'user',
      id: row.owner_id,
    },
    askedAtMs: row.asked_at_ms,
    tool: textOf(kept['tool']),
    place: textOf(kept['place']),
    kinds: textsOf(kept['kinds']),
    title: textOf(kept['title']),
    policies: textsOf(kept['policies']),
    digest: textOf(kept['digest']),
    call: {
      id: textOf(call['id']),
      tool: { name: textOf(call['tool']), ...(server === '' ? {} : { server: { name: server } }) },
      action: agentActions.find((action) => action === call['action']) ?? 'execute',
    },
    ...(isJsonObject(forTwo)
      ? { forTwo: { fingerprint: textOf(forTwo['fingerprint']), waitsUntilMs: numberOf(forTwo['waitsUntilMs']) } }
      : {}),
    ...(end === undefined
      ? { yeses }
      : {
          answer: {
            end,
            atMs: row.answered_at_ms ?? row.asked_at_ms,
            scope: kept['scope'] === 'session' ? 'session' : 'once',
            words: textOf(kept['words']),
            ...(row.answered_by === null ? {} : { by: { id: row.answered_by, name } }),
            ...(yeses.length === 0 ? {} : { yeses }),
            ...(heldUntilMs === undefined ? {} : { heldUntilMs: numberOf(heldUntilMs) }),
          },
        }),
  };
}
