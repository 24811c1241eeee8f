import { addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { known, unknown } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { readArguments } from './arguments.ts';

// What is unpacked from archives, and what is taken away.

/** `unzip archive names -d directory`: the names that are given land below the directory; `-:` lets any land anywhere. */
export function unzipProgram(invocation: Invocation): Value {
  const { name, arguments: given } = invocation;
  // `unrar x archive directory/`
  const words = name === 'unrar' && /^[a-z]{1,2}$/.test(given[0]?.text ?? '') ? given.slice(1) : given;
  const read = readArguments({ 'write-tree': '-d', text: '-x -P' }, words, false);
  const [archive, ...members] = read.operands;
  const flags = [...read.flags];
  const isAnywhere = flags.some((flag) => /^-[a-zA-Z]*:/.test(flag)) || words.some(({ text }) => /^-\w*:/.test(text));
  addProgram(
    invocation,
    { name, classes: ['tool'], arguments: given },
    isAnywhere ? { doubt: 'unknown_until_run', why: 'lets what is in the archive land anywhere' } : {},
  );
  if (archive !== undefined) addPath(invocation, 'read', archive);
  const isLooking =
    words !== given ? /^[lvt]/.test(given[0]?.text ?? '') : flags.some((flag) => /^-[lvtzZcp]$/.test(flag));
  if (isLooking) return [unknown(`what is in an archive`)];
  const into = read.values.find(({ role }) => role === 'write-tree')?.text;
  addPath(invocation, 'write', into ?? known('.'), { isTree: true });
  for (const text of members) addPath(invocation, 'write', below(into, text));
  return [unknown(`what "${name}" prints`)];
}

/** `cpio -i`, `pax -r`: names from the root on and `..` are taken as they are. */
export function copyingArchiveProgram(invocation: Invocation): Value {
  const { name, arguments: given } = invocation;
  const read = readArguments(
    {
      text: '-H -R -C -M --format',
      name: '-s',
      write: '-O -f',
      'write-tree': '-D --directory',
      read: '-F -I -E',
      script: '--rsh-command',
    },
    given,
    false,
  );
  const letters = [...read.flags].filter((flag) => /^-[a-zA-Z]+$/.test(flag)).join('');
  const isIn = name === 'pax' ? letters.includes('r') : letters.includes('i') || read.flags.has('--extract');
  const isPass = letters.includes(name === 'pax' ? 'rw' : 'p') || read.flags.has('--pass-through');
  const isList = letters.includes('t') || read.flags.has('--list');
  addProgram(
    invocation,
    { name, classes: ['tool'], arguments: given },
    isList && !isPass ? {} : { doubt: 'unknown_until_run', why: 'which files it takes or writes stands elsewhere' },
  );
  for (const { role, text } of read.values) {
    if (role === 'read' || (name === 'pax' && role === 'write' && isIn)) addPath(invocation, 'read', text);
    else if (role === 'write') addPath(invocation, 'write', text);
    else if (role === 'write-tree') addPath(invocation, 'write', text, { isTree: true });
  }
  for (const text of read.operands) addPath(invocation, isIn || isPass ? 'write' : 'read', text, { isTree: true });
  if (isIn && !isList) addPath(invocation, 'write', known('.'), { isTree: true });
  return [unknown(`an archive, or what "${name}" prints`)];
}

function below(into: Text | undefined, text: Text): Text {
  return into === undefined || text.text.startsWith('/') ? text : { ...text, text: `${into.text}/${text.text}` };
}

/** `rm`: with `-r` all below, else the files themselves. */
export function removeProgram(invocation: Invocation): Value {
  const { arguments: given } = invocation;
  const read = readArguments({}, given, false);
  const isTree = [...read.flags].some((flag) => /^-[a-zA-Z]*[rR]|^--recursive$/.test(flag));
  addProgram(invocation, { name: 'rm', classes: ['tool'], arguments: given });
  for (const text of read.operands) addPath(invocation, 'delete', text, { isTree });
  return [known('')];
}
