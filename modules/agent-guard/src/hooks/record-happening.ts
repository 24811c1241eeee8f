import type { AgentHappening, AgentSession as SessionWords } from '@sallyport/contracts';
import { createIds } from '@sallyport/platform/ids';
import type { SessionSteps } from '../approvals/session-steps.ts';
import { happened } from '../audit-record.ts';
import type { AgentGuardNeeds } from '../needs.ts';

/** Resolves once the ledger holds what a run did or was told. Each is a stream of its own, so that nothing has to be counted on. */
export type RecordHappening = (words: SessionWords, happening: AgentHappening) => Promise<void>;

export function createRecordHappening(
  needs: Pick<AgentGuardNeeds, 'ledger' | 'clock' | 'random'> & { readonly steps: Pick<SessionSteps, 'note'> },
): RecordHappening {
  const { ledger, clock } = needs;
  const newId = createIds(needs.random);
  return async (words, happening) => {
    needs.steps.note(words.parent ?? words.id, clock.nowMs(), happening);
    const { classUid, event } = happened(clock.nowMs(), words, happening);
    await ledger.append({
      collector: 'agent',
      priority: 'control',
      entries: [
        {
          classUid,
          sequence: 0,
          stream: `agent/${newId()}`,
          body: Buffer.from(JSON.stringify(event)),
        },
      ],
    });
  };
}
