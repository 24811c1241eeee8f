import type { WaitingApproval } from '../approvals/open-questions.ts';
import { mayAnswer } from '../approvals/who-answers.ts';
import { whyNotCounted } from '../approvals/two-people.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { NoticeChoices } from './notice-choices.ts';
import type { Telling } from './telling.ts';

/** Ids of the people who want mail about this question, and whose yes would count now. */
export async function whoIsTold(
  waiting: Pick<WaitingApproval, 'approval' | 'question' | 'standing' | 'yeses'>,
  needs: Pick<AgentGuardNeeds, 'owner' | 'servicesOf'> & {
    readonly choices: Pick<NoticeChoices, 'all'>;
    readonly telling: Pick<Telling, 'approvers'>;
  },
): Promise<readonly string[]> {
  const { of, isAnybody } = await needs.choices.all();
  if (!isAnybody) return [];
  const { person } = waiting.standing;
  const approvers = (await needs.telling.approvers()).map(({ id }) => id).filter((id) => of(id) === 'all');
  const wanted = new Set([...(person === undefined || of(person) === 'none' ? [] : [person]), ...approvers]);
  const told: string[] = [];
  for (const id of wanted) if (await wouldCount(id, waiting, needs)) told.push(id);
  return told;
}

/** Whether somebody could say yes to it at this moment, as they are now. */
export async function wouldCount(
  userId: string,
  waiting: Pick<WaitingApproval, 'approval' | 'question' | 'standing' | 'yeses'>,
  { owner, servicesOf }: Pick<AgentGuardNeeds, 'owner' | 'servicesOf'>,
): Promise<boolean> {
  const person = await owner({ kind: 'user', id: userId });
  // Without this nobody answers at all, not even for agents of their own.
  if (person?.scopes.includes('agents:run') !== true) return false;
  const by = { kind: 'user', id: userId, name: person.name, scopes: person.scopes } as const;
  const services = (await servicesOf(userId)).map((id) => ({ kind: 'service', id }) as const);
  return (
    mayAnswer(by, waiting.approval, [{ kind: 'user', id: userId }, ...services]) &&
    whyNotCounted(by, waiting) === undefined
  );
}
