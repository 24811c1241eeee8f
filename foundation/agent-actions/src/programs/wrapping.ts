import { addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { known, unknown } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { runFile } from './apply-rule.ts';
import { runCommand, runScript } from './start.ts';
import { readArguments } from './arguments.ts';
import { isSteeredByVariables } from './looking.ts';

// Programs that are given a command as words or as one text.

/** `flock file command`, `flock file -c text`. */
export function flockProgram(invocation: Invocation): Value {
  const read = readArguments({ text: '-w -E --timeout --wait --conflict-exit-code' }, invocation.arguments, true);
  const [lock, ...rest] = read.operands;
  addProgram(invocation, { name: 'flock', classes: ['tool'], arguments: invocation.arguments });
  if (lock !== undefined && !/^\d+$/.test(lock.text)) addPath(invocation, 'write', lock);
  const [first, ...after] = rest;
  if (first === undefined) return [known('')];
  if (/^(?:-c|--command)$/.test(first.text)) return runScript(after[0] ?? known(''), invocation);
  return runCommand(rest, invocation);
}

/** `watchexec`, `nodemon --exec`, `entr`: what is one text with blanks is a command of a shell. */
export function watchingProgram(invocation: Invocation): Value {
  const read = readArguments(
    {
      text: '-e --ext --exts -d --debounce --delay -s --signal -i --ignore',
      'read-tree': '-w --watch',
      script: '-x --exec --shell',
    },
    invocation.arguments,
    true,
  );
  addProgram(invocation, { name: invocation.name, classes: ['tool'], arguments: invocation.arguments });
  for (const { role, text, option } of read.values) {
    if (role === 'script' && !isNoShell(option, text)) runScript(text, invocation);
    if (role === 'read-tree') addPath(invocation, 'read', text, { isTree: true });
  }
  const [only] = read.operands;
  if (only === undefined) return [known('')];
  if (read.operands.length === 1 && /\s/.test(only.text)) return runScript(only, invocation);
  // A file of the project, where it watches a program of its own.
  const name: readonly Text[] =
    invocation.name === 'nodemon' && /\.[cm]?[jt]sx?$/.test(only.text)
      ? [known('node'), ...read.operands]
      : read.operands;
  return runCommand(name, invocation);
}

/** `--shell=none`: its commands are started without one. */
function isNoShell(option: string | undefined, { text }: Text): boolean {
  return /^-(?:S|-shell)$/.test(option ?? '') && /^(?:none|default|(?:ba|da|z)?sh)$/.test(text);
}

/** `hyperfine`: each operand is a command of a shell. */
export function measuringProgram(invocation: Invocation): Value {
  const read = readArguments(
    {
      text: '-w --warmup -m --min-runs -M --max-runs -r --runs -P --parameter-scan -D --parameter-step-size -L --parameter-list --style --sort -u --time-unit -n --command-name',
      script: '-S --shell -p --prepare -c --cleanup -s --setup -C --conclude --reference',
      write: '--export-json --export-csv --export-markdown --export-asciidoc --export-orgmode --output',
      read: '--input',
    },
    invocation.arguments,
    false,
  );
  addProgram(invocation, { name: invocation.name, classes: ['tool'], arguments: invocation.arguments });
  for (const { role, text, option } of read.values) {
    if (role === 'script' && isNoShell(option, text)) continue;
    if (role === 'script') runScript(text, invocation);
    else if (role === 'write' && text.text !== 'null' && text.text !== 'pipe') addPath(invocation, 'write', text);
    else if (role === 'read' && text.text !== 'null') addPath(invocation, 'read', text);
  }
  for (const text of read.operands) runScript(text, invocation);
  return [unknown('how long it took')];
}

/** `man -P pager`: the pager and the browser are commands. */
export function manualProgram(invocation: Invocation): Value {
  const read = readArguments(
    {
      script: '-P --pager -H --html',
      execute: '-C --config-file',
      text: '-s -S --sections -L --locale -m --systems -M --manpath -e --extension -r --prompt -R --recode -E --encoding -p --preprocessor',
    },
    invocation.arguments,
    false,
  );
  addProgram(invocation, { name: invocation.name, classes: ['tool'], arguments: invocation.arguments });
  for (const { role, text } of read.values) {
    if (role === 'script') runScript(text, invocation);
    else if (role === 'execute') runFile(text, invocation);
  }
  const isFile = read.flags.has('-l') || read.flags.has('--local-file');
  for (const text of read.operands) if (isFile || text.text.includes('/')) addPath(invocation, 'read', text);
  return [unknown('a page of the manual')];
}

/** `less +'!command'`: what comes first may be a command; keys of one's own are commands too. */
export function pagerProgram(invocation: Invocation): Value {
  const read = readArguments(
    {
      read: '-k --lesskey-file -T --tag-file',
      write: '-o -O --log-file --LOG-FILE',
      text: '-p --pattern -b -h -j -x -y -z -n -P -t',
    },
    invocation.arguments,
    false,
  );
  const isKeyed =
    read.values.some(({ role, option }) => role === 'read' && option !== '-T' && option !== '--tag-file') ||
    [...read.flags].some((flag) => /^--les/i.test(flag)) ||
    isSteeredByVariables(invocation);
  addProgram(
    invocation,
    { name: invocation.name, classes: ['tool'], arguments: invocation.arguments },
    isKeyed ? { doubt: 'unknown_until_run', why: 'its keys or what it runs may be set elsewhere' } : {},
  );
  for (const { role, text } of read.values) if (role === 'read' || role === 'write') addPath(invocation, role, text);
  for (const text of read.operands) {
    const command = /^\+{1,2}[^!|]*[!|]([\s\S]*)$/.exec(text.text)?.[1];
    if (command !== undefined) runScript({ ...text, text: command }, invocation);
    else if (!text.text.startsWith('+')) addPath(invocation, 'read', text);
  }
  return [unknown('a text')];
}

/** `su`, `sudo -e`: sudo runs a command, or edits as root. */
export function sudoProgram(invocation: Invocation): Value {
  const read = readArguments(
    { text: '-u -g -h -p -C -r -t -T -U --user --group --host --prompt', 'read-tree': '-D -R --chdir --chroot' },
    invocation.arguments,
    true,
  );
  addProgram(invocation, { name: invocation.name, classes: ['privilege'], arguments: invocation.arguments });
  const assignments = read.operands.findIndex(({ text }) => !/^\w+=/.test(text));
  const command = assignments === -1 ? [] : read.operands.slice(assignments);
  if (read.flags.has('-e') || read.flags.has('--edit')) {
    for (const text of command) addPath(invocation, 'write', text);
    return [known('')];
  }
  if (command.length === 0) return [unknown('a shell with other rights')];
  return runCommand(command, invocation);
}

/** `tmux`, `screen`: what they are told may be commands, or keys that are typed into a shell. */
export function terminalProgram(invocation: Invocation): Value {
  const { name, arguments: given } = invocation;
  const [only] = given.length === 1 ? given.map(({ text }) => text) : [];
  const isLooking =
    only !== undefined &&
    (name === 'tmux' ? /^(?:ls|list-(?:sessions|windows|panes|clients)|-V|info)$/ : /^-(?:ls|list|v)$/).test(only);
  const read = readArguments({ text: '-t -s -n -L -S', read: '-f -c' }, given, false);
  addProgram(
    invocation,
    { name, classes: ['tool'], arguments: given },
    isLooking
      ? {}
      : { doubt: 'unknown_until_run', why: 'its arguments may be commands, or keys that are typed into a shell' },
  );
  for (const { role, text } of read.values) if (role === 'read') addPath(invocation, 'read', text);
  if (!isLooking) for (const text of read.operands) runScript(text, invocation);
  return [unknown(`what "${name}" prints`)];
}
