import type { AgentVerdict } from '@sallyport/contracts';
import type { Author, Watch } from '@sallyport/policy-library';
import type { Pack } from '../decisions/pack-names.ts';
import { readPastCall } from '../past-calls/judged-call.ts';
import type { PastCalls } from '../past-calls/replay-calls.ts';
import { AgentGuardError } from '../errors.ts';
import type { OwnRun, OwnText } from '../decisions/own-policy.ts';
import type { OwnThread } from './own-thread.ts';
import { ownReplayLimits, runIn } from './past-run.ts';
import { replayAnswers } from './replay-answers.ts';
import type { ReplayedAnswers } from './replay-answers.ts';
import type { JudgeAgain } from './own-tasks.ts';

/** Calls that would be answered otherwise, all alike. */
export type OwnDifference = {
  readonly agent: { readonly id: string; readonly name: string };
  readonly tool: string;
  readonly server?: string;
  readonly action: string;
  /** As it is recorded. */
  readonly was: AgentVerdict;
  /** By what is in force now. */
  readonly now: AgentVerdict;
  readonly would: AgentVerdict;
  readonly reason: string;
  readonly policies: readonly string[];
  readonly calls: number;
  readonly lastMs: number;
  /** Of the newest, in the ledger. */
  readonly position: string;
};

export type ReplayCounts = {
  readonly calls: number;
  /** Those whose record does not say what is needed to judge them again, or whose agent is gone. */
  readonly untold: number;
  readonly agents: number;
  /** Calls that would be answered otherwise than by what is in force now. */
  readonly different: number;
  /** Of them those that would be let through sooner. */
  readonly looser: number;
};

export type ReplayedOwn = ReplayCounts & {
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** What would be let through first. */
  readonly differences: readonly OwnDifference[];
  readonly isPartly: boolean;
  /** Answers of tools that would be trusted, or read, otherwise. Missing in what was kept before they were looked at. */
  readonly answers?: ReplayedAnswers;
};

export type ReplaySummary = ReplayCounts & {
  /** Of what was replayed, and on top of which version: it says nothing about any other. */
  readonly digest: string;
  readonly against: number;
  readonly last: number;
  readonly atMs: number;
  readonly by: Author;
};

const strictness: Readonly<Record<AgentVerdict, number>> = { allow: 0, ask: 1, deny: 2 };

/**
 * What the documents would have said of the calls that were judged last, of all agents, each by the pack its agent has now and with the facts it
 * had then. What an agent would have done after another answer nobody knows. Gives way between pages; throws the reason of `signal`.
 */
export async function replayOwn(
  needs: {
    readonly pastCalls: PastCalls;
    readonly thread: Pick<OwnThread, 'replay' | 'readAnswers'>;
    /** Agents there are, with who is behind them. */
    readonly agents: () => Promise<
      ReadonlyMap<string, { readonly name: string; readonly pack: Pack; readonly person?: string }>
    >;
  },
  work: {
    readonly texts: readonly OwnText[];
    readonly inForce: readonly OwnText[];
    readonly last: number;
  } & Required<Watch>,
): Promise<ReplayedOwn> {
  const { texts, inForce, last, signal, onProgress } = work;
  const agents = await needs.agents();
  const found = new Map<string, OwnDifference>();
  const seen = new Set<string>();
  let [calls, untold, different, looser] = [0, 0, 0, 0];
  let isPartly = false;
  let fromMs: number | undefined;
  let untilMs: number | undefined;
  let after: string | undefined;

  const ask = async (of: readonly OwnText[], asked: readonly JudgeAgain[]) => {
    const answer = await needs.thread.replay(of, asked, { signal });
    if (answer.kind === 'replayed') return answer.would;
    throw new AgentGuardError('agent_policy_refused', `Cannot ask these policies: ${answer.reason}`);
  };

  for (let pages = 0; calls < last && pages < ownReplayLimits.pages; pages += 1) {
    signal.throwIfAborted();
    const page = await needs.pastCalls.page({
      limit: Math.min(ownReplayLimits.page, last - calls),
      ...(after === undefined ? {} : { after }),
    });
    const questions = page.entries.flatMap(({ event, atMs, position }) => {
      calls += 1;
      untilMs ??= atMs;
      fromMs = atMs;
      const said = runIn(event);
      const agent = agents.get(said.agentId);
      const call = readPastCall(event);
      if (agent === undefined || call === undefined) {
        untold += 1;
        return [];
      }
      seen.add(said.agentId);
      const run: OwnRun = { ...said, person: agent.person };
      return [
        { asked: { pack: agent.pack, run, call }, agent: { id: said.agentId, name: agent.name }, atMs, position },
      ];
    });
    const would = await ask(
      texts,
      questions.map(({ asked }) => asked),
    );
    const now = await ask(
      inForce,
      questions.map(({ asked }) => asked),
    );
    for (const [place, { asked, agent, atMs, position }] of questions.entries()) {
      const { call } = asked;
      const [before, next] = [now[place], would[place]];
      const [nowVerdict, wouldVerdict] = [before?.verdict ?? call.verdict, next?.verdict ?? call.verdict];
      if (nowVerdict === wouldVerdict) continue;
      different += 1;
      if (strictness[wouldVerdict] < strictness[nowVerdict]) looser += 1;
      // Of what is as it was recorded nobody says why: then it is what speaks today that would not any more.
      const { action, reason, policies } = next ?? before ?? { action: '', reason: '', policies: call.policies };
      const key = JSON.stringify([agent.id, call.tool, action, call.verdict, nowVerdict, wouldVerdict, policies]);
      const known = found.get(key);
      if (known === undefined && found.size >= ownReplayLimits.differences) {
        isPartly = true;
        continue;
      }
      found.set(key, {
        agent,
        tool: call.tool.name,
        ...(call.tool.server === undefined ? {} : { server: call.tool.server }),
        action,
        was: call.verdict,
        now: nowVerdict,
        would: wouldVerdict,
        reason,
        policies,
        calls: (known?.calls ?? 0) + 1,
        lastMs: known?.lastMs ?? atMs,
        position: known?.position ?? position,
      });
    }
    onProgress((0.8 * calls) / last);
    after = page.next;
    if (after === undefined) break;
  }
  const answers = await replayAnswers({ ...needs, agents }, { texts, inForce, last, signal });
  onProgress(1);
  const differences = [...found.values()].toSorted(
    (one, other) => strictness[one.would] - strictness[other.would] || other.calls - one.calls,
  );
  return {
    calls,
    untold,
    agents: seen.size,
    different,
    looser,
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(untilMs === undefined ? {} : { untilMs }),
    differences,
    isPartly,
    answers,
  };
}
