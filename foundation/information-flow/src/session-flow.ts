import { readArguments, type ArgumentValue } from './arguments.ts';
import { describeTool, type ToolDescription, type ToolText } from './describe-tool.ts';
import type { Intent } from './asking.ts';
import { readMandate, type Mandate } from './mandate.ts';
import type { AgentOrigin, JsonValue, Source } from './origins.ts';
import { createSessionMemory, memoryLimits, type MemoryLimits } from './session-memory.ts';
import { carriesOut } from './carrying.ts';
import { formOf, formsIn, plainSpelling } from './spellings.ts';
import { beginning } from './same-doing.ts';
import { sayPath } from './say-path.ts';
import { judgeStanding, worstStanding, type JudgedValue, type Standing } from './standing.ts';
import type { ToolEffect } from './tool-lexicon.ts';
import { orderVerbs } from './ordering.ts';
import { isFileName, isOneOfList, isPlaceName, isReference, numberOf, questionKey } from './values-of-call.ts';

export type FlowCall = { readonly id: string; readonly tool: ToolText; readonly input: JsonValue };

/** What policies are told of a call. */
export type CallFlow = {
  readonly tool: ToolDescription;
  readonly effects: readonly ToolEffect[];
  readonly intent: Intent;
  readonly intentWhy: string;
  /** Its name is a verb of the person's own, and it is given nothing that is not theirs. */
  readonly isOwnVerb: boolean;
  /** The person's words covered this once, and it was done. */
  readonly isRepeat: boolean;
  /** Whom or where to: the worst of all, and each. */
  readonly destination: Standing;
  readonly destinations: readonly JudgedValue[];
  /** An address that nobody wrote down could carry out what the session knows: by its path, query or long names. */
  readonly carries: boolean;
  /** What is ordered stands in a list of such things that the person's words asked for, and they said by what to choose it. */
  readonly isChosenByRule: boolean;
  /** Which thing. */
  readonly object: Standing;
  readonly objects: readonly JudgedValue[];
  /** What goes along: nothing, the person's words alone, or anything else. */
  readonly content: 'none' | 'own' | 'other';
  /** Addresses inside the content. */
  readonly links: Standing;
  readonly amount: Standing;
  /** The largest amount, in whole units upwards; 0 where none is given. */
  readonly amountValue: number;
  readonly credential: Standing;
  /** Whose words the arguments are. */
  readonly origins: readonly AgentOrigin[];
  readonly sawUntrusted: boolean;
  readonly sawSensitive: boolean;
  /** There was more in the arguments than was looked at. */
  readonly isCut: boolean;
  /** How what is not the person's came to it, in words; the ids of the calls it came through. */
  readonly path: string;
  readonly through: readonly string[];
  /** Two calls with the same are one question to a person. */
  readonly questionKey: string;
};

/**
 * The flow of information in one session: what came in from where, and what that makes of each call. Pure state, bounded; the caller says
 * which results are trusted, which calls went ahead and which failed.
 */
export type SessionFlow = {
  /** `origin` is `person` only for what the person of the session typed. */
  prompt(id: string, text: string, origin?: AgentOrigin): void;
  judge(call: FlowCall): CallFlow;
  /** Whose a value is that stands in no argument of its own: a host in a command. */
  standingOf(argument: string, text: string): JudgedValue & { readonly carries: boolean };
  /** It goes ahead: what the person asked for with it is used up. */
  went(call: FlowCall): void;
  /** It came to nothing, and may be tried again. */
  failed(callId: string): void;
  /** What came back. */
  result(call: FlowCall, text: string, origin: AgentOrigin): void;
  /** Something else came in that no call asked for: a file of instructions, the answer of a sub-agent. */
  input(id: string, text: string, origin: AgentOrigin, words: string): void;
};

export type SessionFlowOptions = {
  /** The person's own addresses and names: sending to oneself is sending to the person. */
  readonly selves?: readonly string[];
  readonly limits?: MemoryLimits;
};

