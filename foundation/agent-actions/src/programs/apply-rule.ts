import type { DoubtCode } from '../action.ts';
import { addHost, addName, addPath, addProgram, addRecipient, addStatements, sentStdin } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { fileText } from '../run/files.ts';
import { known, onlyText, shown, unknown, withWildcards } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { placePath } from '../paths/resolve-path.ts';

import { readArguments } from './arguments.ts';
import { addInlineCode } from './inline-code.ts';
import { addMakeVariables, givenFromElsewhere } from './project-programs.ts';
import { addPublishing } from './publishing.ts';
import type { ProgramRule, Role } from './rule.ts';
import { runCommand, runScript } from './start.ts';

/** The actions that a rule of the table says a program's arguments mean; gives what it prints. */
export function applyRule(rule: ProgramRule, invocation: Invocation): Value {
  const isPrefix = rule.first === 'command';
  const read = readArguments(rule.options, invocation.arguments, isPrefix);
  const elsewhere = rule.doubt === 'project_code' ? notOfProject(invocation) : undefined;
  addProgram(
    invocation,
    { name: invocation.name, classes: rule.classes ?? ['tool'], arguments: invocation.arguments },
    elsewhere ?? { doubt: rule.doubt, why: rule.why },
  );
  if (rule.classes?.includes('build') === true) addMakeVariables(read.operands, invocation);
  const options = { doubt: rule.doubt, why: rule.why };
  for (const { role, text, option } of read.values) {
    if (role === 'command') continue;
    applyRole(role, text, invocation, { ...options, option });
    if (rule.listOf?.split(' ').includes(option ?? '') === true)
      addPath(invocation, 'read', unknown('which files are read stands in another file'));
  }
  const byOption = read.values.findIndex(({ role }) => role === 'command');
  if (byOption !== -1) {
    // `fd -X rm`: what is found goes to it, at its end or in place of `{}`.
    const words = read.values.slice(byOption).map(({ text }) => text);
    const found = { text: withWildcards('./*') };
    const isPlaced = words.some(({ text }) => text === '{}');
    runCommand(isPlaced ? words.map((text) => (text.text === '{}' ? found : text)) : [...words, found], invocation);
  }
  for (const text of read.strangers) if (looksLikePath(text)) addStranger(invocation, text);
  if (isPrefix) return read.operands.length === 0 ? [known('')] : runCommand(read.operands, invocation);
  const isFirstGiven = (rule.firstGivenBy ?? '').split(' ').some((name) => name !== '' && read.flags.has(name));
  const count = read.operands.length;
  for (const [index, text] of read.operands.entries()) {
    const isFirst = index === 0 && rule.first !== undefined && !isFirstGiven;
    const isLast = rule.last !== undefined && index === count - 1 && count > 1 && !givesTarget(read.flags);
    const role = isFirst ? rule.first : isLast ? rule.last : rule.operands;
    applyRole(role ?? 'text', text, invocation, options);
  }
  const hasOperand = count > (rule.first !== undefined && !isFirstGiven ? 1 : 0);
  // A filter reads what is piped in; without that, some programs read where they are.
  if (
    !hasOperand &&
    rule.onDirectory !== undefined &&
    (invocation.stdin === undefined || rule.onDirectory !== 'read-tree')
  ) {
    applyRole(rule.onDirectory, known('.'), invocation, options);
  }
  const isToldStatements = read.values.some(({ role }) => role === 'sql') || (rule.operands === 'sql' && count > 1);
  if (rule.readsStatements === true && !isToldStatements)
    for (const text of invocation.stdin ?? []) addStatements(invocation, text);
  if (rule.prints === 'nothing') return [known('')];
  if (rule.prints === 'input') return invocation.stdin ?? [unknown('what is typed in')];
  return [unknown(`what "${invocation.name}" prints`)];
}

/** Why it is not only the project's code that runs. */
function notOfProject(invocation: Invocation): { readonly doubt: DoubtCode; readonly why: string } | undefined {
  const doubt = givenFromElsewhere(invocation);
  if (addInlineCode(invocation))
    return { doubt: doubt ?? 'foreign_code', why: 'is given code, or a command, of its own' };
  if (addPublishing(invocation, invocation.name, invocation.arguments))
    return { doubt: doubt ?? 'unknown_until_run', why: 'gives something away with the credentials of this machine' };
  return doubt && { doubt, why: 'runs code, or by settings, of a place outside the project' };
}

function givesTarget(flags: ReadonlySet<string>): boolean {
  return flags.has('-t') || flags.has('--target-directory');
}

export function looksLikePath({ text }: Text): boolean {
  return /^(?:[~.]|[^:]*\/)/.test(shown(text)) && !/^[a-z][a-z0-9+.-]*:\/\//i.test(text) && text !== '.';
}

/** An argument of which nobody knows what the program does with it. */
export function addStranger(invocation: Invocation, text: Text): void {
  addPath(invocation, 'read', text, { doubt: 'unknown_program' });
  addPath(invocation, 'write', text, { doubt: 'unknown_program' });
}

