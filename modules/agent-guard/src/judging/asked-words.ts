import type { ActionsOfCall, ActionTarget, AgentAction } from '@sallyport/agent-actions';
import type { DecisionAction, JudgedCall } from '../decisions/index.ts';
import type { Asking } from './hook-judge.ts';

/** What a person is told of a call that policies ask about. Texts are as they came: whoever shows them sees to what hides in them. */
export function askingOf(judged: JudgedCall, parsed: ActionsOfCall): Asking {
  const asking = judged.decisions.filter(({ decision }) => decision.verdict === 'ask');
  const policies = new Map<string, string>();
  for (const { decision } of asking)
    for (const id of decision.policies) policies.set(id, policies.get(id) ?? wordsOf(id, decision));
  const known = parsed.actions.filter(({ doubt }) => doubt !== 'unknown_tool');
  const destinations = judged.flow.destinations.map(({ text }) => text);
  const objects = judged.flow.objects.map(({ text }) => text);
  const read = known.map((action) => ({ kind: action.kind, words: sentence(action) }));
  // What was judged by the words of the call alone, or was not understood.
  const beside = [...new Set(judged.decisions.map(({ action }) => action))].filter(
    (kind) => !known.some((action) => action.kind === kind),
  );
  return {
    does: [...read, ...beside.map((kind) => ({ kind, words: ofWords(kind, destinations, objects) }))],
    places: [
      ...new Set([
        ...known.map(({ target }) => placeOf(target)),
        ...(beside.length === 0 ? [] : [...destinations, ...objects]),
      ]),
    ].filter((place) => place !== ''),
    policies: [...policies].map(([id, words]) => ({ id, words })),
    texts: [...new Set(asking.flatMap(({ decision }) => decision.texts ?? []))].toSorted(),
    isCertain: !judged.flow.isCut && parsed.refusals.length === 0 && known.every(({ isCertain }) => isCertain),
    people: asking.some(({ decision }) => decision.people === 2) ? 2 : 1,
    carries: { secret: judged.carried.facts.secret, personal: judged.carried.facts.personal },
  };
}

/** A decision says the words of all its policies in one; of one policy they are its own. */
function wordsOf(id: string, { policies, reason }: { readonly policies: readonly string[]; readonly reason: string }) {
  const said = reason.split('; ');
  return said.length === policies.length ? (said[policies.indexOf(id)] ?? reason) : reason;
}

const verbs: Readonly<Record<DecisionAction, string>> = {
  read: 'Read',
  write: 'Write',
  delete: 'Delete',
  execute: 'Run',
  network: 'Reach',
  secret: 'Use the secret',
  message: 'Send a message to',
  pay: 'Pay',
  grant: 'Give access to',
  credential: 'Change a credential:',
  configure: 'Change what guards it:',
  other: 'Do something that was not understood:',
};

const ways = { fetch: 'Ask', send: 'Send something to', 'look-up': 'Look up the name', listen: 'Listen on' } as const;

function sentence({ kind, target, isCertain, why }: AgentAction): string {
  const verb = target.kind === 'host' && kind === 'network' ? ways[target.way] : verbs[kind];
  const doubt = isCertain ? '' : ` (not certain${why === undefined ? '' : `: ${why}`})`;
  return `${verb} ${sayTarget(target)}${doubt}`;
}

function sayTarget(target: ActionTarget): string {
  switch (target.kind) {
    case 'path':
      return target.isMany ? `${target.path} and what is in it` : target.path;
    case 'host':
      return target.port === undefined ? target.host : `${target.host}, port ${target.port}`;
    case 'recipient':
      return target.address;
    case 'program':
      return [target.name, ...target.arguments].join(' ');
    case 'statement':
      return `a ${target.class} statement: ${target.text}`;
    case 'name':
      return target.name;
  }
}

/** What says where a thing goes, the way it goes included. */
function placeOf(target: ActionTarget): string {
  switch (target.kind) {
    case 'host':
      return `${target.host}${target.port === undefined ? '' : `:${target.port}`}${target.way === 'fetch' ? '' : ` (${target.way})`}`;
    case 'path':
      return target.isMany ? `${target.path}/**` : target.path;
    case 'recipient':
      return target.address;
    case 'program':
    case 'name':
      return target.name;
    case 'statement':
      return '';
  }
}

function ofWords(kind: DecisionAction, destinations: readonly string[], objects: readonly string[]): string {
  const whom = kind === 'delete' || kind === 'read' || kind === 'write' ? [...objects, ...destinations] : destinations;
  const said = (whom.length > 0 ? whom : objects).slice(0, 5).join(', ');
  return said === '' ? verbs[kind].replace(/:$| to$/, '') : `${verbs[kind]} ${said}`;
}
