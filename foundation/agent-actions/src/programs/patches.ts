import { addPath, addProgram } from '../run/effects.ts';
import { fileText } from '../run/files.ts';
import type { Invocation } from '../run/run.ts';
import { known, onlyText } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { readArguments } from './arguments.ts';

const maxTargets = 200;

/**
 * What a patch changes: the files it names, with and without their first directory, where it is known; any file below where it is not, and
 * then nobody can say that it is none of those that guard the agent.
 */
function addPatched(invocation: Invocation, patches: readonly Value[], into: Text = known('.')): void {
  for (const patch of patches) {
    const text = onlyText(patch);
    if (text === undefined) {
      addPath(invocation, 'write', into, { isTree: true });
      addProgram(
        invocation,
        { name: invocation.name, classes: ['tool'], arguments: invocation.arguments },
        { doubt: 'unknown_until_run', why: 'what it changes stands in a patch that is not known' },
      );
      continue;
    }
    for (const name of targetsOf(text))
      addPath(
        invocation,
        'write',
        into.text === '.' || name.startsWith('/') ? known(name) : known(`${into.text}/${name}`),
      );
  }
}

function targetsOf(patch: string): string[] {
  const names = new Set<string>();
  const add = (name: string): void => {
    const plain = name.replace(/\t.*$/, '').replaceAll('"', '').trim();
    if (plain === '' || plain === '/dev/null') return;
    names.add(plain);
    const below = plain.replace(/^\/?[^/]*\//, '');
    if (below !== '' && below !== plain) names.add(below);
  };
  for (const [, name = ''] of patch.matchAll(/^(?:\+\+\+|---|\*\*\*|rename to|copy to|Index:) (.*)$/gm)) {
    add(name);
    if (names.size >= maxTargets) break;
  }
  for (const [, from = '', to = ''] of patch.matchAll(/^diff --git (\S+) (\S+)$/gm)) {
    add(from);
    add(to);
    if (names.size >= maxTargets) break;
  }
  return [...names];
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
  addPatched(
    invocation,
    inputs.length > 0 ? inputs.map((text) => heldIn(text, invocation)) : [invocation.stdin ?? []],
    into,
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
  addPatched(
    invocation,
    files.length > 0 ? files.map((text) => heldIn(text, invocation)) : [invocation.stdin ?? []],
    into,
  );
}
