import { isJsonObject, itemsOf, textOf, textsOf } from '@sallyport/contracts';
import type { AgentVerdict, JsonObject, JsonValue } from '@sallyport/contracts';
import { standings } from '@sallyport/information-flow';
import { decisionActions, unknownMachine } from '../decisions/index.ts';
import type { DecisionAction, DecisionTool, FlowFacts } from '../decisions/index.ts';

/** One action of a call with the facts it was judged by: no words of anybody, so it may stand in the ledger, and be judged again. */
export type JudgedAction = { readonly action: DecisionAction; readonly facts: FlowFacts };

/** A call as the ledger tells of it, with what is needed to judge it again. */
export type PastCall = {
  readonly tool: DecisionTool;
  readonly harness: string;
  /** Whether somebody sat in front of it. */
  readonly isAttended: boolean;
  readonly verdict: AgentVerdict;
  readonly policies: readonly string[];
  readonly judged: readonly JudgedAction[];
};

/** Of a call that does more, the first stand in the ledger, and it cannot be judged again. */
const maxJudged = 16;

/** As it stands in the event of a call. Left out where it would not be whole. */
export function judgedFields(judged: readonly JudgedAction[]): readonly JsonObject[] | undefined {
  if (judged.length === 0 || judged.length > maxJudged) return undefined;
  return judged.map(({ action, facts }) => ({ action, ...facts }));
}

/** Out of the event of a decision; undefined where it does not say all that is asked today, as those of earlier versions, and of calls that were stopped. */
export function readPastCall(event: JsonObject): PastCall | undefined {
  const own = objectAt(objectAt(event, 'unmapped'), 'sallyport');
  const said = objectAt(own, 'agent');
  const verdict = verdicts.find((one) => one === said['verdict']);
  const judged = itemsOf(said['judged']).map(readJudged);
  const [tool, harness] = [textOf(said['tool']), textOf(said['harness'])];
  if (verdict === undefined || tool === '' || harness === '' || judged.length === 0) return undefined;
  const whole = judged.filter((one) => one !== undefined);
  if (whole.length < judged.length) return undefined;
  return {
    tool: { name: tool, ...(typeof said['server'] === 'string' ? { server: said['server'] } : {}) },
    harness,
    isAttended: said['is_attended'] === true,
    verdict,
    policies: itemsOf(event['authorizations']).flatMap((one) =>
      isJsonObject(one) ? textOf(objectAt(one, 'policy')['uid']) : [],
    ),
    judged: whole,
  };
}

const verdicts = ['allow', 'ask', 'deny'] as const;

function readJudged(value: JsonValue): JudgedAction | undefined {
  if (!isJsonObject(value)) return undefined;
  const action = decisionActions.find((one) => one === value['action']);
  const facts = readFacts(value);
  return action === undefined || facts === undefined ? undefined : { action, facts };
}

/** Each fact must be there and of its kind: what is guessed would be judged as if it were known. */
function readFacts(value: JsonObject): FlowFacts | undefined {
  const facts: Record<string, JsonValue> = {};
  for (const [name, kind] of Object.entries(factKinds)) {
    const fact = value[name] ?? onceUnknown.get(name);
    if (fact === undefined || !isOfKind(fact, kind)) return undefined;
    facts[name] = kind === 'texts' ? textsOf(fact) : fact;
  }
  return isFacts(facts) ? facts : undefined;
}

type FactKind = 'text' | 'texts' | 'boolean' | 'number' | 'standing';
const factKinds: Readonly<Record<keyof FlowFacts, FactKind>> = {
  by: 'text',
  intent: 'text',
  isRepeat: 'boolean',
  isCertain: 'boolean',
  destination: 'standing',
  carries: 'boolean',
  isChosenByRule: 'boolean',
  object: 'standing',
  content: 'text',
  links: 'standing',
  amount: 'standing',
  amountValue: 'number',
  credential: 'standing',
  sawUntrusted: 'boolean',
  sawSensitive: 'boolean',
  sawForeign: 'boolean',
  isProjectCode: 'boolean',
  target: 'text',
  classes: 'texts',
  isMany: 'boolean',
  way: 'text',
  secret: 'standing',
  personal: 'standing',
  carried: 'texts',
  sawSignals: 'boolean',
  posture: 'text',
  weaknesses: 'texts',
  risk: 'number',
  ownerRisk: 'number',
};

/** Facts that calls of earlier versions were judged without, as they were then: nobody knew. */
const onceUnknown: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ['isChosenByRule', false],
  ['isProjectCode', false],
  ['sawForeign', true],
  ['posture', unknownMachine.posture],
  ['weaknesses', [...unknownMachine.weaknesses]],
  ['risk', 0],
  ['ownerRisk', 0],
]);

function isOfKind(fact: JsonValue, kind: FactKind): boolean {
  switch (kind) {
    case 'text':
      return typeof fact === 'string';
    case 'boolean':
      return typeof fact === 'boolean';
    case 'number':
      return typeof fact === 'number' && Number.isSafeInteger(fact);
    case 'standing':
      return standings.some((standing) => standing === fact);
    case 'texts':
      return Array.isArray(fact) && textsOf(fact).length === fact.length;
  }
}

/** Each was looked at by `factKinds`, which has them all. */
function isFacts(facts: object): facts is FlowFacts {
  return Object.keys(factKinds).every((name) => name in facts);
}

function objectAt(parent: JsonObject, name: string): JsonObject {
  const value = parent[name];
  return isJsonObject(value) ? value : {};
}
