import type { Invocation } from '../run/run.ts';
import type { Text, Value } from '../run/text.ts';

/** Runs a command that another program starts. */
export function runCommand(argv: readonly Text[], invocation: Invocation, name = invocation.name): Value {
  const { where } = invocation;
  const { run, ...around } = invocation;
  return run.command(argv, { ...around, where: { ...where, through: [...where.through, name] } });
}

/** Runs a text as a shell script that another program starts. */
export function runScript(text: Text, invocation: Invocation, positional?: readonly Text[]): Value {
  const { where, name, run, state, stdin } = invocation;
  return run.script(text, { state, stdin, where: { ...where, through: [...where.through, name] } }, positional);
}
