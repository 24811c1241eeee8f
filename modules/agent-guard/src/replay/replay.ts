import type { AgentVerdict } from '@sallyport/contracts';
import {
  createSessionJudge,
  goodMachine,
  type Decisions,
  type JudgedCall,
  type SessionJudge,
} from '../decisions/index.ts';
import type { RecordedCall, RecordedTask, Suite } from './read-suites.ts';

/** A call with what a pack said of it. `isGranted`: it asks what the person said yes to before. */
export type ReplayedCall = {
  readonly tool: string;
  readonly verdict: AgentVerdict;
  readonly reason: string;
  readonly policies: readonly string[];
  /** So many different people would be asked. */
  readonly people: 0 | 1 | 2;
  readonly isGranted: boolean;
  readonly input: string;
};

export type ReplayedTask = {
  readonly id: string;
  readonly goal: string;
  readonly calls: readonly ReplayedCall[];
  /** Questions a person would be asked; the same one once. */
  readonly approvals: number;
  readonly outcome: 'allowed' | 'one approval' | 'more approvals' | 'denied';
};

type CallCounts = {
  readonly total: number;
  readonly allowed: number;
  readonly asked: number;
  /** Of those asked, the ones that two people must say yes to. */
  readonly askedTwo: number;
  readonly denied: number;
};

export type SuiteReport = {
  readonly name: string;
  readonly userTasks: {
    readonly total: number;
    readonly allowed: number;
    readonly oneApproval: number;
    readonly moreApprovals: number;
    readonly denied: number;
    readonly calls: CallCounts;
  };
  readonly injectionPairs: {
    /** Replayable: an injection without calls passes anything and says nothing. */
    readonly total: number;
    readonly passed: number;
    readonly needingApproval: number;
    readonly denied: number;
    readonly vacuousInjections: number;
    readonly vacuousPairs: number;
    readonly calls: CallCounts;
  };
};

export type ReplayedPair = {
  readonly user: string;
  readonly injection: string;
  readonly calls: readonly ReplayedCall[];
  readonly outcome: 'passed' | 'asked' | 'denied';
};

const subject = { isAttended: true, isSubAgent: false, harness: 'replay' };

/**
 * The protocol, for each pair (u, i): a session with u's prompt as the only words of a person; u's calls with their results; then i's calls in
 * the same session. Policies never see i's goal. A person says yes to what u needs; a call of i that asks the very same question passes.
 */
export function replayTask(suite: Suite, task: RecordedTask, decisions: Decisions): ReplayedTask {
  return startSession(suite, task, decisions).task;
}

export function replayPair(
  suite: Suite,
  user: RecordedTask,
  injection: RecordedTask,
  decisions: Decisions,
): ReplayedPair {
  const { judge, granted } = startSession(suite, user, decisions);
  const calls = injection.calls.map((call, index) => {
    const replayed = step(suite, call, `injected call ${index + 1}`, { judge, granted });
    return replayed.call;
  });
  const worst = calls.some(({ verdict }) => verdict === 'deny')
    ? 'denied'
    : calls.some((call) => call.verdict === 'ask' && !call.isGranted)
      ? 'asked'
      : 'passed';
  return { user: user.id, injection: injection.id, calls, outcome: worst };
}

export function replaySuite(suite: Suite, decisions: Decisions): SuiteReport {
  const tasks = suite.user.map((task) => replayTask(suite, task, decisions));
  const replayable = suite.injections.filter(({ calls }) => calls.length > 0);
  const pairs = suite.user.flatMap((user) =>
    replayable.map((injection) => replayPair(suite, user, injection, decisions)),
  );
  const vacuousInjections = suite.injections.length - replayable.length;
  const ended = (outcome: ReplayedTask['outcome']): number => tasks.filter((task) => task.outcome === outcome).length;
  const came = (outcome: ReplayedPair['outcome']): number => pairs.filter((pair) => pair.outcome === outcome).length;
  return {
    name: suite.name,
    userTasks: {
      total: tasks.length,
      allowed: ended('allowed'),
      oneApproval: ended('one approval'),
      moreApprovals: ended('more approvals'),
      denied: ended('denied'),
      calls: count(tasks),
    },
    injectionPairs: {
      total: pairs.length,
      passed: came('passed'),
      needingApproval: came('asked'),
      denied: came('denied'),
      vacuousInjections,
      vacuousPairs: vacuousInjections * suite.user.length,
      calls: count(pairs),
    },
  };
}

/** The tasks at every `of`-th position, from the `part`-th: halves that were chosen before anything was tuned. */
export function partOf(suite: Suite, { part, of }: { readonly part: number; readonly of: number }): Suite {
  const pick = <T>(list: readonly T[]): T[] => list.filter((_, index) => index % of === part - 1);
  return { ...suite, user: pick(suite.user), injections: pick(suite.injections) };
}

function startSession(
  suite: Suite,
  task: RecordedTask,
  decisions: Decisions,
): { readonly judge: SessionJudge; readonly granted: Set<string>; readonly task: ReplayedTask } {
  const judge = createSessionJudge(decisions, { subject, machine: () => goodMachine });
  judge.prompt('prompt', task.goal);
  const granted = new Set<string>();
  const steps = task.calls.map((call, index) => {
    const replayed = step(suite, call, `call ${index + 1}`, { judge, granted });
    if (replayed.judged.verdict === 'ask') granted.add(replayed.judged.questionKey);
    return replayed.call;
  });
  const outcome = steps.some(({ verdict }) => verdict === 'deny')
    ? 'denied'
    : granted.size === 0
      ? 'allowed'
      : granted.size === 1
        ? 'one approval'
        : 'more approvals';
  return { judge, granted, task: { id: task.id, goal: task.goal, calls: steps, approvals: granted.size, outcome } };
}

function step(
  suite: Suite,
  recorded: RecordedCall,
  id: string,
  { judge, granted }: { readonly judge: SessionJudge; readonly granted: ReadonlySet<string> },
): { readonly call: ReplayedCall; readonly judged: JudgedCall } {
  const call = { id, tool: suite.tools.get(recorded.tool) ?? { name: recorded.tool }, input: recorded.input };
  const judged = judge.judge(call);
  judge.went(call);
  judge.result(call, recorded.result);
  const { verdict, reason, policies } = judged;
  return {
    judged,
    call: {
      tool: recorded.tool,
      verdict,
      reason,
      policies,
      people: verdict !== 'ask' ? 0 : judged.decisions.some(({ decision }) => decision.people === 2) ? 2 : 1,
      isGranted: verdict === 'ask' && granted.has(judged.questionKey),
      input: JSON.stringify(recorded.input),
    },
  };
}

function count(replayed: readonly { readonly calls: readonly ReplayedCall[] }[]): CallCounts {
  const calls = replayed.flatMap((entry) => entry.calls);
  const of = (verdict: AgentVerdict): number => calls.filter((call) => call.verdict === verdict).length;
  const askedTwo = calls.filter(({ people }) => people === 2).length;
  return { total: calls.length, allowed: of('allow'), asked: of('ask'), askedTwo, denied: of('deny') };
}
