import { addName, addPath, addProgram } from '../run/effects.ts';
import { printedBy } from '../run/printed.ts';
import type { Invocation } from '../run/run.ts';
import type { State } from '../run/state.ts';
import { hole, isKnown, known, onlyText, shown, unknown } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { assignShellVariable, assignVariable } from '../run/variables.ts';
import { runFile } from './apply-rule.ts';
import { runCommand, runScript } from './start.ts';
import { readArguments } from './arguments.ts';
import { printEnvironment } from './starters.ts';

type Builtin = (invocation: Invocation) => Value;
const nothing: Value = [known('')];

/** What the shell does itself: it moves, sets, defines, and runs texts. */
export const builtins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['cd', changeDirectory],
  ['pushd', changeDirectory],
  ['popd', leaveDirectory],
  ['eval', evaluate],
  ['source', sourced],
  ['.', sourced],
  ['export', declare],
  ['declare', declare],
  ['typeset', declare],
  ['local', declare],
  ['readonly', declare],
  ['unset', unset],
  ['read', readInto],
  ['mapfile', readInto],
  ['readarray', readInto],
  ['set', setOptions],
  ['shift', shift],
  ['alias', alias],
  ['unalias', () => nothing],
  ['trap', trap],
  ['command', commandBuiltin],
  ['printf', printFormatted],
  ['exit', () => nothing],
  ['return', () => nothing],
  ['break', () => nothing],
  ['continue', () => nothing],
  ['shopt', shellOptions],
  ['pwd', ({ state }) => state.cwds.map((text) => ({ text: `${text}\n` }))],
  ['hash', hash],
  ['enable', hash],
  ['history', historyList],
  ['fc', historyList],
  ['bind', opaque],
  ['complete', opaque],
  ['compgen', opaque],
]);

function operandsOf(invocation: Invocation): readonly Text[] {
  return invocation.arguments.filter(({ text }) => !text.startsWith('-'));
}

function changeDirectory({ arguments: given, state, run }: Invocation): Value {
  const to = given.find(({ text }) => !/^-[LPe@]+$/.test(text) && text !== '--');
  if (to === undefined) {
    state.cwds = [run.context.home ?? hole];
    return nothing;
  }
  if (to.text === '-' || /^[+-]\d/.test(to.text)) {
    state.cwds = [hole];
    return nothing;
  }
  if (state.variables.has('CDPATH')) {
    state.cwds = [hole];
    return nothing;
  }
  state.cwds = [...new Set(state.cwds.map((cwd) => (to.text.startsWith('/') ? to.text : `${cwd}/${to.text}`)))].map(
    normal,
  );
  return nothing;
}

/** `cd` goes by the path as it is written, so that `..` leaves a link where it stands. */
function normal(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..' && names.length > 0 && names.at(-1)?.includes(hole) !== true) names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  const joined = names.join('/');
  return joined.startsWith(hole) ? joined : `/${joined}`;
}

function leaveDirectory({ state }: Invocation): Value {
  state.cwds = [hole];
  return nothing;
}

function evaluate(invocation: Invocation): Value {
  const { arguments: given } = invocation;
  const why = given.find((text) => !isKnown(text))?.why;
  const disguises = given.flatMap((text) => text.disguises ?? []);
  const text = given.map((entry) => entry.text).join(' ');
  return runScript(
    { text, ...(why === undefined ? {} : { why }), ...(disguises.length === 0 ? {} : { disguises }) },
    invocation,
  );
}

function sourced(invocation: Invocation): Value {
  const [path, ...positional] = invocation.arguments;
  if (path === undefined) return nothing;
  addPath(invocation, 'read', path);
  if (/^\/dev\/(?:stdin|fd\/0)$/.test(path.text)) {
    return (invocation.stdin ?? [unknown('what is typed in')]).flatMap((text) =>
      runScript(text, invocation, positional),
    );
  }
  return runFile(path, invocation, positional);
}

