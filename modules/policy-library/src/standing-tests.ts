import { agentActions, allActions, deviceActions, kindActions } from '@sallyport/access-policy';
import type { AccessPolicy, AccessRequest } from '@sallyport/access-policy';
import { momentsOf } from './moments.ts';
import type { Moment } from './moments.ts';
import type { Subject } from './policy-impact.ts';
import { answerOf } from './policy-test.ts';
import { requestOf } from './question.ts';
import type { Question } from './question.ts';

export type StandingResult = { readonly name: string; readonly passed: boolean; readonly reason: string };

const usual: Moment = { when: '', facts: {} };
const actions: readonly string[] = [...allActions, ...kindActions];

/** What holds whatever anybody writes. Nothing comes into force in which one of these fails. */
export function runStandingTests(
  policy: Pick<AccessPolicy, 'decide' | 'roles'>,
  /** The organisation's texts. */
  texts: string,
  /** Everybody there is, where it is asked whether one of them is left. */
  subjects?: readonly Subject[],
): readonly StandingResult[] {
  const roles = policy.roles().map(({ id }) => id);
  const ask = (question: Question) => policy.decide(requestOf(question));
  const none = (name: string, questions: readonly Question[]): StandingResult => {
    const wrong = questions.find((question) => answerOf(ask(question)) !== 'deny');
    return wrong === undefined
      ? { name, passed: true, reason: '' }
      : { name, passed: false, reason: `"${wrong.action}" is not denied: ${ask(wrong).reason}` };
  };
  const all = (name: string, questions: readonly Question[]): StandingResult => {
    const wrong = questions.find((question) => !ask(question).allowed);
    return wrong === undefined
      ? { name, passed: true, reason: '' }
      : { name, passed: false, reason: `"${wrong.action}" is denied: ${ask(wrong).reason}` };
  };
  /** A proof of just now, in one of the moments that the texts speak of. */
  const canManage = (
    name: string,
    requests: (question: Question) => AccessRequest | AccessRequest[],
  ): StandingResult => {
    const wrong = ['users:manage', 'settings:manage', 'settings:read'].find(
      (action) =>
        ![usual, ...momentsOf(texts)].some(({ facts, assurance }) =>
          [
            requests({
              principal: { kind: 'user', assurance: assurance ?? 2 },
              action,
              facts: { ...facts, proof_age_seconds: 0 },
            }),
          ]
            .flat()
            .some((request) => policy.decide(request).allowed),
        ),
    );
    return wrong === undefined
      ? { name, passed: true, reason: '' }
      : { name, passed: false, reason: `nobody could do "${wrong}" any more` };
  };
  const people = (subjects ?? []).filter(({ kind }) => kind === 'user');
  const everyKind: readonly Question['principal'][] = [
    { kind: 'user', roles, assurance: 3 },
    { kind: 'key', scopes: [...actions] },
    { kind: 'service', scopes: [...actions] },
  ];
  return [
    canManage('An administrator can still manage people and policies', (question) =>
      requestOf({ ...question, principal: { ...question.principal, roles: ['admin'] } }),
    ),
    ...(people.length === 0
      ? []
      : [
          canManage('Somebody there is can still manage people and policies', (question) => {
            const request = requestOf(question);
            return people.map((person) => ({ ...request, principal: { ...request.principal, ...person } }));
          }),
        ]),
    none(
      'Somebody without a second factor can do nothing',
      actions.map((action) => ({ principal: { kind: 'user', roles, assurance: 1 }, action })),
    ),
    none(
      'Somebody without a role can do nothing',
      actions.map((action) => ({ principal: { kind: 'user' }, action })),
    ),
    none(
      'What is grave needs a proof of the last minutes',
      ['users:manage', 'settings:manage', 'keys:manage', 'vault:manage'].map((action) => ({
        principal: { kind: 'user', roles, assurance: 3 },
        action,
        facts: { proof_age_seconds: 601 },
      })),
    ),
    none(
      'Nobody but a device sends pictures',
      deviceActions.flatMap((action) => [
        ...everyKind.map((principal) => ({ principal, action })),
        { principal: { kind: 'operator' }, action },
      ]),
    ),
    none(
      'Nobody but a run of an agent speaks for it',
      agentActions.flatMap((action) => [
        ...everyKind.map((principal) => ({ principal, action })),
        { principal: { kind: 'operator' }, action },
        { principal: { kind: 'device' }, action },
      ]),
    ),
    all(
      'The operator on this machine may do everything',
      allActions.map((action) => ({ principal: { kind: 'operator' }, action, facts: { channel: 'socket' } })),
    ),
    none(
      'Nobody is the operator over the network',
      allActions.map((action) => ({ principal: { kind: 'operator' }, action, facts: { channel: 'network' } })),
    ),
    all(
      'A device sends pictures',
      deviceActions.map((action) => ({ principal: { kind: 'device' }, action })),
    ),
  ];
}
