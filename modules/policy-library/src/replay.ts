import type { PolicyTexts } from '@sallyport/access-policy';
import type { JsonValue } from '@sallyport/contracts';
import { PolicyLibraryError } from './errors.ts';
import type { PolicyLibraryNeeds } from './needs.ts';
import type { Answer } from './policy-test.ts';
import type { PolicyThread } from './policy-thread.ts';
import { readDecision } from './recorded-decision.ts';
import type { RecordedDecision, RecordedRequest } from './recorded-decision.ts';
import type { RecordedQuestion } from './recorded-tasks.ts';

/** Requests that would be answered otherwise, all alike. */
export type ReplayedDifference = {
  readonly who: { readonly kind: string; readonly id: string; readonly name: string };
  readonly action: string;
  readonly route: string;
  readonly resource?: JsonValue;
  readonly was: Answer;
  readonly would: Answer;
  /** What is in force now would answer so, too: not the draft's doing. */
  readonly alsoNow: boolean;
  readonly reason: string;
  readonly policies: readonly string[];
  readonly requests: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Of the newest record. */
  readonly position: string;
};

export type Replayed = {
  /** Records that were looked at, and requests they stand for. */
  readonly records: number;
  readonly requests: number;
  /** Requests whose question is not in their record. */
  readonly untold: number;
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
  /** Those the draft brings about first, then the newest first. */
  readonly differences: readonly ReplayedDifference[];
  /** Requests that would be answered otherwise, those left out of `differences` too. */
  readonly different: number;
  /** There are more kinds of differences than are shown. */
  readonly partly: boolean;
};

export const replayLimits = { records: 10_000, page: 500, differences: 500 };

type Question = RecordedQuestion & { readonly of: RecordedDecision; readonly request: RecordedRequest };

/**
 * What policies would have answered to the requests that were recorded last, each with its facts as they were. Bounded; gives way between pages; throws the
 * reason of `signal` when it is aborted.
 */
export async function replayDecisions(
  needs: Pick<PolicyLibraryNeeds, 'decisions' | 'timeZone'> & { readonly thread: Pick<PolicyThread, 'ask'> },
  work: {
    readonly draft: PolicyTexts;
    readonly inForce: PolicyTexts;
    readonly last: number;
    readonly signal: AbortSignal;
    readonly onProgress: (done: number) => void;
  },
): Promise<Replayed> {
  const { draft, inForce, last, signal, onProgress } = work;
  const found = new Map<string, ReplayedDifference>();
  let [records, requests, untold, different] = [0, 0, 0, 0];
  let isPartly = false;
  let fromMs: number | undefined;
  let untilMs: number | undefined;
  let after: string | undefined;

  async function ask(texts: PolicyTexts, questions: readonly Question[]) {
    const asked = await needs.thread.ask(
      {
        texts: [texts],
        timeZone: needs.timeZone,
        explains: false,
        questions: questions.map(({ asked: question, principal, address, atMs }) => ({
          asked: question,
          principal,
          ...(address === undefined ? {} : { address }),
          atMs,
        })),
      },
      { signal },
    );
    if (asked.kind === 'asked') return asked.answers;
    throw new PolicyLibraryError('policy_refused', `Cannot ask these policies: ${asked.reason}`);
  }

  while (records < last) {
    signal.throwIfAborted();
    const page = await needs.decisions.page({
      limit: Math.min(replayLimits.page, last - records),
      ...(after === undefined ? {} : { after }),
    });
    const decisions = page.entries.flatMap((entry) => readDecision(entry) ?? []);
    records += decisions.length;
    const questions = decisions.flatMap((of): readonly Question[] => {
      requests += of.count;
      untold += of.who === undefined ? 0 : of.untold;
      fromMs = Math.min(fromMs ?? of.firstMs, of.firstMs);
      untilMs = Math.max(untilMs ?? of.atMs, of.atMs);
      const { who } = of;
      if (who === undefined) return [];
      return of.requests.map((request) => ({
        of,
        request,
        asked: request.asked,
        principal: who,
        address: of.address,
        atMs: of.atMs,
      }));
    });
    const answers = await ask(draft, questions);
    const otherwise = questions.flatMap((question, place) => {
      const answer = answers[place];
      return answer === undefined || answer.answer === question.request.answer ? [] : [{ question, answer }];
    });
    const nowAnswers =
      otherwise.length === 0
        ? []
        : await ask(
            inForce,
            otherwise.map(({ question }) => question),
          );
    for (const [place, { question, answer }] of otherwise.entries()) {
      const { of, request } = question;
      different += request.count;
      const { kind, id, name } = question.principal;
      const resource = request.asked['resource'];
      const key = JSON.stringify([kind, id, request.action, request.route, resource, request.answer, answer.answer]);
      const known = found.get(key);
      if (known === undefined && found.size >= replayLimits.differences) {
        isPartly = true;
        continue;
      }
      found.set(key, {
        who: { kind, id, name },
        action: request.action,
        route: request.route,
        ...(resource === undefined ? {} : { resource }),
        was: request.answer,
        would: answer.answer,
        alsoNow: (known?.alsoNow ?? true) && nowAnswers[place]?.answer === answer.answer,
        reason: known?.reason ?? answer.reason,
        policies: known?.policies ?? answer.policies,
        requests: (known?.requests ?? 0) + request.count,
        firstMs: Math.min(known?.firstMs ?? of.firstMs, of.firstMs),
        lastMs: Math.max(known?.lastMs ?? of.atMs, of.atMs),
        position: known?.position ?? of.position,
      });
    }
    onProgress(records / last);
    after = page.next;
    if (after === undefined || page.entries.length === 0) break;
  }
  const differences = [...found.values()].toSorted(
    (one, other) => Number(one.alsoNow) - Number(other.alsoNow) || other.lastMs - one.lastMs,
  );
  return { records, requests, untold, fromMs, untilMs, differences, different, partly: isPartly };
}