function declare(invocation: Invocation): Value {
  const { arguments: given, name } = invocation;
  const names = given.filter(({ text }) => !/^[-+]/.test(text));
  const flags = given.filter(({ text }) => text.startsWith('-')).map(({ text }) => text);
  // Without a name, or to print it: what variables hold. `-f` is about functions, `readonly` about the shell's own.
  const isPrinting = flags.some((flag) => /^-\w*p/.test(flag)) || (names.length === 0 && name !== 'local');
  if (isPrinting && name !== 'readonly' && !flags.some((flag) => /^-\w*[fF]/.test(flag)))
    return printEnvironment(
      invocation,
      names.length === 0
        ? '*'
        : names
            .map(({ text }) => shown(text))
            .slice(0, 5)
            .join(' '),
    );
  const isReference = flags.some((flag) => /^-\w*n/.test(flag)) && name !== 'export';
  for (const argument of invocation.arguments) {
    const found = /^([\w%]+)(\+?)=([\s\S]*)$/.exec(argument.text);
    if (found === null) {
      if (invocation.name === 'export') invocation.state.unexported.delete(argument.text);
      if (!/^[-+]/.test(argument.text) && invocation.name === 'local')
        invocation.state.variables.set(argument.text, nothing);
      if (isReference && !/^[-+]/.test(argument.text)) opaque(invocation);
      if (/^-\w*f/.test(argument.text) || !isKnown(argument)) opaqueDeclaration(invocation, argument);
      continue;
    }
    const [, name = '', append, text = ''] = found;
    // What is put into the one name later goes into the other.
    if (isReference) {
      if (/^[A-Za-z_]\w*$/.test(text)) assignShellVariable(text, [unknown(`"${name}" is a name for it`)], invocation);
      opaque(invocation);
    }
    const value: Text = isReference ? unknown(`"${name}" is another variable's name`) : { ...argument, text };
    const isExport = invocation.name === 'export' || flags.some((flag) => /^-\w*x/.test(flag));
    const assign = isExport ? assignVariable : assignShellVariable;
    assign(name, append === '' ? [value] : [unknown(`"${name}" grows`)], invocation);
  }
  return nothing;
}

function opaqueDeclaration(invocation: Invocation, argument: Text): void {
  addName(
    invocation,
    'configure',
    { of: 'variable', name: shown(argument.text) },
    { doubt: 'unknown_until_run', why: 'hands on what is not known to later programs' },
  );
}

function unset({ arguments: given, state }: Invocation): Value {
  for (const { text } of given) {
    state.variables.set(text, [known('')]);
    state.functions.delete(text);
    if (text === 'IFS') state.variables.delete('IFS');
  }
  return nothing;
}

/** One plain variable gets what is known to come in; everything else is not known. */
function readInto(invocation: Invocation): Value {
  // `mapfile -C command`: runs for every few lines.
  if (invocation.name !== 'read') {
    const read = readArguments({ script: '-C', text: '-d -n -O -s -u -c' }, invocation.arguments, true);
    for (const { role, text } of read.values) if (role === 'script') runScript(text, invocation);
  }
  const { state, stdin, name } = invocation;
  const names = operandsOf(invocation).filter(({ text }) => /^\w+$/.test(text) && !/^\d+$/.test(text));
  const line = name === 'read' ? onlyText(stdin) : undefined;
  const [only] = names;
  for (const { text } of names) {
    assignShellVariable(text, [unknown(`"${text}" is read when it runs`)], invocation);
  }
  if (line !== undefined && names.length === 1 && only !== undefined) {
    assignShellVariable(
      only.text,
      [known((line.split('\n')[0] ?? '').trim()), unknown(`"${only.text}" is read when it runs`)],
      invocation,
    );
  }
  if (names.length === 0) state.variables.set('REPLY', [unknown('"REPLY" is read when it runs')]);
  return nothing;
}

function setOptions(invocation: Invocation): Value {
  const { arguments: given, state } = invocation;
  const [first] = given;
  if (first === undefined) return printEnvironment(invocation, '*');
  const flags = given.map(({ text }) => text);
  if (flags.some((flag) => /^-\w*e/.test(flag)) || flags.includes('errexit')) state.stopsOnError = true;
  if (flags.some((flag) => /^\+\w*e/.test(flag))) state.stopsOnError = false;
  if (flags.some((flag) => /^-\w*a|^allexport$/.test(flag))) exportAll(state);
  const dashes = flags.indexOf('--');
  // `name=value` behind a program's name counts as one in front of it from now on.
  const isKeyword = (flag: string): boolean => /^-\w*k|^keyword$/.test(flag) || flag.startsWith(hole);
  if (flags.slice(0, dashes === -1 ? undefined : dashes).some(isKeyword)) opaque(invocation);
  if (dashes !== -1) state.positional = given.slice(dashes + 1);
  else if (!/^[-+]/.test(first.text)) state.positional = given;
  return nothing;
}

