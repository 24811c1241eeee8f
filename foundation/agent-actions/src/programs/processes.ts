import { addName, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { known, shown } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { readArguments } from './arguments.ts';

/** The machine's first process, the group it is in itself, every process of the person. */
const everything = /^(?:0*[01]|-0*1)$/;
/** Programs that harnesses, their guard and the person's shell run as; or any. */
const vital =
  /^\^?(?:init|systemd|launchd|sshd|dbus-daemon|login|(?:ba|da|z|k|fi)?sh|tmux|screen|node|claude|codex|gemini|cursor|opencode|code|electron|[.*]*)\$?$|sallyport/i;

const byNumber = { text: '-s -n --signal -q --queue' } as const;
const byName = { text: '-s --signal --ns --nslist -P', name: '-u -U -g -G -t -F --uid --euid' } as const;

/** `kill`, `pkill`, `killall`: which processes it ends. Those that run or watch the agent are no processes like others. */
export function killProgram(invocation: Invocation): Value {
  const { name, arguments: given } = invocation;
  const isByName = name !== 'kill';
  addProgram(invocation, { name, classes: ['tool'], arguments: given });
  if (!isByName && given.some(({ text }) => /^-(?:l|L|-list)/.test(text))) return [known('')];
  const read = readArguments(isByName ? byName : byNumber, isByName ? given : withoutSignal(given), false);
  for (const { role, text, option = '' } of read.values)
    if (role === 'name') end(invocation, { ...text, text: `${option} ${text.text}` }, true);
  for (const text of read.operands)
    end(invocation, text, isByName ? vital.test(shown(text.text)) : everything.test(text.text) || isParent(text));
  // `kill -9 -1`
  for (const flag of read.flags) if (!isByName && everything.test(flag)) end(invocation, known(flag), true);
  return [known('')];
}

/** `-9`, `-KILL` before the first process. */
function withoutSignal(given: readonly Text[]): readonly Text[] {
  return given.length > 1 && /^-(?:\d+|[A-Z][A-Z0-9+]*)$/.test(given[0]?.text ?? '') ? given.slice(1) : given;
}

function isParent({ why = '' }: Text): boolean {
  return why.includes('PPID');
}

function end(invocation: Invocation, text: Text, isVital: boolean): void {
  if (/sallyport/i.test(shown(text.text)))
    addName(invocation, 'configure', { of: 'setting', name: 'sallyport' }, { why: 'ends what watches the agent' });
  addName(
    invocation,
    'other',
    { of: 'process', name: shown(text.text) },
    isVital ? { doubt: 'unknown_until_run', why: 'may end what runs the agent, or all that the person runs' } : {},
  );
}
