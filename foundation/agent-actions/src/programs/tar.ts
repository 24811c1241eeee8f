import { addHost, addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { known, shown, unknown } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { runScript } from './start.ts';
import { readArguments } from './arguments.ts';

/** `tar`: what goes in, where it lands, and the programs it starts. */
export function tarProgram(invocation: Invocation): Value {
  // `tar xvf file`: letters without a dash.
  const [first, ...rest] = invocation.arguments;
  const given =
    first !== undefined && /^[a-zA-Z]+$/.test(first.text)
      ? [{ ...first, text: `-${first.text}` }, ...rest]
      : invocation.arguments;
  const read = readArguments(
    {
      name: '-f --file',
      text: '--exclude -X -s --transform --xform --strip-components --owner --group --mode --mtime -b --format --checkpoint -L',
      'write-tree': '-C --directory --cd --one-top-level',
      script:
        '--to-command --checkpoint-action -I --use-compress-program --rsh-command --rmt-command --info-script --new-volume-script -F',
      read: '-T --files-from -K',
    },
    given,
    false,
  );
  // Names in a file, or from the root on: what goes in or where it lands is not in the command.
  const isAnywhere = read.flags.has('-P') || read.flags.has('--absolute-names');
  const isListed = read.values.some(({ option }) => option === '-T' || option === '--files-from');
  const letters = [...read.flags].filter((flag) => /^-[a-zA-Z]$/.test(flag)).join('');
  const has = (letter: string, long: string): boolean => letters.includes(letter) || read.flags.has(long);
  const isExtract = has('x', '--extract') || read.flags.has('--get');
  const isList = has('t', '--list');
  const isRenamed =
    isExtract && read.values.some(({ option }) => /^(?:--transform|--xform|-s)$/.test(option ?? '')) && !isList;
  addProgram(
    invocation,
    { name: 'tar', classes: ['tool'], arguments: invocation.arguments },
    (isListed && !isList) || (isAnywhere && isExtract) || isRenamed
      ? { doubt: 'unknown_until_run', why: 'which files it takes or writes stands in another file' }
      : {},
  );
  let into: Text = known('.');
  for (const { role, text, option } of read.values) {
    if (role === 'name') {
      if (/^[^/]+:/.test(text.text))
        addHost(invocation, { ...text, text: text.text.split(':')[0] ?? '' }, { way: isExtract ? 'fetch' : 'send' });
      else addPath(invocation, isExtract || isList ? 'read' : 'write', text);
    } else if (role === 'write-tree') into = text;
    else if (role === 'script') {
      const command = option === '--checkpoint-action' ? /^exec=([\s\S]*)$/.exec(text.text)?.[1] : text.text;
      if (command !== undefined && !/^(?:gzip|pigz|bzip2|pbzip2|xz|zstd|lz4|brotli)(?: -\S+)*$/.test(command))
        runScript(
          { ...text, text: command },
          option === '--to-command' ? { ...invocation, stdin: [unknown('what is in the archive')] } : invocation,
        );
    } else if (role === 'read') addPath(invocation, 'read', text);
  }
  if (isExtract) {
    addPath(invocation, 'write', into, { isTree: true });
    for (const text of read.operands) addPath(invocation, 'write', within(into, text));
  } else if (!isList)
    for (const text of read.operands) addPath(invocation, 'read', within(into, text), { isTree: true });
  const toStdout = read.values.every(({ role, text }) => role !== 'name' || text.text === '-');
  return toStdout
    ? [unknown(`an archive of ${read.operands.map(({ text }) => shown(text)).join(' ')}`)]
    : [unknown('what "tar" prints')];
}

function within(into: Text, text: Text): Text {
  return into.text === '.' || text.text.startsWith('/') ? text : { ...text, text: `${into.text}/${text.text}` };
}
