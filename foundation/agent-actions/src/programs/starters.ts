import { addHost, addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { forked } from '../run/state.ts';
import { isKnown, known, shown, unknown } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { assignVariable } from '../run/variables.ts';
import { runCommand, runScript } from './start.ts';
import { readArguments } from './arguments.ts';

// Programs that start another command in a way of their own.

/** `env`, and assignments before the command it starts. */
export function envProgram(invocation: Invocation): Value {
  const state = forked(invocation.state);
  const inside = { ...invocation, state };
  const read = readArguments(
    { text: '-u --unset', 'read-tree': '-C --chdir', script: '-S --split-string' },
    invocation.arguments,
    true,
  );
  let rest = read.operands;
  for (const { role, text } of read.values) {
    if (role === 'read-tree')
      state.cwds = state.cwds.map((cwd) => (text.text.startsWith('/') ? text.text : `${cwd}/${text.text}`));
    if (role === 'script')
      return runScript(
        // `\\_` is a blank there.
        { ...text, text: [text.text.replaceAll('\\_', ' '), ...read.operands.map((entry) => entry.text)].join(' ') },
        inside,
      );
  }
  for (;;) {
    const [first] = rest;
    const found = first === undefined ? null : /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(first.text);
    if (found === null || first === undefined) break;
    assignVariable(found[1] ?? '', [{ ...first, text: found[2] ?? '' }], inside);
    rest = rest.slice(1);
  }
  if (rest.length > 0) return runCommand(rest, inside);
  return printEnvironment(invocation, '*');
}

/** `printenv`, with the names of variables or for all of them. */
export function printenvProgram(invocation: Invocation): Value {
  const named = invocation.arguments.map(({ text }) => shown(text)).filter((text) => !text.startsWith('-'));
  return printEnvironment(invocation, named.length === 0 ? '*' : named.slice(0, 5).join(' '));
}

/** Variables of the environment are printed: by names, or `*` for all. */
export function printEnvironment(invocation: Invocation, names: string): Value {
  addProgram(invocation, { name: invocation.name, classes: ['tool'], arguments: invocation.arguments });
  const isPlain = names.split(' ').every((name) => plainVariables.has(name));
  if (!isPlain)
    invocation.run.add(
      {
        kind: 'secret',
        target: { kind: 'name', of: 'variable', name: names },
        isCertain: true,
        why: names === '*' ? 'prints every variable of the environment' : 'prints variables that may be secrets',
      },
      invocation.where,
    );
  return [unknown('variables of the environment')];
}

const plainVariables = new Set(
  'HOME PATH PWD USER SHELL LANG TERM EDITOR TMPDIR HOSTNAME LOGNAME DISPLAY NODE_ENV NODE_VERSION CI PORT DEBUG LOG_LEVEL RUST_LOG RUST_BACKTRACE GOPATH GOROOT GOOS GOARCH JAVA_HOME ANDROID_HOME VIRTUAL_ENV CONDA_PREFIX PYTHONPATH NVM_DIR PNPM_HOME CARGO_HOME TZ LC_ALL COLORTERM RAILS_ENV RACK_ENV APP_ENV ENVIRONMENT'.split(
    ' ',
  ),
);

/** `timeout 5 command`, `watch -n 1 command`. */
export function timeoutProgram(invocation: Invocation): Value {
  const read = readArguments({ text: '-k -s --kill-after --signal' }, invocation.arguments, true);
  return runCommand(read.operands.slice(1), invocation);
}

export function watchProgram(invocation: Invocation): Value {
  const read = readArguments({ text: '-n --interval' }, invocation.arguments, true);
  const text = read.operands.map((operand) => operand.text).join(' ');
  const why = read.operands.find((operand) => operand.why !== undefined)?.why;
  return runScript({ text, ...(why === undefined ? {} : { why }) }, invocation);
}

/** `xargs` and `parallel`: what is piped in becomes arguments. */
export function xargsProgram(invocation: Invocation): Value {
  const { name, stdin } = invocation;
  const read = readArguments(
    {
      text: '-n -L -P -s -d -E -I -J -R --max-args --max-procs --delimiter --replace -j --jobs -S --colsep -N',
      read: '-a --arg-file',
    },
    invocation.arguments,
    true,
  );
  for (const { role, text } of read.values) if (role === 'read') addPath(invocation, 'read', text);
  const mark =
    read.values.find(({ option }) => option === '-I' || option === '-J' || option === '--replace')?.text.text ??
    (name === 'parallel' ? '{}' : undefined);
  const colons = read.operands.findIndex(({ text }) => text.startsWith(':::'));
  const command = colons === -1 ? read.operands : read.operands.slice(0, colons);
  const listed = colons === -1 ? undefined : read.operands.slice(colons + 1);
  const whys = stdin?.find((text) => text.why !== undefined)?.why;
  const piped =
    stdin !== undefined && stdin.length === 1 && stdin.every(isKnown)
      ? wordsOf(stdin)
      : [unknown(whys ?? 'what is piped in')];
  const items = (listed ?? piped).slice(0, 64);
  const argv = command.length === 0 ? (name === 'parallel' ? [] : [known('echo')]) : command;
  addProgram(invocation, { name, classes: ['tool'], arguments: invocation.arguments });
  const state = forked(invocation.state);
  const start = (words: readonly Text[]): Value =>
    name === 'parallel'
      ? runScript({ text: words.map(({ text }) => text).join(' ') }, { ...invocation, state, stdin: undefined })
      : runCommand(words, { ...invocation, state, stdin: undefined });
  if (mark === undefined) return start([...argv, ...items]);
  const isMarked = argv.some(({ text }) => shown(text).includes(mark));
  if (!isMarked) return items.flatMap((item) => start([...argv, item]));
  return items.flatMap((item) =>
    start(
      argv.map((text) => ({
        ...item,
        ...(item.why === undefined ? {} : { why: item.why }),
        text: shown(text.text).replaceAll(mark, () => item.text),
      })),
    ),
  );
}

function wordsOf(stdin: Value): Text[] {
  const disguises = stdin[0]?.disguises;
  return (stdin[0]?.text ?? '')
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((text) => ({ text: text.replaceAll(/['"\\]/g, ''), ...(disguises === undefined ? {} : { disguises }) }));
}

const findText = new Set(
  '-name -iname -path -ipath -wholename -regex -iregex -type -xtype -size -mtime -atime -ctime -mmin -amin -cmin -maxdepth -mindepth -perm -user -group -uid -gid -links -inum -printf -regextype -fstype -newermt -D'.split(
    ' ',
  ),
);

/** `find`: where it looks, what it deletes, and what it runs on what it finds. */
export function findProgram(invocation: Invocation): Value {
  const { arguments: given } = invocation;
  addProgram(invocation, { name: 'find', classes: ['tool'], arguments: given });
  const firstTest = given.findIndex(({ text }) => /^(?:-[a-zA-Z]{2,}|[(!])/.test(shown(text)));
  const roots = (firstTest === -1 ? given : given.slice(0, firstTest)).filter(({ text }) => !/^-[HLPO]/.test(text));
  const starts = roots.length === 0 ? [known('.')] : roots;
  for (const text of starts) addPath(invocation, 'read', text, { isTree: true });
  const names = given.flatMap((text, index) => (/^-i?(?:name|path)$/.test(given[index - 1]?.text ?? '') ? [text] : []));
  // What it finds lies under where it starts, with the name it looks for.
  const found = starts.flatMap((start): Text[] =>
    (names.length === 0 ? [known('*')] : names).map((name) => ({
      text: `${start.text.replace(/\/+$/, '')}/${shown(name.text)
        .replace(/^\*?\//, '')
        .replaceAll('*', '\uE000')}`,
    })),
  );
  for (let at = 0; at < given.length; at += 1) {
    const word = given[at]?.text ?? '';
    if (findText.has(word)) at += 1;
    else if (word === '-delete') for (const text of found) addPath(invocation, 'delete', text, { isTree: true });
    else if (/^-(?:exec|execdir|ok|okdir)$/.test(word)) {
      const end = given.findIndex(({ text }, index) => index > at && (text === ';' || text === '+'));
      const argv = given.slice(at + 1, end === -1 ? given.length : end);
      const state = forked(invocation.state);
      for (const item of found) {
        runCommand(
          argv.map((text) => ({
            ...text,
            text: text.text === '{}' ? item.text : text.text.replaceAll('{}', () => item.text),
          })),
          { ...invocation, state },
        );
      }
      at = end === -1 ? given.length : end;
    } else if (/^-(?:fprint0?|fls)$/.test(word)) {
      at += 1;
      addPath(invocation, 'write', given[at] ?? known(''));
    } else if (word === '-fprintf') {
      addPath(invocation, 'write', given[at + 1] ?? known(''));
      at += 2;
    } else if (/^-(?:newer\w*|samefile|files0-from)$/.test(word)) {
      at += 1;
      addPath(invocation, 'read', given[at] ?? known(''));
    }
  }
  return [unknown('what "find" finds')];
}

/** `busybox cat`, `toybox rm`: the first operand is the program. */
export function multiProgram(invocation: Invocation): Value {
  return invocation.arguments.length === 0 ? [known('')] : runCommand(invocation.arguments, invocation);
}

/** `ssh host command`: the command runs elsewhere, and the options may run some here. */
export function sshProgram(invocation: Invocation): Value {
  const read = readArguments(
    { text: '-p -l -b -c -D -e -L -R -W -m -O -Q -w -B -J', read: '-i -F -I', write: '-E -S', script: '-o' },
    invocation.arguments,
    true,
  );
  const [host, ...command] = read.operands;
  addProgram(
    invocation,
    { name: invocation.name, classes: ['remote'], arguments: invocation.arguments },
    command.length > 0 ? { doubt: 'unknown_until_run', why: 'runs a command on another machine' } : {},
  );
  for (const { role, text, option } of read.values) {
    if (role === 'script') sshOption(text, invocation);
    else if (role === 'read' && option === '-F') addPath(invocation, 'read', text);
    else if (role === 'write') addPath(invocation, 'write', text);
  }
  if (host !== undefined)
    addHost(invocation, host, {
      way: 'send',
      scheme: 'ssh',
      sends: [
        ...command.map(({ text }) => shown(text)),
        ...(invocation.stdin ?? []).map(({ text, why }) => why ?? shown(text)),
      ],
    });
  return [unknown('what another machine prints')];
}

/** Options of ssh that run commands here. */
export function sshOption(text: Text, invocation: Invocation): void {
  const found = /^\s*(ProxyCommand|LocalCommand|KnownHostsCommand|Match)\s*[=\s]\s*([\s\S]*)$/i.exec(text.text);
  if (found !== null && found[2] !== 'none') runScript({ ...text, text: found[2] ?? '' }, invocation);
}
