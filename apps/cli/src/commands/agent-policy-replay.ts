import type { JsonValue } from '@sallyport/contracts';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import { counted, jsonLine, plainText, timeText } from '../terminal.ts';
import { agentPoliciesPath, type AgentPolicyOptions } from './agent-policy-asking.ts';
import { watched } from './policy-past.ts';
import type { Asked } from './policy-past.ts';

/** What makes a replay end with exit code 1. */
export type FailOn = 'looser' | 'different';
export type ReplayOptions = AgentPolicyOptions & { last: number; failOn?: FailOn };

/** Asks about recorded calls again, of a version or with a draft; the answers of tools, too. */
export async function replayAgentPolicies(asked: Asked, body: JsonValue, options: ReplayOptions): Promise<void> {
  const found = await watched(asked, {
    path: `${agentPoliciesPath}/replays`,
    body,
    result: 'replayed',
    words: 'Asking about recorded calls again',
  });
  const { stdout } = asked.needs;
  const of = (name: string): number => numberField(found, name) ?? 0;
  const answers = field(found, 'answers') ?? null;
  if (options.json === true) stdout.write(`${jsonLine(found)}\n`);
  else {
    stdout.write(
      `${of('different')} of the last ${counted(of('calls') - of('untold'), 'call')} of ${counted(of('agents'), 'agent')} would be judged otherwise, ${of('looser')} let through sooner\n`,
    );
    if (of('untold') > 0) stdout.write(`${of('untold')} more cannot be judged again\n`);
    for (const one of listField(found, 'differences')) stdout.write(differenceLine(one));
    for (const one of listField(answers, 'differences')) stdout.write(answerLine(one));
    if (field(found, 'partly') === true || field(answers, 'partly') === true)
      stdout.write('There are more kinds than these\n');
  }
  if (of('calls') === 0) asked.needs.stderr.write('No agent made a call yet that was recorded: this proves nothing\n');
  const sum = (name: string): number => of(name) + (numberField(answers, name) ?? 0);
  refuseReplayed({ different: sum('different'), looser: sum('looser') }, options.failOn);
}

/** Throws where there is what must not be. */
export function refuseReplayed(
  counts: { readonly different: number; readonly looser: number },
  failOn: FailOn | undefined,
): void {
  if (failOn === undefined || counts[failOn] === 0) return;
  const what = failOn === 'looser' ? 'would be let through or trusted sooner' : 'would be judged otherwise';
  throw new CliError('not_verified', `Of what agents did, ${counts[failOn]} ${what}`, {
    hint: 'look at each above; leave --fail-on away where it is meant so',
  });
}

function differenceLine(one: JsonValue): string {
  const said = (name: string): string => plainText(textField(one, name) ?? '');
  return `${said('now')} → ${said('would')}  ${agentName(one)}  ${said('tool')}, ${said('action')}  ${counted(numberField(one, 'calls') ?? 0, 'call')}, last ${lastText(one)}: ${said('reason')}\n`;
}

function answerLine(one: JsonValue): string {
  const isSooner = field(one, 'would') === true;
  const found = textField(one, 'found');
  const what =
    textField(one, 'about') === 'trust'
      ? isSooner
        ? 'would be trusted'
        : 'would be trusted no more'
      : `${found ?? 'what stands in them'} ${isSooner ? 'would be read' : 'would be read no more'}`;
  return `answers of ${plainText(textField(one, 'tool') ?? '')}  ${agentName(one)}  ${counted(numberField(one, 'answers') ?? 0, 'answer')}, last ${lastText(one)}: ${plainText(what)}\n`;
}

function agentName(one: JsonValue): string {
  return plainText(textField(field(one, 'agent'), 'name') ?? '');
}

function lastText(one: JsonValue): string {
  return `${timeText(numberField(one, 'last_ms') ?? 0)} (${plainText(textField(one, 'position') ?? '')})`;
}
