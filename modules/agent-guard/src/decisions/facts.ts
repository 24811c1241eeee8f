import type { AgentAction } from '@sallyport/agent-actions';
import type { CallFlow, JudgedValue, SessionFlow, Standing } from '@sallyport/information-flow';
import type { CarriedFacts } from './carried-content.ts';
import type { MachineFacts } from './machine-facts.ts';
import type { RiskFacts } from './risk-facts.ts';

/** One thing that a call does. */
export const decisionActions = [
  'read',
  'write',
  'delete',
  'execute',
  'network',
  'secret',
  'message',
  'pay',
  'grant',
  'credential',
  'configure',
  'other',
] as const;
export type DecisionAction = (typeof decisionActions)[number];

/** The context of a question, as the schema has it; `approved` is the engine's own. */
export type FlowFacts = ActionFacts & CarriedFacts & MachineFacts & RiskFacts & ForeignFacts;

/** Of the session, beside what flows in it. */
type ForeignFacts = {
  /** Something came in from outside the project: a page, a server's answer, a letter. */
  readonly sawForeign: boolean;
};

/** What is known of one action without what the call carries. */
type ActionFacts = {
  readonly by: 'words' | 'parsed';
  readonly intent: string;
  readonly isRepeat: boolean;
  readonly isCertain: boolean;
  readonly destination: Standing;
  readonly carries: boolean;
  readonly isChosenByRule: boolean;
  readonly object: Standing;
  readonly content: string;
  readonly links: Standing;
  readonly amount: Standing;
  readonly amountValue: number;
  readonly credential: Standing;
  readonly sawUntrusted: boolean;
  readonly sawSensitive: boolean;
  /** Runs what the project says: its tests, its build, a script in it. */
  readonly isProjectCode: boolean;
  readonly target: string;
  readonly classes: readonly string[];
  readonly isMany: boolean;
  readonly way: string;
};

/** What is to be decided of a call: an action, its facts, and the value that says where to, if it has one. */
export type Question = { readonly action: DecisionAction; readonly facts: ActionFacts; readonly where?: JudgedValue };

/** As Cedar takes it. `isApproved`: asked once more as if a person had said yes. */
export function contextOf(facts: FlowFacts, isApproved: boolean) {
  const { classes, carried, weaknesses } = facts;
  return {
    ...facts,
    classes: [...classes],
    carried: [...carried],
    weaknesses: [...weaknesses],
    approved: isApproved,
  };
}

/** Of a tool that is known by its own words alone. */
export function questionsOfWords(flow: CallFlow): Question[] {
  return flow.effects.map((effect) => ({
    action: effect,
    facts: {
      ...common(flow),
      by: 'words',
      // An unknown verb that is the person's own does what they said.
      isCertain: (!flow.tool.isUnclear || flow.isOwnVerb) && !flow.isCut,
      isProjectCode: false,
      target: 'none',
      classes: [],
      isMany: false,
      way: '',
    },
  }));
}

/** Of a call that was read word by word. */
export function questionOfAction(
  action: AgentAction,
  flow: CallFlow,
  session: Pick<SessionFlow, 'standingOf'>,
): Question {
  const { target } = action;
  const place =
    target.kind === 'host' ? (target.url ?? target.host) : target.kind === 'recipient' ? target.address : undefined;
  const where = place === undefined ? undefined : session.standingOf(action.by.argument, place);
  return {
    action: action.kind,
    facts: {
      ...common(flow),
      by: 'parsed',
      isCertain: action.isCertain,
      isProjectCode: action.doubt === 'project_code',
      destination: where?.standing ?? 'none',
      carries: where?.carries ?? false,
      target: target.kind,
      classes: classesOf(action),
      isMany: target.kind === 'path' && target.isMany,
      way: target.kind === 'host' ? target.way : '',
    },
    ...(where === undefined ? {} : { where }),
  };
}

/** A recipient within a command is told from one that an argument of a tool names: of that the tool's own words speak already. */
function classesOf({ target, by }: AgentAction): readonly string[] {
  if (target.kind === 'statement') return [target.class];
  if (target.kind === 'recipient') return by.start === undefined ? [] : ['command'];
  return 'classes' in target ? [...target.classes].toSorted() : [];
}

function common(
  flow: CallFlow,
): Omit<ActionFacts, 'by' | 'isCertain' | 'isProjectCode' | 'target' | 'classes' | 'isMany' | 'way'> {
  const {
    intent,
    isRepeat,
    destination,
    carries,
    isChosenByRule,
    object,
    content,
    links,
    amount,
    amountValue,
    credential,
    sawUntrusted,
    sawSensitive,
  } = flow;
  return {
    intent,
    isRepeat,
    destination,
    carries,
    isChosenByRule,
    object,
    content,
    links,
    amount,
    amountValue,
    credential,
    sawUntrusted,
    sawSensitive,
  };
}
