import { createAgentGuard, createOpenJudge } from '@sallyport/agent-guard';
import type { AgentGuard } from '@sallyport/agent-guard';
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import type { PeopleServices } from '@sallyport/identity';
import { errorFields } from '@sallyport/platform/log';
import type { ColumnKeyrings } from './column-keys.ts';
import type { CurrentScopes } from './current-scopes.ts';
import type { CommonNeeds, Custody } from './custody.ts';
import { secretNames } from './secret-names.ts';

export type AgentServices = Pick<AgentGuard, 'routes' | 'sessions'> & { close(): Promise<void> };

const seenEveryMs = 60_000;
const silenceEveryMs = 30_000;

/** AI agents: their runs, what each call may do, and the switch that stops them. */
export async function createAgentServices(
  needs: CommonNeeds &
    Pick<Custody, 'database' | 'ledger' | 'outbox'> & {
      readonly columnKeyrings: Pick<ColumnKeyrings, 'open'>;
      readonly currentScopes: Pick<CurrentScopes, 'of'>;
      readonly people: Pick<PeopleServices['people'], 'list'>;
    },
): Promise<AgentServices> {
  const { log, every } = needs;
  const guard = await createAgentGuard({
    ...needs,
    columnKeys: await needs.columnKeyrings.open(secretNames.agentColumns),
    openJudge: createOpenJudge(agentPolicyFiles()),
    async owner({ kind, id }) {
      const scopes = await needs.currentScopes.of(`${kind}/${id}`);
      if (scopes === undefined) return undefined;
      const name = kind === 'user' ? (await needs.people.list()).find((person) => person.id === id)?.name : id;
      return { name: name ?? id, scopes };
    },
    log: (message, details) => log.warn(message, details),
  });
  const quietly = (what: string, task: () => Promise<void>) => (): void => {
    task().catch((error: unknown) => log.warn(`Cannot ${what} yet`, errorFields(error)));
  };
  const stops = [
    every(
      seenEveryMs,
      quietly('keep when agents were heard of', () => guard.sessions.recordSeen()),
    ),
    every(
      silenceEveryMs,
      quietly('look for agents whose hooks are silent', () => guard.hooks.noteSilence()),
    ),
  ];
  return {
    routes: guard.routes,
    sessions: guard.sessions,
    async close() {
      for (const stop of stops) stop();
      await guard.sessions.recordSeen();
    },
  };
}
