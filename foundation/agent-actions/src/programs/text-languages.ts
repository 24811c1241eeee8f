import { addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { isKnown, known, shown, unknown, wild } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { runScript } from './start.ts';
import { readArguments } from './arguments.ts';
import { readAwkProgram } from './awk-program.ts';
import { readSedScript } from './sed-script.ts';

// awk and sed: small languages for texts, which can write files and run commands.

/** What is looked at where a program is not understood: the end of a longer one is left, as it is asked about anyway. */
const lookedAt = 4096;

const awkFlag =
  /^(?:-[bcPrSNnMkOs]|--(?:posix|traditional|re-interval|csv|sandbox|characters-as-bytes|bignum|optimize|version)|-[Fv][\s\S]+|--(?:assign|field-separator)=[\s\S]*)$/;

/** Whether the options before awk's program are those that only say how texts are divided. */
function hasPlainAwkOptions(given: readonly Text[]): boolean {
  for (let at = 0; at < given.length; at += 1) {
    const text = given[at]?.text ?? '';
    if (!text.startsWith('-') || text === '--') return true;
    if (/^(?:-F|-v|--assign|--field-separator)$/.test(text)) at += 1;
    else if (!awkFlag.test(text)) return false;
  }
  return true;
}

/** awk: its programs may write files and run commands, and say so in few words. */
export function awkProgram(invocation: Invocation): Value {
  const read = readArguments(
    { text: '-F -v --field-separator --assign', execute: '-f -i -l -E --file --include --load --exec' },
    invocation.arguments,
    true,
  );
  const file = read.values.find(({ role }) => role === 'execute');
  const program = file === undefined ? read.operands[0] : undefined;
  const files = file === undefined ? read.operands.slice(1) : read.operands;
  const { isPlain: isPlainProgram, writes } = readAwkProgram(program?.text ?? '');
  const isPlain =
    file === undefined &&
    (program === undefined || (isKnown(program) && isPlainProgram)) &&
    hasPlainAwkOptions(invocation.arguments) &&
    !files.some(({ text }) => text.startsWith('/inet'));
  addProgram(
    invocation,
    { name: invocation.name, classes: ['interpreter'], arguments: invocation.arguments },
    isPlain ? {} : { doubt: 'foreign_code', why: 'its program may write files or run commands' },
  );
  if (file !== undefined) addPath(invocation, 'read', file.text);
  for (const text of files) if (!/^\w+=/.test(text.text)) addPath(invocation, 'read', text);
  if (isPlain) for (const path of writes) addPath(invocation, 'write', known(path));
  else if (program !== undefined) addNamedByAwk(invocation, program.text.slice(0, lookedAt));
  return [unknown(`what "${invocation.name}" prints`)];
}

/** What a program of awk that is not understood names as text. */
function addNamedByAwk(invocation: Invocation, program: string): void {
  for (const [, path = ''] of program.matchAll(/>{1,2}\s*"([^"]+)"/g))
    addPath(invocation, 'write', known(path), { doubt: 'foreign_code' });
  for (const [, command = ''] of program.matchAll(/\bsystem\s*\(\s*"((?:[^"\\]|\\.)*)"/g))
    runScript({ text: command.replaceAll('\\"', '"') }, invocation);
  for (const [, command = ''] of program.matchAll(/(?:\|&?\s*"|")((?:[^"\\]|\\.)*)"(?:\s*\|\s*getline)?/g)) {
    if (/^\s*(?:\S*\/)?(?:sh|bash|curl|wget|nc|cat|rm|mail|tee)\b/.test(command))
      runScript({ text: command.replaceAll('\\"', '"') }, invocation);
  }
  for (const [, path = ''] of program.matchAll(/<\s*"([^"]+)"/g))
    addPath(invocation, 'read', known(path), { doubt: 'foreign_code' });
}

const sedFlag =
  /^(?:-[nErsuz]+|-[nErsuz]*[ie][\s\S]*|--(?:in-place|expression)(?:=[\s\S]*)?|--(?:quiet|silent|posix|regexp-extended|null-data|separate|unbuffered|debug|sandbox|version|help|follow-symlinks))$/;

/** sed: `w` and `r` name files, `e` runs commands, `-i` changes what it reads. */
export function sedProgram(invocation: Invocation): Value {
  const dashes = invocation.arguments.findIndex(({ text }) => text === '--');
  const options = dashes === -1 ? invocation.arguments : invocation.arguments.slice(0, dashes);
  // What stands behind `i` is a suffix, whatever its letters.
  const given = options.map((text) => ({ ...text, text: text.text.replace(/^(-[nErsuz]*i)[\s\S]+$/, '$1') }));
  const read = readArguments(
    { text: '-l -L -I', script: '-e --expression', execute: '-f --file' },
    [...given, ...invocation.arguments.slice(options.length)],
    false,
  );
  const expressions = read.values.filter(({ role }) => role === 'script').map(({ text }) => text);
  const hasFile = read.values.some(({ role }) => role === 'execute');
  const isInPlace = [...read.flags].some((flag) => /^(?:-[nErsuz]*[iI]|--i)/.test(flag));
  // BSD's sed takes a suffix behind -i as an argument of its own.
  const operands = isInPlace && read.operands[0]?.text === '' ? read.operands.slice(1) : read.operands;
  const isByOption = expressions.length > 0 || hasFile;
  const scripts = isByOption ? expressions : operands.slice(0, 1);
  const files = isByOption ? operands : operands.slice(1);
  let isPlain = !hasFile && [...read.flags].every((flag) => sedFlag.test(flag));
  for (const script of scripts) {
    const found = readSedScript(shown(script.text));
    if (!found.isPlain || !isKnown(script)) isPlain = false;
    for (const path of found.writes) addPath(invocation, 'write', known(path));
    for (const path of found.reads) addPath(invocation, 'read', known(path));
    for (const command of found.commands) if (command !== '') runScript({ text: command }, invocation);
    if (!found.isPlain) addNamedBySed(invocation, shown(script.text).slice(0, lookedAt));
  }
  addProgram(
    invocation,
    { name: invocation.name, classes: ['tool'], arguments: invocation.arguments },
    isPlain ? {} : { doubt: 'foreign_code', why: 'its script may run commands' },
  );
  for (const { text } of invocation.arguments) {
    const backup = /^(?:-[nErsuz]*[iI]|--i[a-z-]*=)([\s\S]+)$/.exec(text)?.[1];
    if (backup?.includes('/') === true && isInPlace)
      addPath(invocation, 'write', { text: backup.replaceAll('*', wild.star) });
  }
  for (const text of files) {
    addPath(invocation, 'read', text);
    if (isInPlace) addPath(invocation, 'write', text);
  }
  return [unknown(`what "${invocation.name}" prints`)];
}

/** What a script of sed that is not understood names as text. */
function addNamedBySed(invocation: Invocation, script: string): void {
  // What stands between the marks of `s` is text; what is behind them is flags.
  const bare = script
    .replaceAll(/s([^\w\s\\])(?:\\[\s\S]|(?!\1)[^\\])*\1(?:\\[\s\S]|(?!\1)[^\\])*\1/g, 's//')
    .replaceAll(/(^|[;{}\n,!]\s*)\/(?:[^/\\\n]|\\.)*\//g, '$1//');
  for (const [, path = ''] of bare.matchAll(/(?:^|[;{}\d$/! ]|s\/\/[gpIiMme\d]*)[wW]\s*(\/?[^\s;}]+)/g))
    addPath(invocation, 'write', known(path));
  for (const [, path = ''] of bare.matchAll(/(?:^|[;{}\d$/! ])[rR]\s*([^\s;}]+)/g))
    addPath(invocation, 'read', known(path));
  for (const [, command = ''] of bare.matchAll(/(?:^|[;{}\d$!\n/])\s*e\s+([^\n]+)/g))
    runScript({ text: command }, invocation);
}