function exportAll(state: State): void {
  state.exportsAll = true;
  state.unexported.clear();
}

function shellOptions(invocation: Invocation): Value {
  const { arguments: given, state } = invocation;
  if (given.some(({ text }) => text === 'keyword')) opaque(invocation);
  if (given.some(({ text }) => text === 'allexport')) exportAll(state);
  return nothing;
}

function shift({ arguments: given, state }: Invocation): Value {
  const count = Number(given[0]?.text ?? '1');
  state.positional = Number.isInteger(count) ? state.positional?.slice(count) : undefined;
  return nothing;
}

function alias(invocation: Invocation): Value {
  for (const { text, why } of invocation.arguments) {
    const found = /^([^=]+)=([\s\S]*)$/.exec(text);
    if (found === null) continue;
    invocation.state.aliases.set(found[1] ?? '', found[2] ?? '');
    addName(
      invocation,
      'configure',
      { of: 'setting', name: `alias ${found[1] ?? ''}` },
      { doubt: 'unknown_until_run', why: why ?? 'a name stands for another command from now on' },
    );
  }
  return nothing;
}

/** `command -v name` only says what it is; else the command runs. */
function commandBuiltin(invocation: Invocation): Value {
  const { arguments: given } = invocation;
  const at = given.findIndex(({ text }) => !/^-[pvV]+$/.test(text));
  const flags = given.slice(0, at === -1 ? given.length : at);
  addProgram(invocation, { name: 'command', classes: ['tool'], arguments: given });
  if (at === -1 || flags.some(({ text }) => /[vV]/.test(text))) return [unknown('what a command is')];
  return runCommand(given.slice(given[at]?.text === '--' ? at + 1 : at), invocation);
}

/** `printf -v name`: sets a variable instead of printing. */
function printFormatted(invocation: Invocation): Value {
  const { name, arguments: given, stdin } = invocation;
  const [first, second, ...rest] = given;
  const joined = /^-v(.+)$/s.exec(first?.text ?? '')?.[1];
  const variable = first?.text === '-v' ? shown(second?.text ?? '') : joined;
  addProgram(invocation, { name, classes: ['tool'], arguments: given });
  if (variable === undefined) return printedBy(name, given, stdin) ?? [unknown('what printf prints')];
  const printed = printedBy(name, joined === undefined ? rest : given.slice(1), stdin);
  assignShellVariable(variable.replace(/\[.*$/s, ''), printed ?? [unknown('what printf prints')], invocation);
  return nothing;
}

function trap(invocation: Invocation): Value {
  const [action] = operandsOf(invocation);
  if (action !== undefined && action.text !== '' && invocation.arguments.length > 1) runScript(action, invocation);
  return nothing;
}

function hash(invocation: Invocation): Value {
  const { arguments: given, state } = invocation;
  const at = given.findIndex(({ text }) => /^-[pf]$/.test(text));
  if (at === -1) return nothing;
  const name = given[at + 2]?.text ?? '*';
  const program = given[at + 1] ?? unknown('which program it is');
  state.replaced.set(name, `"${name}" stands for ${shown(program.text)}`);
  addName(
    invocation,
    'configure',
    { of: 'setting', name: `${invocation.name} ${name}` },
    { doubt: 'unknown_until_run', why: 'a name stands for another program from now on' },
  );
  addPath(invocation, 'execute', program, { doubt: 'unknown_program' });
  return nothing;
}

function historyList(invocation: Invocation): Value {
  addProgram(
    invocation,
    { name: invocation.name, classes: ['tool'], arguments: invocation.arguments },
    { doubt: 'unknown_until_run', why: 'shows, changes or runs earlier commands' },
  );
  return [unknown('earlier commands')];
}

function opaque(invocation: Invocation): Value {
  addProgram(
    invocation,
    { name: invocation.name, classes: ['shell'], arguments: invocation.arguments },
    { doubt: 'unknown_until_run', why: 'changes how later commands are read or completed' },
  );
  return [unknown(`what "${invocation.name}" prints`)];
}
