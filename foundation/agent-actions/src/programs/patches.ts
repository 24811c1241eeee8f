import { addPath, addProgram } from '../run/effects.ts';
import { fileText } from '../run/files.ts';
import type { Invocation } from '../run/run.ts';
import { known, onlyText } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { readArguments } from './arguments.ts';

const maxTargets = 300;

/**
 * What a patch changes: the files it names, with and without their first directories, where it is known; any file below where it is not, and
 * then nobody can say that it is none of those that guard the agent.
 */
function addPatched(
  invocation: Invocation,
  patches: readonly Value[],
  { into = known('.'), strip }: { readonly into?: Text | undefined; readonly strip: readonly number[] | undefined },
): void {
  for (const patch of patches) {
    const text = onlyText(patch);
    const names = text === undefined || strip === undefined ? undefined : targetsOf(text, strip);
    if (names === undefined) {
      addPath(invocation, 'write', into, { isTree: true });
      addProgram(
        invocation,
        { name: invocation.name, classes: ['tool'], arguments: invocation.arguments },
        { doubt: 'unknown_until_run', why: 'what it changes stands in a patch that is not known' },
      );
      continue;
    }
    for (const name of names)
      addPath(
        invocation,
        'write',
        into.text === '.' || name.startsWith('/') ? known(name) : known(`${into.text}/${name}`),
      );
  }
}

/** Undefined where not every name can be told: too many, written in a way that is not read, or none although something stands there. */
function targetsOf(patch: string, strip: readonly number[]): string[] | undefined {
  // What a mail encodes is decoded before it is applied.
  if (/^content-transfer-encoding:[ \t]*(?:base64|quoted)/im.test(patch)) return undefined;
  const names = new Set<string>();
  const add = (name: string): void => {
    if (name === '' || name === '/dev/null') return;
    names.add(name);
    const parts = name.split(/\/+/);
    for (const count of strip) {
      const below = parts.slice(name.startsWith('/') ? count + 1 : count).join('/');
      if (below !== '') names.add(below);
    }
    const own = parts.at(-1);
    if (strip.length === 0 && own !== undefined && own !== '') names.add(own).add(parts.slice(1).join('/') || own);
  };
  // `patch` reads one that is indented, too.
  for (const [, name = ''] of patch.matchAll(
    /^[ \tX]{0,100}(?:\+\+\+|---|\*\*\*|rename (?:from|to)|copy to|Index:)[ \t](.*)$/gm,
  )) {
    const read = readName(name.trimStart());
    if (read === undefined) return undefined;
    add(read);
    // A date may stand behind it.
    const dated = read.search(/\s(?:\d|[A-Z][a-z]{2}\s)/);
    if (dated > 0) add(read.slice(0, dated).trim());
    if (names.size > maxTargets) return undefined;
  }
  for (const [, both = ''] of patch.matchAll(/^[ \tX]{0,100}diff --git (.*)$/gm)) {
    const pair = readPair(both);
    if (pair === undefined) return undefined;
    for (const name of pair) add(name);
    if (names.size > maxTargets) return undefined;
  }
  return names.size === 0 && patch.trim() !== '' ? undefined : [...names];
}

/** A name up to the tab behind it, or as a string of C. */
function readName(text: string): string | undefined {
  if (text.startsWith('"')) return readQuoted(text)?.name;
  return (text.split('\t')[0] ?? '').trim();
}

const quotedName = /^"((?:[^"\\]|\\(?:[0-3][0-7]{2}|[nt"\\]))*)"/;

function readQuoted(text: string): { readonly name: string; readonly rest: string } | undefined {
  const [whole = '', inside = ''] = quotedName.exec(text) ?? [];
  if (whole === '') return undefined;
  const name = inside.replaceAll(/(?:\\[0-3][0-7]{2})+|\\[nt"\\]/g, (run) => {
    if (!/^\\\d/.test(run)) return { n: '\n', t: '\t' }[run.slice(1)] ?? run.slice(1);
    const bytes = run
      .slice(1)
      .split('\\')
      .map((octal) => Number.parseInt(octal, 8));
    return new TextDecoder().decode(Uint8Array.from(bytes));
  });
  return { name, rest: text.slice(whole.length) };
}

/** The two names behind `diff --git`: without quotes, blanks in them are told from the one between by that both are as long. */
function readPair(text: string): readonly string[] | undefined {
  if (text.startsWith('"')) {
    const first = readQuoted(text);
    const second = readName(first?.rest.trimStart() ?? '');
    return first === undefined || second === undefined ? undefined : [first.name, second];
  }
  const quote = text.indexOf(' "');
  if (quote !== -1) {
    const second = readQuoted(text.slice(quote + 1));
    return second === undefined ? undefined : [text.slice(0, quote), second.name];
  }
  const words = text.trimEnd().split(' ');
  if (words.length === 2) return words;
  const middle = (text.trimEnd().length - 1) / 2;
  return text[middle] === ' ' ? [text.slice(0, middle), text.slice(middle + 1).trimEnd()] : undefined;
}

/** How many directories it takes off a name, as it is told and as it may otherwise do; undefined where that is not known. */
function stripped(told: string | undefined, otherwise: readonly number[]): readonly number[] | undefined {
  if (told === undefined) return otherwise;
  return /^\d{1,3}$/.test(told) ? [1, Number(told)] : undefined;
}

/** `patch`: the patch in a file or piped in; the file it is for may stand beside. */
export function patchProgram(invocation: Invocation): Value {
  const read = readArguments(
    {
      read: '-i --input',
      text: '-p --strip -F --fuzz -D --ifdef -V -z --suffix -B --prefix -Y -g --get --reject-format',
      write: '-o --output -r --reject-file',
      'write-tree': '-d --directory',
    },
    invocation.arguments,
    false,
  );
  addProgram(invocation, { name: 'patch', classes: ['tool'], arguments: invocation.arguments });
  const [file, second] = read.operands;
  const inputs = read.values.flatMap(({ role, text }) => (role === 'read' ? [text] : []));
  if (second !== undefined) inputs.push(second);
  for (const { role, text } of read.values) if (role === 'write') addPath(invocation, 'write', text);
  for (const text of inputs) addPath(invocation, 'read', text);
  if (file !== undefined) {
    addPath(invocation, 'read', file);
    addPath(invocation, 'write', file);
    return [known('')];
  }
  const into = read.values.findLast(({ role }) => role === 'write-tree')?.text;
  const strip = read.values.findLast(({ option }) => option === '-p' || option === '--strip')?.text.text;
  addPatched(
    invocation,
    inputs.length > 0 ? inputs.map((text) => heldIn(text, invocation)) : [invocation.stdin ?? []],
    { into, strip: stripped(strip, []) },
  );
  return [known('')];
}

function heldIn(path: Text, { state, run }: Invocation): Value {
  const name = onlyText([path]);
  return name === undefined ? [] : fileText(name, state, run);
}

/** `git apply` and `git am`. */
export function addGitPatches(invocation: Invocation, files: readonly Text[], into: Text | undefined): void {
  for (const text of files) addPath(invocation, 'read', text);
  const strip = invocation.arguments.findLast(({ text }) => /^-p./s.test(text))?.text.slice(2);
  addPatched(invocation, files.length > 0 ? files.map((text) => heldIn(text, invocation)) : [invocation.stdin ?? []], {
    into,
    strip: stripped(strip, [1]),
  });
}
