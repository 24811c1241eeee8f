import { addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { known, shown, unknown } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { looksLikePath } from './apply-rule.ts';
import { runCommand, runScript } from './start.ts';
import { readArguments } from './arguments.ts';

// Programs that run another one and watch it.

const options: ReadonlyMap<string, Parameters<typeof readArguments>[0]> = new Map([
  [
    'strace',
    {
      text: '-e -s -P -a -b -I -O -S -u -X --trace --signal --string-limit --columns',
      write: '-o --output',
      name: '-p --attach -E --env',
    },
  ],
  ['ltrace', { text: '-e -s -a -n -l -x -u', write: '-o --output', name: '-p', execute: '-F' }],
  ['valgrind', {}],
  ['perf', { text: '-e -F -g -c --event --freq --call-graph', write: '-o --output', name: '-p --pid -t -a' }],
]);
/** Options of valgrind that only say what is looked for and told. */
const valgrindOption =
  /^--(?:tool=(?:memcheck|massif|callgrind|cachegrind|helgrind|drd|dhat|none)|leak-check(?:=\w+)?|show-\w[\w-]*(?:=\w+)?|track-[\w-]+(?:=\w+)?|error-exitcode=\d+|num-callers=\d+|trace-children=\w+|child-silent[\w-]*=\w+|undef-value-errors=\w+|read-var-info=\w+|gen-suppressions=no|keep-stacktraces=[\w-]+|fair-sched=\w+|max-stackframe=\d+|main-stacksize=\d+)$|^-[vqs]+$/;

/** `strace command`, `valgrind command`, `perf stat command`: the command runs; one that runs already is another matter. */
export function observingProgram(invocation: Invocation): Value {
  const { name, arguments: given } = invocation;
  const words = name === 'perf' ? given.slice(1) : given;
  const subcommand = name === 'perf' ? (given[0]?.text ?? '') : '';
  const read = readArguments(options.get(name), words, true);
  const isPlain =
    !read.values.some(({ role }) => role === 'name' || role === 'execute') &&
    read.strangers.length === 0 &&
    (name !== 'perf' || /^(?:stat|record|report|annotate|list)$/.test(subcommand)) &&
    (name !== 'valgrind' ||
      words
        .slice(0, words.length - read.operands.length)
        .every(({ text }) => text === '--' || valgrindOption.test(text)));
  addProgram(
    invocation,
    { name: `${name} ${subcommand}`.trim(), classes: ['tool'], arguments: given },
    isPlain
      ? {}
      : { doubt: 'unknown_until_run', why: 'watches a program that runs already, or by settings of its own' },
  );
  for (const { role, text } of read.values) {
    if (role !== 'write') continue;
    // `strace -o '|command'`
    const command = /^[|!]([\s\S]*)$/.exec(text.text)?.[1];
    if (command === undefined) addPath(invocation, 'write', text);
    else runScript({ ...text, text: command }, invocation);
  }
  if (/^(?:report|annotate|list)$/.test(subcommand)) return [unknown('what was measured')];
  return read.operands.length === 0 ? [known('')] : runCommand(read.operands, invocation);
}

/** Commands of a debugger that only run the program and show where it is. */
const showing =
  /^(?:r|run|c|continue|bt|backtrace|where|bt full|info (?:locals|args|threads|registers|breakpoints|frame)|thread apply all bt(?: full)?|frame variable|thread backtrace(?: all)?|q|quit|(?:b|break|breakpoint set -n) [\w:.]+|up|down|list|l|set pagination off|set confirm off|n|next|s|step|finish)$/;

/** `gdb -batch -ex run -ex bt --args program`: its commands may be anything, those that show are told apart. */
export function debuggerProgram(invocation: Invocation): Value {
  const { name, arguments: given } = invocation;
  const read = readArguments(
    {
      name: '-ex --eval-command -iex -o -O --one-line --one-line-before-file',
      execute: '-x --command -s --source -ix -S',
      text: '-p --pid -n --attach-name',
    },
    given,
    true,
  );
  const isBatch = [...read.flags].some((flag) => /^--?b(?:atch)?$/.test(flag));
  const isPlain =
    isBatch &&
    [...read.flags].every((flag) => /^(?:--?(?:batch|ex|args|quiet|q|nx|n|b|o)|-[a-z])$/.test(flag)) &&
    read.values.every(({ role, text }) => role === 'name' && showing.test(shown(text.text).trim()));
  addProgram(
    invocation,
    { name, classes: ['tool'], arguments: given },
    isPlain ? {} : { doubt: 'unknown_until_run', why: 'runs commands of its own, or looks into what runs already' },
  );
  for (const { role, text } of read.values) {
    const command = /^(?:shell|!|platform shell|make|pipe)\s*([\s\S]+)$/.exec(text.text)?.[1];
    if (role === 'execute') addPath(invocation, 'read', text);
    else if (command !== undefined) runScript({ ...text, text: command }, invocation);
  }
  const [program, ...rest] = read.operands;
  if (program === undefined) return [unknown(`what "${name}" prints`)];
  return runCommand([asFile(program), ...(read.flags.has('--args') || name === 'lldb' ? rest : [])], invocation);
}

/** A debugger takes a name for a file where it is. */
function asFile(program: Text): Text {
  return looksLikePath(program) ? program : { ...program, text: `./${program.text}` };
}
