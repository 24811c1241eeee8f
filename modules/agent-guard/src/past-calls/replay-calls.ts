import type { AgentVerdict, JsonObject } from '@sallyport/contracts';
import { subjectOf } from '../decisions/index.ts';
import type { Decisions } from '../decisions/index.ts';
import { readPastCall, type PastCall } from './judged-call.ts';

/** Decisions about calls, and what came back, as they stand in the ledger, newest first. */
export type PastCalls = {
  /** Of one agent, or of all; decisions, unless answers are asked for. What outsiders sent is never among it. */
  page(wanted: {
    readonly of?: 'answers';
    readonly agentId?: string;
    readonly limit: number;
    readonly after?: string;
  }): Promise<{
    readonly entries: readonly { readonly position: string; readonly atMs: number; readonly event: JsonObject }[];
    readonly next?: string;
  }>;
};

/** Calls that would be answered otherwise, all alike. */
export type CallDifference = {
  readonly tool: string;
  readonly server?: string;
  readonly action: string;
  readonly was: AgentVerdict;
  readonly would: AgentVerdict;
  /** So many different people would have to say yes, where one is not enough. */
  readonly people?: 2;
  readonly reason: string;
  readonly policies: readonly string[];
  readonly calls: number;
  readonly lastMs: number;
  /** Of the newest. */
  readonly position: string;
};

export type ReplayedCalls = {
  readonly calls: number;
  /** Those whose record does not say what is needed to judge them again. */
  readonly untold: number;
  readonly different: number;
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
  /** What would be refused first, then what would be asked, then what would be let through. */
  readonly differences: readonly CallDifference[];
  /** There are more kinds of differences than are shown. */
  readonly isPartly: boolean;
};

export const replayLimits = { calls: 5000, page: 500, pages: 20, differences: 100 } as const;

const strictness: Readonly<Record<AgentVerdict, number>> = { allow: 0, ask: 1, deny: 2 };

/**
 * What a pack would have said of the calls of an agent that were judged last, each with its facts as they were then. What the agent would have done
 * after another answer nobody knows: each call is judged by itself. Gives way between pages; throws the reason of `signal`.
 */
export async function replayCalls(
  pastCalls: PastCalls,
  {
    agentId,
    last,
    decisions,
    signal,
  }: {
    readonly agentId: string;
    readonly last: number;
    readonly decisions: Pick<Decisions, 'decide' | 'pack'>;
    readonly signal: AbortSignal;
  },
): Promise<ReplayedCalls> {
  const found = new Map<string, CallDifference>();
  let [calls, untold, different] = [0, 0, 0];
  let isPartly = false;
  let fromMs: number | undefined;
  let untilMs: number | undefined;
  let after: string | undefined;
  // A page may hold fewer than asked for, where its search found the id in events of others.
  for (let pages = 0; calls < last && pages < replayLimits.pages; pages += 1) {
    signal.throwIfAborted();
    const page = await pastCalls.page({
      agentId,
      limit: Math.min(replayLimits.page, last - calls),
      ...(after === undefined ? {} : { after }),
    });
    for (const { event, atMs, position } of page.entries) {
      calls += 1;
      untilMs ??= atMs;
      fromMs = atMs;
      const call = readPastCall(event);
      if (call === undefined) {
        untold += 1;
        continue;
      }
      const would = judgeAgain(call, decisions);
      if (isSame(call, would) || wasAlone(call, would)) continue;
      different += 1;
      const { tool, verdict: was } = call;
      const key = JSON.stringify([tool, would.action, was, would.verdict, would.policies]);
      const known = found.get(key);
      if (known === undefined && found.size >= replayLimits.differences) {
        isPartly = true;
        continue;
      }
      found.set(key, {
        tool: tool.name,
        ...(tool.server === undefined ? {} : { server: tool.server }),
        action: would.action,
        was,
        would: would.verdict,
        ...(would.people === 2 ? { people: 2 } : {}),
        reason: would.reason,
        policies: would.policies,
        calls: (known?.calls ?? 0) + 1,
        lastMs: known?.lastMs ?? atMs,
        position: known?.position ?? position,
      });
    }
    after = page.next;
    if (after === undefined) break;
  }
  const differences = [...found.values()].toSorted(
    (one, other) => strictness[other.would] - strictness[one.would] || other.calls - one.calls,
  );
  return { calls, untold, different, fromMs, untilMs, differences, isPartly };
}

/** How many were asked is not in the record; by the same policies as many were. */
function isSame(call: PastCall, would: ReturnType<typeof judgeAgain>): boolean {
  const isForOthers = would.people === 2 && call.policies.join('\n') !== would.policies.join('\n');
  return would.verdict === call.verdict && !isForOthers;
}

/** What was refused because nobody could be asked would be asked about where somebody can. */
export function wasAlone(
  call: PastCall,
  would: { readonly verdict: AgentVerdict; readonly policies: readonly string[] },
) {
  return (
    call.verdict === 'deny' &&
    would.verdict === 'ask' &&
    !call.isAttended &&
    call.policies.join('\n') === would.policies.join('\n')
  );
}

/** The strictest of what is said of each thing it does. */
export function judgeAgain(
  { judged, tool, isAttended, harness }: PastCall,
  decisions: Pick<Decisions, 'decide' | 'pack'>,
) {
  const subject = subjectOf({ isAttended, harness, pack: decisions.pack });
  const [worst] = judged
    .map(({ action, facts }) => ({ action, ...decisions.decide({ action, facts, tool, subject }) }))
    .toSorted(
      (one, other) => strictness[other.verdict] - strictness[one.verdict] || (other.people ?? 1) - (one.people ?? 1),
    );
  if (worst === undefined) throw new TypeError('Cannot judge a call again: it does nothing');
  return worst;
}
