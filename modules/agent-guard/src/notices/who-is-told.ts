import type { WaitingApproval } from '../approvals/open-questions.ts';
import { mayAnswer } from '../approvals/who-answers.ts';
import { whyNotCounted } from '../approvals/two-people.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import { isSameOwner } from '../sessions/agent.ts';
import type { NoticeChoices } from './notice-choices.ts';
import type { Telling } from './telling.ts';

type Asked = Pick<WaitingApproval, 'approval' | 'question' | 'standing' | 'yeses'>;
type Needs = Pick<AgentGuardNeeds, 'owner' | 'servicesOf'> & {
  readonly choices: Pick<NoticeChoices, 'all'>;
  readonly telling: Pick<Telling, 'approvers' | 'holdsForNow'>;
};

/** Ids of the people who want mail about this question, and whose yes may count. It is looked at again before they are told. */
export async function whoMayBeTold(
  { standing: { person }, yeses }: Asked,
  { choices, telling }: Pick<Needs, 'choices' | 'telling'>,
): Promise<readonly string[]> {
  const { of, isAllWanted } = await choices.all();
  const wanted = new Set<string>(person === undefined || of(person) === 'none' ? [] : [person]);
  // By what they chose first: what somebody may do costs more to find out.
  const mayWant = (id: string): boolean =>
    of(id) === 'all' && !wanted.has(id) && !yeses.some(({ id: before }) => before === id);
  const approvers = isAllWanted ? await telling.approvers(mayWant) : [];
  return [...wanted, ...approvers.map(({ id }) => id)];
}

/**
 * Which of these questions somebody wants mail about and could say yes to at this moment, as they are and as they chose by now. Of one's
 * own are those of agents one began and of service accounts one answers for, not of keys one made. What they hold for a time counts while they
 * hold it.
 */
export async function concerning<Q extends Asked>(
  userId: string,
  questions: readonly Q[],
  { owner, servicesOf, choices, telling }: Needs,
): Promise<readonly Q[]> {
  const chosen = (await choices.all()).of(userId);
  const person = chosen === 'none' ? undefined : await owner({ kind: 'user', id: userId });
  if (person === undefined) return [];
  const scopes = new Set(person.scopes);
  for (const scope of ['agents:run', 'agents:approve'] as const)
    if (!scopes.has(scope) && (await telling.holdsForNow(userId, scope))) scopes.add(scope);
  // Without this nobody answers at all, not even for agents of their own.
  if (!scopes.has('agents:run')) return [];
  const by = { kind: 'user', id: userId, name: person.name, scopes: [...scopes] } as const;
  const services = (await servicesOf(userId)).map((id) => ({ kind: 'service', id }) as const);
  const owners = [{ kind: 'user', id: userId } as const, ...services];
  return questions.filter(
    (one) =>
      (chosen === 'all' || owners.some((own) => isSameOwner(own, one.approval.owner))) &&
      mayAnswer(by, one.approval, owners) &&
      whyNotCounted(by, one) === undefined,
  );
}
