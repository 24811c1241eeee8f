import { addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { isKnown, known, shown, unknown, wild } from '../run/text.ts';
import type { Value } from '../run/text.ts';
import { runScript } from './start.ts';
import { readArguments } from './arguments.ts';

// awk and sed: small languages for texts, which can write files and run commands.

/** What strings and patterns hold is text; what stands before a pattern tells it from a division. */
const literal = /"((?:[^"\\]|\\.)*)"|#[^\n]*|(?<=(?:^|[~(,{;!&|\n])\s*)\/(?:[^/\\\n]|\\.)*\//g;
const startsOrWrites =
  /\bsystem\b|(?<!\|)\|(?!\|)|\bgetline\b|@|\bprintf?\b[^;}\n]*>|\bclose\b|\bENVIRON\b|\bPROCINFO\b/;

/** Whether a program of awk only computes and prints, or writes to files that it names. */
function isPlainAwk(program: string): boolean {
  const bare = program
    .replaceAll(literal, (whole) => (whole.startsWith('"') ? '""' : ''))
    .replaceAll(/>{1,2}\s*""(?=\s*(?:[;}\n]|$))/g, '');
  return !startsOrWrites.test(bare);
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
  const isPlain = program === undefined ? file === undefined : isKnown(program) && isPlainAwk(program.text);
  addProgram(
    invocation,
    { name: invocation.name, classes: ['interpreter'], arguments: invocation.arguments },
    isPlain ? {} : { doubt: 'foreign_code', why: 'its program may write files or run commands' },
  );
  if (file !== undefined) addPath(invocation, 'read', file.text);
  for (const text of files) if (!/^\w+=/.test(text.text)) addPath(invocation, 'read', text);
  const doubt = isPlain ? {} : { doubt: 'foreign_code' as const };
  if (program !== undefined)
    for (const [, path = ''] of program.text.matchAll(/>{1,2}\s*"([^"]+)"/g))
      addPath(invocation, 'write', known(path), doubt);
  if (!isPlain && program !== undefined) {
    for (const [, command = ''] of program.text.matchAll(/\bsystem\s*\(\s*"((?:[^"\\]|\\.)*)"/g))
      runScript({ text: command.replaceAll('\\"', '"') }, invocation);
    for (const [, command = ''] of program.text.matchAll(/(?:\|&?\s*"|")((?:[^"\\]|\\.)*)"(?:\s*\|\s*getline)?/g)) {
      if (/^\s*(?:\S*\/)?(?:sh|bash|curl|wget|nc|cat|rm|mail|tee)\b/.test(command))
        runScript({ text: command.replaceAll('\\"', '"') }, invocation);
    }
    for (const [, path = ''] of program.text.matchAll(/<\s*"([^"]+)"/g))
      addPath(invocation, 'read', known(path), { doubt: 'foreign_code' });
  }
  return [unknown(`what "${invocation.name}" prints`)];
}

/** sed: `w` and `r` name files, `e` runs commands, `-i` changes what it reads. */
export function sedProgram(invocation: Invocation): Value {
  const read = readArguments(
    { text: '-l -L', script: '-e --expression', execute: '-f --file' },
    invocation.arguments,
    false,
  );
  const expressions = read.values.filter(({ role }) => role === 'script').map(({ text }) => text);
  const hasFile = read.values.some(({ role }) => role === 'execute');
  const isInPlace = [...read.flags].some((flag) => /^(?:-[nErsz]*i|--in-place)/.test(flag));
  // BSD's sed takes a suffix behind -i as an argument of its own.
  const operands = isInPlace && read.operands[0]?.text === '' ? read.operands.slice(1) : read.operands;
  const isByOption = expressions.length > 0 || hasFile;
  const scripts = isByOption ? expressions : operands.slice(0, 1);
  const files = isByOption ? operands : operands.slice(1);
  let isPlain = !hasFile;
  for (const script of scripts) {
    const text = shown(script.text);
    // What stands between the marks of `s` is text; what is behind them is flags.
    const bare = text
      .replaceAll(/s([^\w\s\\])(?:\\[\s\S]|(?!\1)[^\\])*\1(?:\\[\s\S]|(?!\1)[^\\])*\1/g, 's//')
      .replaceAll(/(^|[;{}\n,!]\s*)\/(?:[^/\\\n]|\\.)*\//g, '$1//');
    for (const [, path = ''] of bare.matchAll(/(?:^|[;{}\d$/! ]|s\/\/[gpIi\d]*)[wW]\s*(\/?[^\s;}]+)/g))
      addPath(invocation, 'write', known(path));
    for (const [, path = ''] of bare.matchAll(/(?:^|[;{}\d$/! ])[rR]\s*([^\s;}]+)/g))
      addPath(invocation, 'read', known(path));
    const runs = /(?:^|[;{}\d$!\n]|\/\/ ?)\s*e(?:\s|$|;)/.test(bare) || /s\/\/[gpIi\d]*e/.test(bare);
    if (runs || !isKnown(script)) isPlain = false;
    if (runs) {
      for (const [, command = ''] of bare.matchAll(/(?:^|[;{}\d$!\n])\s*e\s+([^\n]+)/g))
        runScript({ text: command }, invocation);
    }
  }
  addProgram(
    invocation,
    { name: invocation.name, classes: ['tool'], arguments: invocation.arguments },
    isPlain ? {} : { doubt: 'foreign_code', why: 'its script may run commands' },
  );
  for (const { text } of invocation.arguments) {
    const backup = /^(?:-[nErsz]*i|--in-place=)([\s\S]+)$/.exec(text)?.[1];
    if (backup?.includes('/') === true && isInPlace)
      addPath(invocation, 'write', { text: backup.replaceAll('*', wild.star) });
  }
  for (const text of files) {
    addPath(invocation, 'read', text);
    if (isInPlace) addPath(invocation, 'write', text);
  }
  return [unknown(`what "${invocation.name}" prints`)];
}
