import { addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { unknown } from '../run/text.ts';
import type { Value } from '../run/text.ts';
import { runScript } from './start.ts';
import { readArguments } from './arguments.ts';

/** Editors: what they are told to do before anybody types. */
export function editorProgram(invocation: Invocation): Value {
  const read = readArguments(
    { script: '-c --cmd --eval -eval -E', execute: '-S -s -l -u --load --script' },
    invocation.arguments,
    false,
  );
  addProgram(
    invocation,
    { name: invocation.name, classes: ['tool'], arguments: invocation.arguments },
    { doubt: 'unknown_until_run', why: 'an editor runs commands of its own' },
  );
  for (const { role, text } of read.values) {
    const command = /^:?\s*!\s*([\s\S]*)$/.exec(text.text)?.[1];
    if (role === 'script' && command !== undefined) runScript({ ...text, text: command }, invocation);
    else if (role === 'execute') addPath(invocation, 'read', text);
  }
  for (const text of invocation.stdin ?? []) {
    const command = /^!\s*(.*)$/m.exec(text.text)?.[1];
    if (command !== undefined) runScript({ ...text, text: command }, { ...invocation, stdin: undefined });
  }
  for (const text of read.operands) {
    const command = /^\+:?!\s*([\s\S]*)$/.exec(text.text)?.[1];
    if (command !== undefined) runScript({ ...text, text: command }, invocation);
    else if (!text.text.startsWith('+')) {
      addPath(invocation, 'read', text);
      addPath(invocation, 'write', text);
    }
  }
  return [unknown(`what "${invocation.name}" prints`)];
}
