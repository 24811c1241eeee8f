import type { JsonObject } from '@sallyport/contracts';
import type { Watch } from '@sallyport/policy-library';
import type { Pack } from '../decisions/pack-names.ts';
import { AgentGuardError } from '../errors.ts';
import { readPastAnswer } from '../past-calls/past-answer.ts';
import type { ReadAgain } from '../past-calls/past-answer.ts';
import type { PastCalls } from '../past-calls/replay-calls.ts';
import type { OwnText } from '../decisions/own-policy.ts';
import type { ReadAnswerAgain } from './own-tasks.ts';
import type { OwnThread } from './own-thread.ts';
import { ownReplayLimits, runIn } from './past-run.ts';

/** Answers of tools that would be read otherwise, all alike. */
export type AnswerDifference = {
  readonly agent: { readonly id: string; readonly name: string };
  readonly tool: string;
  readonly server?: string;
  /** `trust`: whether its words are trusted. `reveal`: whether the agent reads what stands in it, and not a token. */
  readonly about: 'trust' | 'reveal';
  /** What stands in it, where that is the question: `secret aws-key`. */
  readonly found?: string;
  /** Trusted, or read as it stands, by what is in force now. */
  readonly now: boolean;
  readonly would: boolean;
  readonly answers: number;
  readonly lastMs: number;
  /** Of the newest, in the ledger. */
  readonly position: string;
};

export type ReplayedAnswers = {
  readonly answers: number;
  readonly different: number;
  /** Of them those that would be trusted, or read, and are not now. */
  readonly looser: number;
  readonly differences: readonly AnswerDifference[];
  readonly isPartly: boolean;
};

type AgentKnown = { readonly name: string; readonly pack: Pack; readonly person?: string };

/**
 * Whether the answers that came back last would be trusted, and what stood in them would be read. Each by itself: what later calls would have been
 * told for it nobody knows.
 */
export async function replayAnswers(
  needs: {
    readonly pastCalls: PastCalls;
    readonly thread: Pick<OwnThread, 'readAnswers'>;
    readonly agents: ReadonlyMap<string, AgentKnown>;
  },
  {
    texts,
    inForce,
    last,
    signal,
  }: { readonly texts: readonly OwnText[]; readonly inForce: readonly OwnText[]; readonly last: number } & Pick<
    Required<Watch>,
    'signal'
  >,
): Promise<ReplayedAnswers> {
  const found = new Map<string, AnswerDifference>();
  let [answers, different, looser] = [0, 0, 0];
  let isPartly = false;
  let after: string | undefined;
  const ask = async (of: readonly OwnText[], asked: readonly ReadAnswerAgain[]): Promise<readonly ReadAgain[]> => {
    const answer = await needs.thread.readAnswers(of, asked, { signal });
    if (answer.kind === 'read again') return answer.read;
    throw new AgentGuardError('agent_policy_refused', `Cannot ask these policies: ${answer.reason}`);
  };
  for (let pages = 0; answers < last && pages < ownReplayLimits.pages; pages += 1) {
    signal.throwIfAborted();
    const page = await needs.pastCalls.page({
      of: 'answers',
      limit: Math.min(ownReplayLimits.page, last - answers),
      ...(after === undefined ? {} : { after }),
    });
    const questions = page.entries.flatMap(({ event, atMs, position }) => {
      answers += 1;
      const asked = questionOf(event, needs.agents);
      return asked === undefined ? [] : [{ ...asked, atMs, position }];
    });
    const asked = questions.map((one) => one.asked);
    const [now, would] = [await ask(inForce, asked), await ask(texts, asked)];
    for (const [place, { asked: of, agent, atMs, position }] of questions.entries()) {
      const changes = changesOf(now[place], would[place]);
      if (changes.length === 0) continue;
      different += 1;
      if (changes.some((one) => one.would)) looser += 1;
      for (const change of changes) {
        const { name: tool, server } = of.answer.tool;
        const key = JSON.stringify([agent.id, tool, server, change]);
        const known = found.get(key);
        if (known === undefined && found.size >= ownReplayLimits.differences) {
          isPartly = true;
          continue;
        }
        found.set(key, {
          agent,
          tool,
          ...(server === undefined ? {} : { server }),
          ...change,
          answers: (known?.answers ?? 0) + 1,
          lastMs: known?.lastMs ?? atMs,
          position: known?.position ?? position,
        });
      }
    }
    after = page.next;
    if (after === undefined) break;
  }
  const differences = [...found.values()].toSorted(
    (one, other) => Number(other.would) - Number(one.would) || other.answers - one.answers,
  );
  return { answers, different, looser, differences, isPartly };
}

function questionOf(event: JsonObject, agents: ReadonlyMap<string, AgentKnown>) {
  const said = runIn(event);
  const agent = agents.get(said.agentId);
  const answer = readPastAnswer(event);
  if (agent === undefined || answer === undefined) return undefined;
  const run = { ...said, person: agent.person };
  return { asked: { pack: agent.pack, run, answer }, agent: { id: said.agentId, name: agent.name } };
}

function changesOf(
  now: ReadAgain | undefined,
  would: ReadAgain | undefined,
): readonly Pick<AnswerDifference, 'about' | 'found' | 'now' | 'would'>[] {
  if (now === undefined || would === undefined) return [];
  const [before, after] = [new Set(now.hidden), new Set(would.hidden)];
  return [
    ...(now.isTrusted === would.isTrusted
      ? []
      : [{ about: 'trust', now: now.isTrusted, would: would.isTrusted } as const]),
    ...[...new Set([...before, ...after])]
      .filter((one) => before.has(one) !== after.has(one))
      .map((found) => ({ about: 'reveal', found, now: !before.has(found), would: !after.has(found) }) as const),
  ];
}