const maxUses = 2000;
const countWords = ['', '', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'];

export function createSessionFlow({ selves = [], limits = memoryLimits }: SessionFlowOptions = {}): SessionFlow {
  const memory = createSessionMemory(limits);
  const own = new Set(selves.map(plainSpelling));
  const uses = new Map<string, string>();
  /** Addresses opened, apart: many of them must not push out what was sent. */
  const visits = new Map<string, string>();
  let mandate: Mandate = readMandate([]);
  let sawSensitive = false;
  /** Before anything came in there is nothing to carry out. */
  let sawResult = false;

  const lookAt = (
    argument: string,
    text: string,
    how: { isForEverybody?: boolean; isThing?: boolean; isSent?: boolean } = {},
  ): JudgedValue => {
    const finding = memory.find(text);
    const standing = judgeStanding({ text, finding, mandate, own, isForEverybody: false, ...how });
    return { argument, text, finding, standing };
  };

  /** Most calls go ahead as they were just judged, while nothing has come in between. */
  let last: { readonly call: FlowCall; readonly flow: CallFlow & { readonly useKey: string } } | undefined;
  const judge = (call: FlowCall): CallFlow & { readonly useKey: string } => {
    if (last?.call !== call) last = { call, flow: judgeAnew(call) };
    return last.flow;
  };

  const judgeAnew = (call: FlowCall): CallFlow & { readonly useKey: string } => {
    const tool = describeTool(call.tool);
    const { values, isCut } = readArguments(call.input);
    const isReading = tool.effects.every((effect) => effect === 'read');
    const said = values
      .filter(({ role }) => role === 'content')
      .map(({ text }) => plainSpelling(text))
      .join(' ');
    // Whom it takes away from where is what it is about: `remove Dora from the lobby`.
    const isTaking = tool.asked[0] === 'delete';
    const look = ({ name, role, text }: ArgumentValue): JudgedValue => {
      const isForEverybody = mandate.isForEverybody(name, said);
      return lookAt(name, text, {
        isForEverybody,
        isThing: role === 'object' || isTaking,
        isSent: tool.asked[0] === 'message',
      });
    };
    const judged = new Map(values.map((value) => [value, look(value)]));
    const of = (...roles: ArgumentValue['role'][]): JudgedValue[] =>
      values.flatMap((value) => (roles.includes(value.role) ? (judged.get(value) ?? []) : []));
    const isForAll = mandate.isForAll(tool);
    // Of a tool that reaches somebody, what nothing says the purpose of may be whom.
    const isReaching = tool.asked.some((effect) => effect === 'message' || effect === 'grant');
    const guessed = isReaching ? values.filter(({ role, isGuess }) => role === 'object' && isGuess === true) : [];
    const objects = of('object').filter(({ argument }) => !guessed.some(({ name }) => name === argument));
    const owes = tool.effects.includes('pay');
    const given = [...of('destination', 'address'), ...guessed.flatMap((value) => judged.get(value) ?? [])];
    // `reply_to(ticket_id, text)`: whoever the thing belongs to.
    const reached = given.length === 0 && isReaching ? objects : given;
    // What is ordered chooses who is paid: a hotel, a shop, a thing. A payment that is changed is one made before.
    const isOrder = owes && reached.length === 0 && objects.some(({ text }) => !/^\d+$/.test(text));
    // For whom it is ordered chooses nobody, where the person named what.
    const ordered = objects.filter((value) => !orderVerbs.has(tool.verb ?? '') || !isReference(value, tool));
    const destinations = !isOrder ? reached : ordered.length > 0 ? ordered : objects;
    const contents = of('content', 'command', ...(isReading ? [] : (['query'] as const)));
    const effects: ToolEffect[] = [...tool.effects];
    // A reading of an address, also where nobody said that it takes one.
    if (isReading && values.some(({ role }) => role === 'address')) effects.push('network');
    const reaches = effects.some((effect) => ['message', 'pay', 'grant', 'network', 'other'].includes(effect));
    const isPlain = isTaking && reached.every(({ text }) => formOf(plainSpelling(text.slice(0, 2500))) === undefined);
    if (!isReading && !reaches && reached.length > 0 && !isPlain) effects.push('message');
    // A side effect on people that the description tells of, and nobody is named: it concerns those the thing concerns already.
    const isImplied = destinations.length === 0 && effects.length > 1 && tool.effects[0] !== 'message';
    const acting = effects.filter((effect) => !(effect === 'message' && isImplied));

    const isWhereNamed =
      destinations.length > 0 && destinations.every(({ standing }) => standing === 'named' || standing === 'looked_up');
    const isPage = values.some(({ role }) => role === 'address') && of('destination').length === 0;
    const where =
      destinations.length > 0 && destinations.every(({ text }) => mandate.isMadeFor(text))
        ? 'for'
        : isPage
          ? 'address'
          : 'people';
    // How is not what; how many is.
    const allOfIt = [...judged].flatMap(([{ role, text: value }, each]) =>
      role === 'time' || (role === 'setting' && !/\d/u.test(value)) ? [] : [each],
    );
    const isTheirs =
      !isCut &&
      allOfIt.length > 0 &&
      allOfIt.every((value) => value.standing === 'named' || isReference(value, tool) || isCountedInWords(value.text));
    const isAllNamed = isTheirs && allOfIt.some(({ standing }) => standing === 'named');
    const {
      intent,
      times,
      inAll = times,
      isEach = false,
      why,
    } = mandate.intentOf(tool, isWhereNamed ? where : undefined, isAllNamed);
    // "Close all that are delivered": what stands nowhere is none of them.
    const isNoneOfThem =
      intent === 'said' &&
      isForAll &&
      !beginning.has(tool.verb ?? '') &&
      objects.length > 0 &&
      objects.every(({ standing }) => standing === 'made');
    const target = destinations.length > 0 ? destinations : objects.length > 0 ? objects : of('content').slice(0, 1);
    const isNamed = target.length > 0 && target.every(({ standing }) => standing === 'named');
    const useKey = JSON.stringify([
      call.tool.name,
      isNamed || isForAll ? target.map(({ text }) => plainSpelling(text)).toSorted() : '*',
    ]).slice(0, 2000);
    const allowed = isNamed
      ? Math.max(
          1,
          Math.min(
            times,
            ...(isEach ? [] : target.map(({ text }) => Math.max(1, mandate.standingOf(plainSpelling(text)).times))),
          ),
        )
      : isForAll
        ? 1
        : Math.max(1, inAll);
    // What the person did not name is covered as often as they asked for such a thing, under whatever name.
    const prefix = JSON.stringify([call.tool.name]).slice(0, -1);
    const isCounted = !isNamed && !isForAll;
    const isVisit = acting.every((effect) => effect === 'read' || effect === 'network');
    const used = [...(isVisit ? visits : uses).values()].filter((key) =>
      isCounted ? key.startsWith(prefix) : key === useKey,
    ).length;

    const text = contents.map((value) => value.text).join('\n');
    const amounts = of('amount');
    const findings = [...judged.values()].map(({ finding }) => finding);
    const deciding = [...destinations, ...(isOrder ? [] : objects), ...of('credential'), ...contents].filter(
      ({ standing }) => standing !== 'named',
    );
    const content =
      contents.length === 0
        ? 'none'
        : contents.every((value) => value.finding.origin === 'person' || mandate.isQuoted(plainSpelling(value.text)))
          ? 'own'
          : 'other';
    const destination = isImplied ? 'none' : worstStanding(destinations);
    return {
      tool,
      effects: acting,
      intent: isNoneOfThem ? 'none' : intent,
      intentWhy: isNoneOfThem ? 'this is none of those that it read of' : why,
      isOwnVerb:
        isTheirs && acting.every((effect) => effect === 'other') && intent === 'said' && mandate.saysVerb(tool),
      isRepeat: used >= allowed,
      destination,
      destinations,
      carries: sawResult && destinations.some(({ text: value, standing }) => standing === 'made' && carriesOut(value)),
      // Whom it takes away is what it is about.
      isChosenByRule:
        isOrder &&
        !isCut &&
        mandate.isChosenByRule(tool) &&
        isOneOfList(
          [...judged].map(([{ role }, value]) => ({ role, value })),
          tool,
        ),
      object: worstStanding(
        isOrder
          ? []
          : isTaking || (objects.length === 0 && tool.effects.includes('delete'))
            ? [...objects, ...destinations]
            : objects,
      ),
      objects: isOrder ? [] : objects,
      content,
      links: linksIn(text, look),
      amount: worstStanding(amounts),
      amountValue: Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, ...amounts.map((value) => numberOf(value.text)))),
      credential: tool.effects.includes('credential')
        ? worstStanding(of('credential', 'content'))
        : worstStanding(of('credential')),
      origins: [...new Set(findings.map(({ origin }) => origin))].toSorted(),
      sawUntrusted: memory.worst() === 'untrusted',
      sawSensitive,
      isCut,
      path: sayPath(deciding, memory.untrusted()),
      through: [
        ...new Set(
          deciding.flatMap(({ finding }) =>
            finding.sources.filter(({ kind }) => kind === 'result').map(({ id }) => id),
          ),
        ),
      ].slice(0, 32),
      questionKey: questionKey(call.tool.name, destinations, { content, contents, objects }),
      useKey,
    };
  };

  return {
    prompt(id, text, origin = 'person') {
      last = undefined;
      memory.remember(
        { kind: 'prompt', id, origin, words: origin === 'person' ? 'your prompt' : 'a prompt that nobody typed' },
        text,
      );
      mandate = readMandate(memory.prompts());
    },
    judge(call) {
      const { useKey: _key, ...flow } = judge(call);
      return flow;
    },
    standingOf(argument, text) {
      const value = lookAt(argument, text);
      return { ...value, carries: value.standing === 'made' && carriesOut(text) };
    },
    went(call) {
      const { useKey, effects, tool } = judge(call);
      last = undefined;
      if (tool.isSensitive) sawSensitive = true;
      const isReading = effects.every((effect) => effect === 'read' || effect === 'network');
      if (isReading && !effects.includes('network')) return;
      const kept = isReading ? visits : uses;
      if (kept.size >= maxUses) kept.delete(kept.keys().next().value ?? '');
      kept.set(call.id, useKey);
    },
    failed(callId) {
      last = undefined;
      uses.delete(callId);
      visits.delete(callId);
    },
    result(call, text, origin) {
      last = undefined;
      const tool = describeTool(call.tool);
      if (tool.isSensitive) sawSensitive = true;
      const { values } = readArguments(call.input);
      const chosen = values.filter(({ role }) => role !== 'time' && role !== 'setting' && role !== 'amount');
      const isNamed = text !== '' && chosen.length > 0 && chosen.every((value) => isPersons(value.text));
      const source: Source = {
        kind: 'result',
        id: call.id,
        origin,
        words: `the result of ${call.tool.name.slice(0, 100)}`,
        ...(isNamed ? { isNamed } : {}),
        ...(origin === 'trusted' && chosen.some(({ name }) => isPlaceName(name)) ? { isMembers: true } : {}),
        about: tool.nouns,
        ...(chosen.length === 0 ? { isWhole: true } : {}),
      };
      sawResult ||= text !== '';
      memory.remember(source, text);
    },
    input(id, text, origin, words) {
      last = undefined;
      sawResult ||= text !== '';
      memory.remember({ kind: 'result', id, origin, words }, text);
    },
  };

  /** `two`, of 2. */
  function isCountedInWords(text: string): boolean {
    const word = countWords[Number(text)];
    return /^\d{1,2}$/u.test(text) && word !== undefined && isPersons(word);
  }

  /** The person's words as they stand, or all of its words among theirs: people ask for "the Networking event", tools for "networking events". */
  function isPersons(text: string): boolean {
    return memory.find(text).origin === 'person';
  }

  function linksIn(text: string, look: (value: ArgumentValue) => JudgedValue): Standing {
    const links = [...formsIn(plainSpelling(text.slice(0, 50_000)), 50)].filter(
      (form) => form.startsWith('web:') && !isFileName(form),
    );
    const standing = worstStanding(links.map((form) => look({ name: 'link', role: 'address', text: form.slice(4) })));
    // An address from elsewhere, and the person spoke of none: as good as made up.
    return !mandate.speaksOfLinks && ['found', 'listed', 'seen'].includes(standing) ? 'made' : standing;
  }
}
