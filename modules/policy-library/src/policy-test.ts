import type { AccessPolicy } from '@sallyport/access-policy';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Check } from 'typebox/value';
import { PolicyLibraryError } from './errors.ts';
import { QuestionBody, requestOf } from './question.ts';

const Expected = Type.Union([Type.Literal('allow'), Type.Literal('deny'), Type.Literal('needs_proof')]);

/** A question and its right answer. */
export const PolicyTestBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    ...QuestionBody,
    expect: Expected,
    policy: Type.Optional(Type.String({ maxLength: 64, description: 'One of the policies that must have decided' })),
  },
  { additionalProperties: false },
);

export type PolicyTest = Static<typeof PolicyTestBody>;
export type Answer = Static<typeof Expected>;

export type PolicyTestResult = {
  readonly name: string;
  readonly expect: Answer;
  readonly got: Answer;
  readonly passed: boolean;
  /** What the deciding policies say. */
  readonly reason: string;
  readonly policies: readonly string[];
};

const Tests = Type.Array(PolicyTestBody, { maxItems: 100 });

/** Throws `policy_document_invalid`. */
export function readPolicyTests(value: unknown, where: string): readonly PolicyTest[] {
  if (Check(Tests, value)) return value;
  throw new PolicyLibraryError(
    'policy_document_invalid',
    `Cannot read the tests of "${where}": must be at most 100, each {name, principal: {kind, …}, action, expect: "allow" | "deny" | "needs_proof"}`,
  );
}

export function answerOf({
  allowed,
  needsProof,
}: {
  readonly allowed: boolean;
  readonly needsProof?: boolean;
}): Answer {
  return allowed ? 'allow' : needsProof === true ? 'needs_proof' : 'deny';
}

export function runPolicyTest(policy: Pick<AccessPolicy, 'decide'>, test: PolicyTest): PolicyTestResult {
  const decision = policy.decide(requestOf(test));
  const got = answerOf(decision);
  return {
    name: test.name,
    expect: test.expect,
    got,
    passed: got === test.expect && (test.policy === undefined || decision.policies.includes(test.policy)),
    reason: decision.reason,
    policies: decision.policies,
  };
}
