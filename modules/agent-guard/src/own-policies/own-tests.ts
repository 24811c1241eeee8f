import { engine as cedar } from '@sallyport/access-policy';
import type { AgentVerdict } from '@sallyport/contracts';
import { decisionActions, subjectOf } from '../decisions/index.ts';
import type { DecisionAction, FlowFacts, PackDecisions } from '../decisions/index.ts';
import { createOpenJudge } from '../judging/open-judge.ts';
import { withOwn } from '../decisions/own-decisions.ts';
import type { OwnInForce } from '../decisions/own-decisions.ts';
import { scopeKey } from '../decisions/own-policy.ts';
import type { OwnRun, OwnScope, OwnTest } from '../decisions/own-policy.ts';

export type OwnTestResult = {
  readonly name: string;
  readonly expect: AgentVerdict;
  readonly got: AgentVerdict;
  readonly passed: boolean;
  readonly reason: string;
  readonly policies: readonly string[];
};

export type StandingResult = { readonly name: string; readonly passed: boolean; readonly reason: string };

/** Somebody in the scope of a document, and nobody else's. */
function runIn(scope: OwnScope): OwnRun {
  return {
    agentId: scope.kind === 'agent' ? scope.id : 'somebody',
    ...(scope.kind === 'person' ? { person: scope.id } : {}),
    ...(scope.kind === 'repository' ? { repository: scope.name } : {}),
  };
}

/** As a call of Claude Code that began with the prompt, judged with the code that judges live. */
export function runOwnTest(packs: PackDecisions, inForce: OwnInForce, scope: OwnScope, test: OwnTest): OwnTestResult {
  const judge = createOpenJudge(packs, { cedar, inForce: () => inForce })({
    pack: test.pack,
    harness: 'claude-code',
    facts: { workspace: '/home/you/project', home: '/home/you', isAttended: true },
    isForgotten: false,
    mark: 'test',
    run: runIn(scope),
  });
  judge.prompted({ id: 'prompt', text: test.prompt, origin: 'person' });
  if (test.read !== undefined)
    judge.saw({ id: 'read', tool: 'read_page', input: {} }, { result: test.read, isSuccess: true });
  const { verdict, reason, policies } = judge.judge({ id: 'call', tool: test.tool, input: test.input }, undefined);
  return { name: test.name, expect: test.expect, got: verdict, passed: verdict === test.expect, reason, policies };
}

const plain: FlowFacts = {
  by: 'parsed',
  intent: 'none',
  isRepeat: false,
  isCertain: true,
  destination: 'none',
  carries: false,
  isChosenByRule: false,
  isProjectCode: false,
  sawForeign: true,
  object: 'none',
  content: 'none',
  links: 'none',
  amount: 'none',
  amountValue: 0,
  credential: 'none',
  sawUntrusted: false,
  sawSensitive: false,
  target: 'none',
  classes: [],
  isMany: false,
  way: '',
  secret: 'none',
  personal: 'none',
  carried: [],
  sawSignals: false,
  posture: 'unknown',
  weaknesses: [],
  risk: 0,
  ownerRisk: 0,
};

/** What an agent that was taken over would do: to whom it chose itself, with what it has, after it read what others wrote. */
const worst: readonly FlowFacts[] = [
  {
    ...plain,
    by: 'words',
    isCertain: false,
    destination: 'made',
    object: 'made',
    content: 'other',
    links: 'made',
    amount: 'made',
    amountValue: 1_000_000,
    credential: 'made',
    sawUntrusted: true,
    sawSensitive: true,
    secret: 'made',
    personal: 'made',
    carried: ['private-key'],
    sawSignals: true,
    carries: true,
  },
  {
    ...plain,
    isCertain: false,
    target: 'path',
    classes: ['system'],
    isMany: true,
    sawUntrusted: true,
    sawSensitive: true,
  },
  {
    ...plain,
    target: 'host',
    way: 'send',
    destination: 'made',
    carries: true,
    sawUntrusted: true,
    sawSensitive: true,
    secret: 'made',
    carried: ['private-key'],
  },
  { ...plain, target: 'program', classes: ['privilege'], isCertain: false, sawUntrusted: true },
];

const questions = decisionActions.flatMap((action) => worst.map((facts) => ({ action, facts })));

const strictness: Readonly<Record<AgentVerdict, number>> = { allow: 0, ask: 1, deny: 2 };

export type Widened = {
  readonly scope: OwnScope;
  readonly action: DecisionAction;
  readonly policies: readonly string[];
};

/**
 * What holds whatever anybody writes, tried at the worst each action can be; and which of that would go ahead without a question, for whoever
 * has to agree.
 */
export function runStandingTests(
  packs: PackDecisions,
  inForce: OwnInForce,
  /** Of documents that permit something: what only forbids lets nothing through. */
  among: readonly OwnScope[],
): { readonly standing: readonly StandingResult[]; readonly widened: readonly Widened[] } {
  const widened = new Map<string, Widened>();
  const broken = new Map<string, string>();
  const scopes = [...new Map(among.map((scope) => [scopeKey(scope), scope])).values()];
  for (const pack of packs.values())
    for (const scope of scopes) {
      const own = withOwn(cedar, pack, { inForce: () => inForce, run: runIn(scope) });
      const subject = subjectOf({ pack: pack.pack, harness: 'claude-code', isAttended: true });
      const compare = (action: DecisionAction, facts: FlowFacts, tool: { name: string; isNew?: boolean }) => {
        const question = { action, facts, tool, subject };
        const [before, after] = [pack.decide(question), own.decide(question)];
        return { before, after, isLooser: strictness[after.verdict] < strictness[before.verdict] };
      };
      for (const { action, facts } of questions) {
        const { before, after, isLooser } = compare(action, facts, { name: 'tool' });
        if (isLooser && before.verdict === 'deny') broken.set(names.denied, `${action}: ${after.reason}`);
        if (isLooser) widened.set(JSON.stringify([scope, action]), { scope, action, policies: after.policies });
        if (compare(action, facts, { name: 'tool', isNew: true }).isLooser)
          broken.set(names.quarantined, `${action}: ${after.reason}`);
        const guarding = { ...facts, classes: ['harness-settings', 'workspace'] };
        if (compare(action, guarding, { name: 'tool' }).isLooser || (action === 'configure' && isLooser))
          broken.set(names.guards, `${action}: ${after.reason}`);
      }
    }
  return {
    standing: Object.values(names).map((name) => {
      const reason = broken.get(name);
      return { name, passed: reason === undefined, reason: reason ?? '' };
    }),
    widened: [...widened.values()],
  };
}

const names = {
  denied: 'What a pack denies stays denied',
  quarantined: 'Tools of servers that nobody approved stay as the pack has them',
  guards: 'What guards an agent stays as the pack has it: settings, hooks and policies',
} as const;
