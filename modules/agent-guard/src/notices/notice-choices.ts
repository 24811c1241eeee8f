import type { Actor } from '@sallyport/ledger';
import { guardEvent } from '../audit-record.ts';
import type { AgentGuardNeeds } from '../needs.ts';

/** Of which questions a person gets mail: none, those of agents that act for them, or all that they may answer. */
export const noticeScopes = ['none', 'own', 'all'] as const;
type NoticeScope = (typeof noticeScopes)[number];

/** Who wants mail about waiting questions. What a person chose goes before what the organisation says; nobody is told before somebody said so. */
export type NoticeChoices = {
  organization(): Promise<NoticeScope>;
  /** Undefined for who leaves it to the organisation. */
  own(userId: string): Promise<NoticeScope | undefined>;
  /** Of everybody; asked with every question. `isAllWanted`: somebody may want mail about questions of others. */
  all(): Promise<{ readonly of: (userId: string) => NoticeScope; readonly isAllWanted: boolean }>;
  setOrganization(request: { readonly mail: NoticeScope; readonly by: Actor }): Promise<void>;
  setOwn(request: { readonly mail: NoticeScope | undefined; readonly by: Actor }): Promise<void>;
};

const organizationRow = 'organization';
const rowOf = (userId: string): string => `user/${userId}`;

type Tables = { agent_notice_choices: { readonly who: string; readonly mail: string } };

export function createNoticeChoices(needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock'>): NoticeChoices {
  const { outbox, clock } = needs;
  const database = needs.database.withTables<Tables>();

  async function chosen(who: string): Promise<NoticeScope | undefined> {
    const query = database.selectFrom('agent_notice_choices').select('mail').where('who', '=', who);
    const row = await query.executeTakeFirst();
    return row === undefined ? undefined : scopeOf(row.mail);
  }

  async function set(who: string, mail: NoticeScope | undefined, by: Actor): Promise<void> {
    await needs.database.transaction().execute(async (transaction) => {
      const table = transaction.withTables<Tables>();
      const before = await table
        .selectFrom('agent_notice_choices')
        .select('mail')
        .where('who', '=', who)
        .executeTakeFirst();
      if (before?.mail === mail) return;
      if (mail === undefined) await table.deleteFrom('agent_notice_choices').where('who', '=', who).execute();
      else
        await table
          .insertInto('agent_notice_choices')
          .values({ who, mail })
          .onConflict((conflict) => conflict.column('who').doUpdateSet({ mail }))
          .execute();
      const isOrganization = who === organizationRow;
      await outbox.record(
        transaction,
        guardEvent({
          nowMs: clock.nowMs(),
          by,
          action: 'agent.notice_choose',
          target: isOrganization
            ? { type: 'setting', id: 'agent-notices' }
            : { type: 'user', id: by.id, name: by.name },
          details: { mail: { from: before?.mail ?? unset(isOrganization), to: mail ?? unset(isOrganization) } },
        }),
      );
    });
    await outbox.flushed();
  }

  const organization = async (): Promise<NoticeScope> => (await chosen(organizationRow)) ?? 'none';
  return {
    organization,
    own: (userId) => chosen(rowOf(userId)),

    async all() {
      const found = await database.selectFrom('agent_notice_choices').selectAll().execute();
      const byWho = new Map(found.map(({ who, mail }) => [who, scopeOf(mail)]));
      const others = byWho.get(organizationRow) ?? 'none';
      return {
        of: (userId) => byWho.get(rowOf(userId)) ?? others,
        isAllWanted: [...byWho.values()].includes('all'),
      };
    },

    setOrganization: ({ mail, by }) => set(organizationRow, mail, by),
    setOwn: ({ mail, by }) => set(rowOf(by.id), mail, by),
  };
}

function unset(isOrganization: boolean): string {
  return isOrganization ? 'none' : 'organization';
}

/** A word that nobody knows any more tells nobody. */
function scopeOf(text: string): NoticeScope {
  return noticeScopes.find((one) => one === text) ?? 'none';
}
