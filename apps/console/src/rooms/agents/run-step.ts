import type { Answer } from '../../api/call.ts';
import { stepNotes, type StepNote } from './step-content.ts';
import { dollarWords, tokenWords } from './usage-words.ts';

type Row = Answer<'GET /v1/events'>['events'][number];

/** One line of what happened in a run, in words. */
export type RunStep = {
  readonly position: string;
  readonly received: string;
  readonly title: string;
  readonly detail: string;
  readonly verdict: 'allow' | 'ask' | 'deny' | undefined;
  /** The sub-agent that did it. */
  readonly child: string | undefined;
  readonly path: string;
  /** Secrets, personal data and signals that were found in it. */
  readonly notes: readonly StepNote[];
};

/** Undefined for what is no event of an agent. */
export function runStep({ position, received, event }: Row): RunStep | undefined {
  const agent = objectAt(objectAt(objectAt(event, 'unmapped'), 'sallyport'), 'agent');
  const code = textAt(objectAt(event, 'metadata'), 'event_code') ?? '';
  if (agent === undefined || !code.startsWith('agent.')) return undefined;
  const said = textAt(agent, 'verdict') ?? (textAt(agent, 'answer') === 'expired' ? 'deny' : textAt(agent, 'answer'));
  const verdict = verdicts.find((one) => one === said);
  const tool = textAt(agent, 'tool') ?? '';
  const target = textAt(agent, 'target') ?? textAt(agent, 'destination') ?? '';
  const session = textAt(agent, 'session') ?? '';
  const child = textAt(agent, 'parent_session') === undefined ? undefined : session.split('/').slice(1).join('/');
  return {
    position,
    received,
    title: titleOf(code, { tool, target, agent }),
    detail: textAt(agent, 'reason') ?? '',
    verdict,
    child,
    path: textsAt(agent, 'taint_path').join(' → '),
    notes: stepNotes(agent, code === 'agent.tool_finished'),
  };
}

/** What became of a call that goes on at its tool server. */
const taskWords: Readonly<Record<string, string>> = {
  began: 'goes on at its server',
  resumed: 'is looked after again, by a gateway that came back',
  said: 'goes on, and its server said how',
  cancelled: 'was taken back',
  expired: 'was not done in time',
  abandoned: 'was given up; nothing of it came back',
};

const verdicts = ['allow', 'ask', 'deny'] as const;

function titleOf(code: string, { tool, target, agent }: { tool: string; target: string; agent: object }): string {
  switch (code) {
    case 'agent.session_started':
      return 'The run began';
    case 'agent.session_ended':
      return 'The run ended';
    case 'agent.prompt_given':
      return textAt(agent, 'origin') === 'person' ? 'Somebody asked for something' : 'A prompt came that nobody typed';
    case 'agent.tool_decided':
      return target === '' ? tool : `${tool}: ${target}`;
    case 'agent.tool_finished':
      return `${tool} came back, ${textAt(agent, 'content') === 'untrusted' ? 'with words of others' : 'with trusted words'}`;
    case 'agent.tool_task':
      return `${tool} ${taskWords[textAt(agent, 'change') ?? ''] ?? 'goes on as a task'}`;
    case 'agent.rate_reached':
      return rateTitle(agent);
    case 'agent.model_called':
      return modelTitle(agent);
    case 'agent.approval_asked':
      return `A person was asked about ${tool}`;
    case 'agent.approval_answered':
      return answerTitle(agent, tool);
    case 'agent.hook_silent':
      return silenceTitle(agent, tool);
    default:
      return code.slice('agent.'.length).replaceAll('_', ' ');
  }
}

function answerTitle(agent: object, tool: string): string {
  const who = textAt(agent, 'answered_by') ?? 'Nobody';
  // Where two people must say yes: who did before.
  const before = textsAt(agent, 'also_by').join(' and ');
  switch (textAt(agent, 'answer')) {
    case 'allow':
      return `${before === '' ? who : `${before} and ${who}`} said yes to ${tool}`;
    case 'deny':
      return `${who} said no to ${tool}${before === '' ? '' : `, after a yes of ${before}`}`;
    default:
      return before === ''
        ? `Nobody answered about ${tool}`
        : `${before} said yes to ${tool}, and nobody else answered`;
  }
}

/** What came faster than it may, and how much of it was refused. */
function rateTitle(agent: object): string {
  const refused = (numberAt(agent, 'refused') ?? 0).toLocaleString('en-US');
  const server = textAt(agent, 'server') ?? 'a tool server';
  switch (textAt(agent, 'rate')) {
    case 'definitions':
      return `${server} brought more that is new than is taken in at once: ${refused} held back`;
    case 'tool_calls':
      return `${textAt(agent, 'of') ?? 'One thing'} of ${server} was called too often: ${refused} refused`;
    default:
      return `${server} was called too often: ${refused} refused`;
  }
}

/** What one answer of the model took, as the harness tells. */
function modelTitle(agent: object): string {
  const [input, output, cached] = ['input_tokens', 'output_tokens', 'cached_tokens'].map((name) =>
    numberAt(agent, name),
  );
  const cost = numberAt(agent, 'cost');
  const parts = [
    `${tokenWords(input ?? 0)} in`,
    ...(cached === undefined || cached === 0 ? [] : [`${tokenWords(cached)} of them from a cache`]),
    `${tokenWords(output ?? 0)} out`,
    ...(cost === undefined ? [] : [dollarWords(cost)]),
  ];
  return `${textAt(agent, 'model') ?? 'The model'} answered: ${parts.join(', ')}`;
}

/** A hook that says nothing while something else shows that the run goes on. */
function silenceTitle(agent: object, tool: string): string {
  switch (textAt(agent, 'still_seen')) {
    case 'telemetry':
      return `${tool === '' ? 'A call' : tool} ran, and no hook asked about it`;
    case 'gateway':
      return 'It calls tools through the gateway, and no hook of it was ever heard';
    default:
      return 'Its process goes on, and no hook of it was ever heard';
  }
}

function numberAt(value: object, name: string): number | undefined {
  const inner: unknown = Reflect.get(value, name);
  return typeof inner === 'number' && Number.isFinite(inner) ? inner : undefined;
}

function objectAt(value: unknown, name: string): object | undefined {
  const inner: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof inner === 'object' && inner !== null ? inner : undefined;
}

function textAt(value: object | undefined, name: string): string | undefined {
  const inner: unknown = value === undefined ? undefined : Reflect.get(value, name);
  return typeof inner === 'string' ? inner : undefined;
}

function textsAt(value: object, name: string): string[] {
  const inner: unknown = Reflect.get(value, name);
  return Array.isArray(inner) ? inner.filter((one) => typeof one === 'string') : [];
}
