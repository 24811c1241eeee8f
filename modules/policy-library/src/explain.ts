import { allRoles } from '@sallyport/access-policy';
import type { AccessPolicy, AccessRequest, Explanation } from '@sallyport/access-policy';
import { answerOf } from './policy-test.ts';
import type { Answer } from './policy-test.ts';

/** One thing that would make a yes of a no. */
export type Way = {
  readonly kind: 'proof' | 'second_factor' | 'role' | 'scope' | 'risk' | 'socket';
  readonly words: string;
  readonly role?: string;
};

export type Explained = Explanation & {
  readonly answer: Answer;
  /** Of a no: what would make a yes of it, each by itself or with the proof it needs. Empty where nothing alone would. */
  readonly ways: readonly Way[];
};

/** Why this is decided as it is, and what would have to be otherwise: found by asking again with one thing changed. */
export function explainRequest(policy: AccessPolicy, request: AccessRequest): Explained {
  const explanation = policy.explain(request);
  const answer = answerOf(explanation.decision);
  if (answer === 'allow') return { ...explanation, answer, ways: [] };
  const { principal, context, action } = request;
  const isPerson = principal.kind === 'user';
  const tries: readonly (readonly [Way, AccessRequest])[] = [
    ...(isPerson
      ? ([
          [
            { kind: 'proof', words: 'Prove anew who they are' },
            { ...request, context: { ...context, proofAgeSeconds: 0 } },
          ],
          [
            { kind: 'second_factor', words: 'Sign in with a second factor' },
            { ...request, principal: { ...principal, assurance: 2 } },
          ],
          [
            { kind: 'second_factor', words: 'Sign in with a passkey' },
            { ...request, principal: { ...principal, assurance: 3 } },
          ],
        ] as const)
      : []),
    ...(isPerson
      ? policy
          .roles()
          .filter(({ id }) => principal.roles?.includes(id) !== true)
          .map(
            ({ id, name }) =>
              [
                { kind: 'role', role: id, words: `Hold the role ${name}` },
                { ...request, principal: { ...principal, roles: [...(principal.roles ?? []), id] } },
              ] as const,
          )
      : []),
    ...(principal.kind === 'key' || principal.kind === 'service'
      ? ([
          [
            { kind: 'scope', words: `Have the scope "${action}"` },
            { ...request, principal: { ...principal, scopes: [...principal.scopes, action] } },
          ],
        ] as const)
      : []),
    ...(principal.kind === 'operator'
      ? ([
          [
            { kind: 'socket', words: 'Come through the socket on the machine itself' },
            { ...request, context: { ...context, channel: 'socket' } },
          ],
        ] as const)
      : []),
    [
      { kind: 'risk', words: 'Be at no risk' },
      { ...request, risk: { value: 0, isFresh: true } },
    ],
  ];
  const ways: Way[] = [];
  for (const [way, asked] of tries) {
    const { allowed, needsProof } = policy.decide(asked);
    const isBetter = allowed || (needsProof === true && answer === 'deny');
    if (isBetter) ways.push(needsProof === true ? { ...way, words: `${way.words}, and prove anew who they are` } : way);
  }
  return { ...explanation, answer, ways: withoutNeedless(ways) };
}

/** Whoever may do it as anything needs no greater role named: those that come with the product stand in order of what they may, the administrator first. */
function withoutNeedless(ways: readonly Way[]): readonly Way[] {
  const roles = ways.filter(({ role }) => role !== undefined);
  const others = roles.some(({ role }) => role !== allRoles[0]);
  return others ? ways.filter(({ role }) => role !== allRoles[0]) : ways;
}
