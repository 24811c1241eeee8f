import { isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { Actor } from '@sallyport/ledger';
import { createEncryptedColumns, encrypted } from '@sallyport/platform/encrypted-columns';
import type { Encrypted } from '@sallyport/platform/encrypted-columns';
import { guardEvent } from '../audit-record.ts';
import { AgentGuardError } from '../errors.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { AnsweredApproval } from './approval.ts';
import { visibleLine } from './visible-text.ts';

/** Somebody was asked about a call and thinks that policy should answer it: a note for whoever chooses policies. Changes nothing. */
export type Proposal = {
  readonly id: string;
  readonly agentId: string;
  readonly approvalId: string;
  readonly tool: string;
  readonly place: string;
  readonly title: string;
  /** Policies that asked. */
  readonly policies: readonly string[];
  /** What the call did, as policies call it. */
  readonly kinds: readonly string[];
  /** What was answered, where somebody did. */
  readonly answer?: 'granted' | 'refused';
  /** What should be, in their words. */
  readonly words: string;
  readonly by: { readonly id: string; readonly name: string };
  readonly atMs: number;
};

export type Proposals = {
  list(): Promise<readonly Proposal[]>;
  /** Throws `agent_limit_reached`, `agent_invalid`. The same person about the same question: their newest words. */
  propose(request: {
    readonly approval: AnsweredApproval;
    readonly words: string;
    readonly by: Actor;
  }): Promise<Proposal>;
  /** It was seen to, or will not be; `note` says which. Throws `agent_proposal_not_found`. */
  close(request: { readonly id: string; readonly note: string; readonly by: Actor }): Promise<void>;
};

type Tables = {
  agent_proposals: {
    readonly id: string;
    readonly agent_id: string;
    readonly by_id: string;
    readonly document: Encrypted;
    readonly at_ms: number;
  };
};

const limits = { all: 500, perPerson: 50 } as const;

export function createProposals(
  needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'columnKeys'>,
): Proposals {
  const { database, outbox, clock, random } = needs;
  const columns = createEncryptedColumns<Tables>({
    keys: needs.columnKeys,
    random,
    tables: { agent_proposals: { row: 'id', columns: { document: encrypted({ padBytes: 256 }) } } },
  });

  async function list(where: Parameters<typeof columns.on>[0] = database): Promise<readonly Proposal[]> {
    const rows = await columns.on(where).selectFrom('agent_proposals').selectAll().orderBy('at_ms', 'desc').execute();
    return rows.map((row) => {
      const kept: unknown = parseJson(row.document);
      const said = isJsonObject(kept) ? kept : {};
      return {
        id: row.id,
        agentId: row.agent_id,
        approvalId: textOf(said['approval']),
        tool: textOf(said['tool']),
        place: textOf(said['place']),
        title: textOf(said['title']),
        policies: textsOf(said['policies']),
        kinds: textsOf(said['kinds']),
        ...answerOf(textOf(said['answer'])),
        words: textOf(said['words']),
        by: { id: row.by_id, name: textOf(said['by']) },
        atMs: row.at_ms,
      };
    });
  }

  return {
    list: () => list(),

    async propose({ approval, words, by }) {
      const wanted = visibleLine(words.trim(), 500);
      if (wanted === '') throw new AgentGuardError('agent_invalid', 'Cannot propose a change: must say what should be');
      const nowMs = clock.nowMs();
      const made: Proposal = {
        id: Buffer.from(random(8)).toString('hex'),
        agentId: approval.agentId,
        approvalId: approval.id,
        tool: approval.tool,
        place: approval.place,
        title: approval.title,
        policies: approval.policies,
        kinds: approval.kinds,
        ...answerOf(approval.answer?.end ?? ''),
        words: wanted,
        by: { id: by.id, name: visibleLine(by.name, 200) },
        atMs: nowMs,
      };
      await database.transaction().execute(async (transaction) => {
        const open = await list(transaction);
        const before = open.find((one) => one.approvalId === approval.id && one.by.id === by.id);
        if (before !== undefined)
          await columns.on(transaction).deleteFrom('agent_proposals').where('id', '=', before.id).execute();
        else if (open.length >= limits.all || open.filter((one) => one.by.id === by.id).length >= limits.perPerson)
          throw new AgentGuardError('agent_limit_reached', 'Cannot propose more: too many proposals wait to be read');
        await columns
          .on(transaction)
          .insertInto('agent_proposals')
          .values({
            id: made.id,
            agent_id: made.agentId,
            by_id: by.id,
            document: JSON.stringify({
              approval: made.approvalId,
              tool: made.tool,
              place: made.place,
              title: made.title,
              policies: made.policies,
              kinds: made.kinds,
              answer: made.answer ?? '',
              words: made.words,
              by: made.by.name,
            }),
            at_ms: nowMs,
          })
          .execute();
        await outbox.record(
          transaction,
          guardEvent({
            nowMs,
            by,
            action: 'agent.policy_propose',
            target: { type: 'agent', id: made.agentId },
            details: { proposal: made.id, approval: made.approvalId, tool: made.tool, policies: made.policies },
          }),
        );
      });
      await outbox.flushed();
      return made;
    },

    async close({ id, note, by }) {
      await database.transaction().execute(async (transaction) => {
        const { numDeletedRows } = await columns
          .on(transaction)
          .deleteFrom('agent_proposals')
          .where('id', '=', id)
          .executeTakeFirst();
        if (numDeletedRows !== 1n)
          throw new AgentGuardError('agent_proposal_not_found', `Cannot find proposal "${id}"`);
        await outbox.record(
          transaction,
          guardEvent({
            nowMs: clock.nowMs(),
            by,
            action: 'agent.policy_proposal_close',
            target: { type: 'agent proposal', id },
            details: { note: visibleLine(note.trim(), 500) },
          }),
        );
      });
      await outbox.flushed();
    },
  };
}

function answerOf(end: string): Pick<Proposal, 'answer'> {
  return end === 'granted' || end === 'refused' ? { answer: end } : {};
}
