import { addHost, addPath, addProgram } from '../run/effects.ts';
import { absolute } from '../run/files.ts';
import { printedBy } from '../run/printed.ts';
import type { Around, Invocation, Run } from '../run/run.ts';
import { isKnown, isWild, known, shown, unknown, wild } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { disguisesOf } from '../content/look-alikes.ts';
import { applyRule, addStranger, looksLikePath, runFile } from './apply-rule.ts';
import { runCommand } from './start.ts';
import { builtins } from './builtins.ts';
import { filePrograms } from './file-programs.ts';
import { networkPrograms } from './network-programs.ts';
import type { ProgramRule } from './rule.ts';
import { runningPrograms } from './running-programs.ts';
import { specialPrograms } from './special-programs.ts';
import { runSubscripts } from './subscripts.ts';

const rules: ReadonlyMap<string, ProgramRule> = new Map(
  [...filePrograms, ...runningPrograms, ...networkPrograms].flatMap((rule) =>
    rule.names.split(' ').map((name) => [name, rule]),
  ),
);

/** Directories whose programs are what their names say. */
const systemDirectory = /^\/(?:usr\/(?:local\/)?)?s?bin\/|^\/opt\/homebrew\/(?:opt\/[\w@.-]+\/)?bin\//;

/** One command: its actions by what its program is known to do with its arguments. Gives what it prints, as far as that follows. */
export function judgeCommand(name: Text, given: readonly Text[], effect: Around & { readonly run: Run }): Value {
  const { state } = effect;
  const invocation: Invocation = { ...effect, name: shown(name.text), arguments: given };
  if (name.text === wild.set) return named({ ...invocation, name: '[' });
  if (!isKnown(name) || isWild(name)) return strangeName(invocation, name);
  const written = name.text;
  const alias = state.aliases.get(written);
  if (alias !== undefined) {
    state.aliases.delete(written);
    // Whether aliases are expanded is not known: it is both.
    runAlias(alias, invocation);
  }
  const replaced = state.replaced.get(written) ?? (written.includes('/') ? undefined : state.replaced.get('*'));
  if (replaced !== undefined && !builtins.has(written)) {
    addProgram(
      invocation,
      { name: written, classes: ['unknown'], arguments: given },
      { doubt: 'unknown_program', why: replaced },
    );
  }
  const base = written.includes('/')
    ? systemDirectory.test(written)
      ? written.slice(written.lastIndexOf('/') + 1)
      : undefined
    : written;
  if (base === undefined) return fileOf(invocation, name);
  return named({ ...invocation, name: base.replace(/\.exe$/i, '') });
}

function named(invocation: Invocation): Value {
  const { name, stdin, arguments: given } = invocation;
  runSubscripts(invocation);
  const builtin = builtins.get(name);
  if (name === 'tee' && stdin !== undefined) {
    for (const { text } of given)
      if (!text.startsWith('-')) invocation.state.files.set(absolute(text, invocation.state), stdin);
  }
  if (builtin !== undefined) return builtin(invocation);
  const printed = printedBy(name, given, stdin);
  const special = specialPrograms(name);
  const rule = rules.get(name);
  const found = special?.(invocation) ?? (rule === undefined ? undefined : applyRule(rule, invocation));
  if (found === undefined) return stranger(invocation);
  return printed ?? readFiles(invocation) ?? found;
}

/** `cat file` prints what is in it, where this call wrote it. */
function readFiles({ name, arguments: given, state }: Invocation): Value | undefined {
  const [only] = given;
  if (name !== 'cat' || given.length !== 1 || only === undefined) return undefined;
  const held =
    state.files.get(only.text) ?? state.files.get(`${state.cwds[0] ?? ''}/${only.text.replace(/^\.\//, '')}`);
  return held ?? [unknown(`what is in ${shown(only.text)}`)];
}

function runAlias(alias: string, invocation: Invocation): void {
  const { run, where, state, stdin } = invocation;
  const rest = invocation.arguments.map(({ text }) => `'${shown(text).replaceAll("'", `'\\''`)}'`);
  run.script(
    { text: [alias, ...rest].join(' ') },
    { state, stdin, where: { ...where, through: [...where.through, 'alias'] } },
  );
}

/** A program that is only known when it runs, or is found by wildcards. Whatever it is, its arguments count. */
function strangeName(invocation: Invocation, name: Text): Value {
  const why = isKnown(name)
    ? 'which program it is depends on the files that are there'
    : (name.why ?? 'which program it is is not known');
  addProgram(
    invocation,
    { name: shown(name.text), classes: ['unknown'], arguments: invocation.arguments },
    { doubt: 'unknown_until_run', why },
  );
  addArguments(invocation);
  return [unknown('what a program that is not known prints')];
}

/** A file that is run by its path. */
function fileOf(invocation: Invocation, name: Text): Value {
  addPath(invocation, 'execute', name, { doubt: 'project_code' });
  const base = shown(name.text).slice(shown(name.text).lastIndexOf('/') + 1);
  const isTool =
    /(?:^|\/)node_modules\/\.bin\/|(?:^|\/)\.?venv\/bin\/|(?:^|\/)vendor\/bin\//.test(name.text) &&
    (rules.has(base) || specialPrograms(base) !== undefined);
  if (isTool) return runCommand([known(base), ...invocation.arguments], invocation, shown(name.text));
  const output = runFile(name, invocation, invocation.arguments);
  for (const text of invocation.arguments)
    if (looksLikePath(text)) addPath(invocation, 'read', text, { doubt: 'project_code' });
  return output;
}

/** A program that nobody described: all its arguments count as what they look like. */
function stranger(invocation: Invocation): Value {
  const { name, arguments: given, run, where } = invocation;
  const disguises = disguisesOf(name);
  const inside =
    disguises.length === 0
      ? invocation
      : { ...invocation, where: { ...where, disguises: [...where.disguises, ...disguises] } };
  const isAsking = given.length === 1 && /^(?:--version|-V|--help|-h|version|help)$/.test(given[0]?.text ?? '');
  addProgram(
    { ...inside, run },
    { name, classes: ['unknown'], arguments: given },
    isAsking && disguises.length === 0 && /^[\w.+-]+$/.test(name)
      ? { doubt: 'project_code', why: 'asks a program for its version or help' }
      : { doubt: 'unknown_program', why: `what "${name}" does is not known` },
  );
  addArguments(inside);
  return [unknown(`what "${name}" prints`)];
}

function addArguments(invocation: Invocation): void {
  for (const text of invocation.arguments) {
    const value = /^--?[\w-]+=([\s\S]*)$/.exec(text.text)?.[1];
    const given = value === undefined ? text : { ...text, text: value };
    if (/^[a-z][a-z0-9+.-]*:\/\/|^[\w.-]+@[\w.-]+:/i.test(given.text))
      addHost(invocation, given, { way: 'send', doubt: 'unknown_program' });
    else if (looksLikePath(given) || /^[\w-]+\.[a-z0-9]{1,5}$/i.test(given.text)) addStranger(invocation, given);
  }
}
