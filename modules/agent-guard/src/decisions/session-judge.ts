import type { ActionsOfCall } from '@sallyport/agent-actions';
import type { AgentOrigin, AgentVerdict } from '@sallyport/contracts';
import { createSessionFlow, describeTool, quotePlace } from '@sallyport/information-flow';
import type { CallFlow, FlowCall, SessionFlow, SessionFlowOptions } from '@sallyport/information-flow';
import { createForeignContent } from './foreign-content.ts';
import { createCarriedContent, type Carried, type KnownContent } from './carried-content.ts';
import { unknownMachine } from './machine-facts.ts';
import type { MachineFacts } from './machine-facts.ts';
import { noRisk } from './risk-facts.ts';
import type { RiskFacts } from './risk-facts.ts';
import type { Decision, Decisions, DecisionSubject, DecisionTool } from './decide.ts';
import { questionOfAction, questionsOfWords, type DecisionAction, type FlowFacts, type Question } from './facts.ts';

export type JudgedCall = {
  readonly verdict: AgentVerdict;
  /** The policy's words, then where what decides came from. */
  readonly reason: string;
  /** Ids of the policies that decided. */
  readonly policies: readonly string[];
  /** The action that decided: of several, the one judged most strictly. */
  readonly action: DecisionAction;
  readonly decisions: readonly {
    readonly action: DecisionAction;
    readonly facts: FlowFacts;
    readonly decision: Decision;
  }[];
  readonly flow: CallFlow;
  /** Secrets and personal data in its arguments. */
  readonly carried: Carried;
  /** Two calls with the same are one question to a person. */
  readonly questionKey: string;
};

/** One session under one pack: what it saw, and what each call may do. No input or output; bounded. */
export type SessionJudge = {
  prompt: SessionFlow['prompt'];
  /**
   * `parsed`: what the call does, read word by word, where its tool is one we know. What was not understood there is judged as the worst.
   * `known`: what tokens stand for, in the call and elsewhere.
   */
  judge(call: FlowCall, parsed?: ActionsOfCall, known?: KnownContent): JudgedCall;
  /** The call goes ahead. */
  went: SessionFlow['went'];
  failed: SessionFlow['failed'];
  /** What came back; whether it is trusted is for the pack to say, unless `origin` is given. */
  result(call: FlowCall, text: string, origin?: AgentOrigin): AgentOrigin;
  input: SessionFlow['input'];
  /** Something that came in had words meant for a machine. */
  signalled(): void;
  /** Secrets came in that the agent reads as they are: it could tell of them in words that no form is found in. */
  readSecrets(): void;
};

const strictness: Readonly<Record<AgentVerdict, number>> = { allow: 0, ask: 1, deny: 2 };
/** Of what is let through, what would have been asked about says so first; of what is asked about, what takes two people. */
const rank = ({ verdict, isLifted, people }: Decision): number =>
  strictness[verdict] + (isLifted === true || people === 2 ? 0.5 : 0);

export function createSessionJudge(
  decisions: Decisions,
  {
    subject,
    machine = () => unknownMachine,
    risk = () => noRisk,
    toolOf = ({ tool }) => ({ name: tool.name }),
    ...options
  }: SessionFlowOptions & {
    readonly subject: DecisionSubject;
    /** Of the machine it runs on, asked with each call: it may not be kept as it was when the run began. */
    readonly machine?: () => MachineFacts;
    /** Of the agent and of whoever it acts for, as it is now. */
    readonly risk?: () => RiskFacts;
    readonly toolOf?: (call: FlowCall) => DecisionTool;
  },
): SessionJudge {
  const flow = createSessionFlow(options);
  const content = createCarriedContent(flow);
  let hasReadSecrets = false;
  const origins = createForeignContent();
  return {
    prompt(id, text, origin = 'person') {
      flow.prompt(id, text, origin);
      if (origin === 'untrusted') origins.cameIn();
      if (origin === 'person') content.typed(text);
    },
    signalled: content.signalled,
    readSecrets() {
      hasReadSecrets = true;
    },
    judge(call, parsed, known) {
      const seen = flow.judge(call);
      origins.judged(call, parsed);
      const carried = content.of(call, seen.destinations, known);
      const now = { ...machine(), ...risk() };
      const questions = questionsOf(seen, parsed, flow).map((question) => ({
        ...question,
        facts: {
          ...question.facts,
          ...carried.facts,
          ...now,
          sawForeign: origins.sawForeign(parsed),
          sawSensitive: question.facts.sawSensitive || hasReadSecrets,
        },
      }));
      const tool = toolOf(call);
      const judged = questions.map((question) => ({
        ...question,
        decision: decisions.decide({ action: question.action, facts: question.facts, tool, subject }),
      }));
      const refused = parsed?.refusals[0];
      const worst = judged.toSorted((a, b) => rank(b.decision) - rank(a.decision))[0];
      // A call that does nothing we could name is no harmless one.
      const decision: Decision = worst?.decision ?? {
        verdict: 'deny',
        reason: 'Nothing says what this call does',
        policies: [],
      };
      const path = worst?.where === undefined ? seen.path : pathOf(worst.where, seen);
      return {
        verdict: decision.verdict,
        reason: [
          decision.reason,
          decision.verdict === 'allow' ? '' : refused?.message,
          decision.verdict === 'allow' && seen.intent === 'said' ? seen.intentWhy : path,
        ]
          .filter((part) => part !== undefined && part !== '')
          .join('. '),
        policies: decision.policies,
        action: worst?.action ?? 'other',
        decisions: judged.map(({ action, facts, decision: each }) => ({ action, facts, decision: each })),
        flow: seen,
        carried,
        questionKey: seen.questionKey,
      };
    },
    went: flow.went,
    failed: flow.failed,
    result(call, text, origin) {
      const said =
        origin ?? (decisions.trusts(toolOf(call), describeTool(call.tool).answers, subject) ? 'trusted' : 'untrusted');
      flow.result(call, text, said);
      origins.answered(call);
      return said;
    },
    input(id, text, origin, words) {
      flow.input(id, text, origin, words);
      if (origin === 'untrusted') origins.cameIn();
    },
  };
}

/** Tools of a harness by what was read of them, all others by their words; a part that was not understood is `other` and uncertain. */
function questionsOf(flow: CallFlow, parsed: ActionsOfCall | undefined, session: SessionFlow): Question[] {
  if (parsed === undefined) return questionsOfWords(flow);
  const known = parsed.actions.filter(({ doubt }) => doubt !== 'unknown_tool');
  const questions = known.map((action) => questionOfAction(action, flow, session));
  if (known.length < parsed.actions.length || (known.length === 0 && parsed.refusals.length === 0))
    questions.push(...questionsOfWords(flow));
  const [first] = questionsOfWords(flow);
  if (parsed.refusals.length > 0 && first !== undefined)
    questions.push({ action: 'other', facts: { ...first.facts, by: 'parsed', isCertain: false } });
  return questions;
}

function pathOf(where: NonNullable<Question['where']>, flow: CallFlow): string {
  const { text, standing, finding } = where;
  const from = [...new Set(finding.sources.map(({ words }) => words))].slice(0, 3).join(' and ');
  const place = quotePlace(text);
  if (standing === 'named') return `${place} is in your prompt`;
  if (finding.how === 'nowhere')
    return flow.sawUntrusted ? `${place} is the agent's own, made after it read ${from}` : '';
  return `${place} stands ${finding.how} in ${from}`;
}
