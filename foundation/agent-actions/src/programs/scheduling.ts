import { addName, addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { known, unknown } from '../run/text.ts';
import type { Value } from '../run/text.ts';
import { runScript } from './start.ts';
import { readArguments } from './arguments.ts';

// Commands that run later.

export function crontabProgram(invocation: Invocation): Value {
  const read = readArguments({ text: '-u' }, invocation.arguments, false);
  const isReading = read.flags.has('-l');
  addProgram(invocation, { name: 'crontab', classes: ['service'], arguments: invocation.arguments });
  if (isReading) return [unknown('the crontab')];
  addName(invocation, 'configure', { of: 'setting', name: 'crontab' }, { why: 'sets up commands that run later' });
  for (const text of read.operands) addPath(invocation, 'read', text);
  for (const text of invocation.stdin ?? []) {
    for (const line of text.text.split('\n').slice(0, 50)) {
      const command = /^\s*(?:@\w+|(?:\S+\s+){4}\S+)\s+(.*)$/.exec(line)?.[1];
      if (command !== undefined) runScript({ ...text, text: command }, { ...invocation, stdin: undefined });
    }
  }
  return [known('')];
}

export function atProgram(invocation: Invocation): Value {
  addProgram(invocation, { name: invocation.name, classes: ['service'], arguments: invocation.arguments });
  addName(invocation, 'configure', { of: 'setting', name: 'at' }, { why: 'sets up commands that run later' });
  for (const text of invocation.stdin ?? [unknown('what is typed in')])
    runScript(text, { ...invocation, stdin: undefined });
  return [known('')];
}
