import { isList, whereInCommand, freshState } from './call.ts';
import type { Call } from './call.ts';
import { known } from '../run/text.ts';
import { disguisesOf } from '../content/look-alikes.ts';
import { addProgram } from '../run/effects.ts';

/** A tool that runs a text in a shell. */
export function runShellText(call: Call, argument: string, text: string, cwd?: string): void {
  const where = whereInCommand(argument, text);
  const disguises = disguisesOf(text.replaceAll('\r\n', '\n'));
  const state = freshState(call.context, cwd ?? call.context.cwd);
  call.run.script(known(text), { state, where: { ...where, disguises } });
  // What a person does not see in a command, or takes for something else, is told even where it is understood.
  if (disguises.length > 0) {
    addProgram(
      { run: call.run, state, where: { ...where, disguises } },
      { name: 'sh', classes: ['shell'], arguments: [] },
      { doubt: 'unknown_until_run', why: 'the command holds characters that are invisible or look like others' },
    );
  }
}

/** A tool that runs a program by a list of arguments, without a shell. */
export function runArgumentList(call: Call, argument: string, list: unknown, cwd?: string): boolean {
  if (!isList(list) || list.length === 0 || !list.every((entry) => typeof entry === 'string')) return false;
  const words = list.slice(0, 1024);
  const text = words.join(' ');
  const [first = '', second = '', third] = words;
  const where = whereInCommand(argument, text);
  const state = freshState(call.context, cwd ?? call.context.cwd);
  // `bash -lc script` is how a shell is asked for: places count in the script.
  if (
    /^(?:\/(?:usr\/)?bin\/)?(?:ba|z|da)?sh$/.test(first) &&
    /^-l?i?c$/.test(second) &&
    third !== undefined &&
    words.length === 3
  ) {
    runShellText(call, `${argument}.2`, third, cwd);
    return true;
  }
  call.run.command(
    words.map((word) => known(word)),
    { state, where: { ...where, disguises: disguisesOf(text) } },
  );
  return true;
}
