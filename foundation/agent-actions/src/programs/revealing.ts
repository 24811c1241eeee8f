import { addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { shown, unknown } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { addForeignCode } from './foreign-code.ts';
import { readArguments } from './arguments.ts';
import { printEnvironment } from './starters.ts';

// Programs that print what their arguments do not name: the environment, other processes', files from within a filter.

/** `ps`: with `e` among the letters without a dash it prints the variables of every process of the person. */
export function processesProgram(invocation: Invocation): Value {
  const shows = invocation.arguments.some(({ text }) => text.includes('e') && /^[A-Za-z]+$/.test(text));
  if (shows) return printEnvironment(invocation, '*');
  addProgram(invocation, { name: 'ps', classes: ['tool'], arguments: invocation.arguments });
  return [unknown('the list of processes')];
}

const filterOptions = {
  text: '--arg --argjson --indent --tab',
  read: '-f --from-file --slurpfile --rawfile -L',
} as const;

/** `jq`, `yq`: a filter, which can print the environment and read files, then files. */
export function filterProgram(invocation: Invocation): Value {
  const { name, arguments: given } = invocation;
  // `--arg name value`, `--rawfile name file`: the name goes.
  const plain: Text[] = [];
  for (let at = 0; at < given.length; at += 1) {
    const text = given[at];
    if (text === undefined) continue;
    plain.push(text);
    if (/^--(?:arg|argjson|rawfile|slurpfile)$/.test(text.text)) at += 1;
  }
  const read = readArguments(filterOptions, plain, false);
  addProgram(invocation, { name, classes: ['tool'], arguments: given });
  for (const { role, text } of read.values) if (role === 'read') addPath(invocation, 'read', text);
  const isGiven = read.flags.has('-f') || read.flags.has('--from-file');
  // yq takes a file alone, too.
  const [filter] = isGiven ? [] : read.operands;
  const files =
    read.flags.has('--args') || read.flags.has('--jsonargs') ? [] : read.operands.slice(filter === undefined ? 0 : 1);
  const isChanging =
    name !== 'jq' &&
    [...read.flags].some((flag) => flag === '-i' || flag.startsWith('--inplace') || flag === '--in-place');
  for (const text of files) {
    addPath(invocation, 'read', text);
    if (isChanging) addPath(invocation, 'write', text);
  }
  if (filter === undefined) return [unknown(`what "${name}" prints`)];
  const code = shown(filter.text);
  const named = [...code.matchAll(/(?:\$ENV|\benv)\.(\w+)|\bstrenv\((\w+)\)|\benv\((\w+)\)/g)].map(
    ([, a, b, c]) => a ?? b ?? c ?? '*',
  );
  if (named.length > 0) printEnvironment(invocation, named.slice(0, 5).join(' '));
  else if (/\$ENV\b|(?<![.\w"])env(?![\w"])/.test(code)) printEnvironment(invocation, '*');
  // yq reads files from within: `load("file")`.
  if (/\bload\w*\(/.test(code)) addForeignCode(invocation, filter);
  return [unknown(`what "${name}" prints`)];
}
