import { createLocalTime, readRecordedQuestion } from '@sallyport/access-policy';
import type { AccessPolicy, AccessRequest, PolicyTexts, RecordedCircumstances } from '@sallyport/access-policy';
import type { JsonObject } from '@sallyport/contracts';
import { messageOf } from '@sallyport/platform/errors';
import { explainRequest } from './explain.ts';
import type { Explained } from './explain.ts';
import type { LoadedPolicies } from './loaded-policies.ts';
import { answerOf } from './policy-test.ts';
import type { Answer } from './policy-test.ts';

/** A question of a record, on its way into the thread. */
export type RecordedQuestion = Pick<RecordedCircumstances, 'principal' | 'address'> & {
  readonly asked: JsonObject;
  readonly atMs: number;
};

/** Questions of records, asked again of policies: of the first of `texts` that are of this `version`, where there is one to be found. */
export type RecordedTask = {
  readonly texts: readonly PolicyTexts[];
  readonly version?: string;
  readonly questions: readonly RecordedQuestion[];
  /** Where each question was asked, as IANA names it: hours and weekdays are of there. */
  readonly timeZone: string;
  readonly explains: boolean;
};

export type RecordedAnswer = { readonly answer: Answer; readonly reason: string; readonly policies: readonly string[] };

export type Asked =
  /** `place`: which of the texts it was. An answer is undefined where the record holds no question that can be asked. */
  | {
      readonly kind: 'asked';
      readonly place: number;
      readonly answers: readonly (RecordedAnswer | undefined)[];
      readonly explained: readonly (Explained | undefined)[];
    }
  /** None is of the version, or can be read any more. */
  | { readonly kind: 'unreadable'; readonly reason: string };

export function createRecordedAsking({ load }: LoadedPolicies): (task: RecordedTask) => Asked {
  return ({ texts, version, questions, timeZone, explains }) => {
    const timeIn = createLocalTime(timeZone);
    let reason = 'none of the policies that are kept is of this version';
    for (const [place, one] of texts.entries()) {
      let policy: AccessPolicy;
      try {
        policy = load(one);
      } catch (error) {
        reason = messageOf(error);
        continue;
      }
      if (version !== undefined && policy.version !== version) continue;
      const requests = questions.map(({ asked, principal, address, atMs }): AccessRequest | undefined =>
        readRecordedQuestion(asked, { principal, address, localTime: () => timeIn(atMs) }),
      );
      return {
        kind: 'asked',
        place,
        answers: requests.map((request) => {
          if (request === undefined) return undefined;
          const decision = policy.decide(request);
          return { answer: answerOf(decision), reason: decision.reason, policies: decision.policies };
        }),
        explained: explains
          ? requests.map((request) => (request === undefined ? undefined : explainRequest(policy, request)))
          : [],
      };
    }
    return { kind: 'unreadable', reason };
  };
}