type RoleOptions = {
  readonly doubt?: DoubtCode | undefined;
  readonly why?: string | undefined;
  readonly option?: string | undefined;
};

/** What such an option starts reads what the program hands it: a shell would run it. */
const piping = new Set(['--filter', '--pre', '--compress-program']);

function applyRole(role: Role, text: Text, invocation: Invocation, { doubt, why, option }: RoleOptions = {}): void {
  // Code of the project does what it does; what it is told to read and write is told all the same.
  const how = {
    ...(doubt === undefined || doubt === 'project_code' ? {} : { doubt }),
    ...(why === undefined ? {} : { why }),
  };
  switch (role) {
    case 'text':
    case 'command':
      return;
    case 'read':
      addPath(invocation, 'read', text, how);
      return;
    case 'read-tree':
      addPath(invocation, 'read', text, { ...how, isTree: true });
      return;
    case 'write':
      addPath(invocation, 'write', text, how);
      return;
    case 'write-tree':
      addPath(invocation, 'write', text, { ...how, isTree: true });
      return;
    case 'change':
      addPath(invocation, 'read', text, how);
      addPath(invocation, 'write', text, how);
      return;
    case 'move':
      addPath(invocation, 'read', text, how);
      addPath(invocation, 'delete', text, how);
      return;
    case 'delete':
      addPath(invocation, 'delete', text, how);
      return;
    case 'delete-tree':
      addPath(invocation, 'delete', text, { ...how, isTree: true });
      return;
    case 'execute':
      if (text.text === '-') {
        addProgram(
          invocation,
          { name: invocation.name, classes: ['unknown'], arguments: invocation.arguments },
          { doubt: 'unknown_until_run', why: 'runs what is piped in' },
        );
        return;
      }
      addPath(invocation, 'read', text, how);
      runFile(text, invocation);
      return;
    case 'fetch':
      addHost(invocation, text, { way: 'fetch' });
      return;
    case 'send':
      addHost(invocation, text, { way: 'send', sends: sentStdin(invocation) });
      return;
    case 'look-up':
      if (!shown(text.text).startsWith('+'))
        addHost(
          invocation,
          { ...text, text: text.text.replace(/^@/, '') },
          { way: 'look-up', sends: [shown(text.text)] },
        );
      return;
    case 'listen':
      addHost(invocation, { text: '0.0.0.0' }, { way: 'listen', doubt: 'unknown_until_run' });
      return;
    case 'recipient':
      addRecipient(invocation, text, sentStdin(invocation));
      return;
    case 'script':
      runScript(
        text,
        piping.has(option ?? '')
          ? { ...invocation, stdin: [unknown(`what "${invocation.name}" hands to it`)] }
          : invocation,
      );
      return;
    case 'name':
      addName(invocation, 'configure', { of: 'setting', name: `${invocation.name} ${shown(text.text)}` });
      return;
    case 'sql':
      addStatements(invocation, text);
      return;
    case 'body':
      if (text.text.startsWith('@')) addPath(invocation, 'read', { ...text, text: text.text.slice(1) });
      break;
    default:
  }
}

const wrappers: ReadonlyMap<string, string> = new Map([
  ['gradlew', 'gradle'],
  ['mvnw', 'mvn'],
  ['sbtw', 'sbt'],
  ['rails', 'rails'],
  ['rake', 'rake'],
  ['manage.py', 'flask'],
]);

/** A file of shell commands that is run: by its contents where they are known. */
export function runFile(path: Text, invocation: Invocation, positional: readonly Text[] = []): Value {
  const name = onlyText([path]);
  const contents =
    name === undefined ? [unknown('which file it is is not known')] : fileText(name, invocation.state, invocation.run);
  const text = onlyText(contents);
  const isShell = text !== undefined && (!text.startsWith('#!') || /^#![^\n]*\b(?:ba|da|z|k)?sh\b/.test(text));
  const [content] = contents;
  if (isShell && content !== undefined) return runScript(content, invocation, positional);
  const isFetched = content?.why?.startsWith('fetched') === true;
  const isHere = !isFetched && invocation.state.cwds.every((cwd) => isOfProject(name, cwd, invocation));
  const base = shown(path.text).slice(shown(path.text).lastIndexOf('/') + 1);
  const isGivenAway = addPublishing(invocation, base, positional);
  // The wrappers of builds, and what starts the framework, take what their builds do.
  const build = wrappers.get(base);
  const isLedAway =
    build !== undefined && notOfProject({ ...invocation, name: build, arguments: positional }) !== undefined;
  addProgram(
    invocation,
    { name: name ?? shown(path.text), classes: isHere ? ['project-code'] : ['unknown'], arguments: positional },
    {
      doubt: isFetched ? 'fetched_code' : isHere && !isGivenAway && !isLedAway ? 'project_code' : 'unknown_until_run',
      why: content?.why ?? 'runs the code in a file',
    },
  );
  return [unknown(`what "${shown(path.text)}" prints`)];
}

function isOfProject(name: string | undefined, cwd: string, { run, state }: Invocation): boolean {
  if (name === undefined) return false;
  const { classes } = placePath(name, cwd, run.context, state.links);
  return classes.includes('workspace');
}
