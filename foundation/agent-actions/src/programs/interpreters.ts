import { addHost, addPath, addProgram } from '../run/effects.ts';
import { fileText } from '../run/files.ts';
import type { Invocation } from '../run/run.ts';
import { forked } from '../run/state.ts';
import { bounded, isKnown, known, onlyText, shown, unknown } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { runFile } from './apply-rule.ts';
import { runCommand, runScript } from './start.ts';
import { isInProject } from './project-programs.ts';
import { readArguments } from './arguments.ts';
import { addForeignCode } from './foreign-code.ts';
import { fetchedProgram, packageProgram, scriptsOf } from './packages.ts';
import type { ProgramRule } from './rule.ts';

/** `sh`, `bash` and relatives: a script in an argument, in a file, or piped in. */
export function shellProgram(outer: Invocation): Value {
  // It sees the variables that were set, and changes none of them.
  const invocation = { ...outer, state: forked(outer.state) };
  const { arguments: given, stdin } = invocation;
  const operands: Text[] = [];
  let script: Text | undefined;
  for (let at = 0; at < given.length; at += 1) {
    const text = given[at] ?? known('');
    const flag = shown(text.text);
    if (operands.length === 0 && /^[-+][a-zA-Z]*c[a-zA-Z]*$/.test(flag) && !flag.startsWith('--')) {
      script = given[at + 1] ?? known('');
      operands.push(...given.slice(at + 2));
      break;
    }
    if (operands.length === 0 && /^(?:--rcfile|--init-file)$/.test(flag)) {
      at += 1;
      const file = given[at] ?? known('');
      addPath(invocation, 'read', file);
      runFile(file, invocation);
    } else if (operands.length === 0 && /^[-+][oO]$/.test(flag)) at += 1;
    else if (operands.length > 0 || !/^[-+]./.test(flag)) operands.push(text);
  }
  addProgram(invocation, { name: invocation.name, classes: ['shell'], arguments: given });
  if (operands[0] !== undefined) invocation.state.variables.set('0', [operands[0]]);
  if (script !== undefined) return runScript(script, invocation, operands.slice(1));
  const [file, ...positional] = operands;
  if (file !== undefined && file.text !== '-') {
    addPath(invocation, 'read', file);
    if (/^\/dev\/(?:stdin|fd\/0)$/.test(file.text)) return fromStdin(invocation, positional);
    return runFile(file, invocation, positional);
  }
  return stdin === undefined ? [unknown('what is typed in')] : fromStdin(invocation, positional);
}

function fromStdin(invocation: Invocation, positional: readonly Text[]): Value {
  const texts = invocation.stdin ?? [unknown('what is typed in')];
  return bounded(texts.flatMap((text) => runScript(text, { ...invocation, stdin: undefined }, positional)));
}

const interpreterOptions: ReadonlyMap<string, NonNullable<ProgramRule['options']>> = new Map([
  ['python', { script: '-c', name: '-m', text: '-W -X -Q' }],
  [
    'node',
    {
      script: '-e -p --eval --print -pe',
      execute:
        '-r --require --import --loader --experimental-loader --openssl-config --test-reporter --experimental-config-file --build-snapshot --snapshot-blob --experimental-sea-config --test-global-setup',
      text: '--max-old-space-size -C --conditions --inspect --inspect-brk --test-name-pattern',
      read: '--env-file --env-file-if-exists',
    },
  ],
  ['perl', { script: '-e -E', name: '-M -m', text: '-I -F -0 -l' }],
  ['ruby', { script: '-e', execute: '-r', text: '-I -E -F' }],
  ['php', { script: '-r -B -R -E', execute: '-f -d -c', text: '-t', send: '-S' }],
  ['lua', { script: '-e', execute: '-l' }],
  ['deno', { script: '', text: '' }],
  ['bun', { script: '-e --eval', text: '' }],
  ['osascript', { script: '-e', text: '-l' }],
  ['Rscript', { script: '-e' }],
  ['julia', { script: '-e -E' }],
  ['tclsh', {}],
  ['guile', { script: '-c' }],
]);

/** What bun does as a package manager. */
const managing =
  /^(?:install|i|add|a|create|c|init|upgrade|pm|publish|link|unlink|remove|rm|update|outdated|audit|patch|why|info)$/;

function familyOf(name: string): string {
  const family = name.replace(/(?:jit|js)?[\d.]*$/, '');
  return interpreterOptions.has(family) ? family : name;
}

/** Programs of other languages: code in an argument, a file, or piped in. */
export function interpreterProgram(invocation: Invocation): Value {
  const { name, arguments: given, stdin } = invocation;
  const family = familyOf(name);
  const options = interpreterOptions.get(family) ?? interpreterOptions.get(name) ?? {};
  const output: Value = [unknown(`what "${name}" prints`)];
  if (family === 'node' && runProjectScript(invocation)) return output;
  if (family === 'bun') {
    const at = given.findIndex(({ text }) => !text.startsWith('-'));
    const word = given[at]?.text ?? '';
    const rest = given.slice(at + 1);
    if (word === 'x') return fetchedProgram({ ...invocation, name: 'bunx', arguments: rest });
    if (managing.test(word)) return packageProgram(invocation);
  }
  const read = readArguments(options, given, true);
  addLibraries(invocation, read);
  let isGiven = false;
  for (const { role, text, option } of read.values) {
    if (role === 'script') {
      isGiven = true;
      addForeignCode({ ...invocation, name: family === 'python' ? 'python' : name }, text);
    } else if (role === 'send') addHost(invocation, text, { way: 'listen', doubt: 'unknown_until_run' });
    else if (role === 'execute' && /^(?:spec|dot|tap|junit|lcov)$/.test(text.text)) continue;
    else if (role === 'execute' && option !== undefined) {
      addPath(invocation, 'read', text);
      addProgram(
        invocation,
        { name: shown(text.text), classes: ['unknown'], arguments: [] },
        { doubt: 'unknown_until_run', why: 'loads a module before anything else' },
      );
    } else if (role === 'read') addPath(invocation, 'read', text);
    else if (role === 'name') {
      isGiven = isGiven || option === '-m';
      runModule(text, invocation, read.operands);
    }
  }
  // perl and ruby change their files in place.
  if (/^(?:perl|ruby)$/.test(family) && isGiven && [...read.flags].some((flag) => /^-[a-zA-Z]*i/.test(flag))) {
    for (const text of read.operands) addPath(invocation, 'write', text);
  }
  if (isGiven) {
    for (const text of read.operands) if (/^(?:perl|ruby|php)$/.test(family)) addPath(invocation, 'read', text);
    return output;
  }
  if ([...read.flags].some((flag) => /^(?:--version|-V|-v|--help|-h)$/.test(flag)) && read.operands.length === 0)
    return output;
  const [first, ...positional] = /^(?:deno|bun)$/.test(family)
    ? read.operands.filter(({ text }) => !/^(?:run|test|x|exec|check|install|i|add|eval|-.*)$/.test(text))
    : read.operands;
  if (first !== undefined && family === 'deno' && read.operands[0]?.text === 'eval') {
    addForeignCode(invocation, first);
    return output;
  }
  if (first !== undefined && /^(?:https?|npm|jsr|data|blob):/i.test(first.text)) {
    if (/^https?:/i.test(first.text)) addHost(invocation, first, { way: 'fetch' });
    addProgram(
      invocation,
      { name: shown(first.text).slice(0, 256), classes: ['unknown'], arguments: positional },
      { doubt: 'fetched_code', why: 'fetches code and runs it' },
    );
    return output;
  }
  if (first !== undefined && first.text !== '-') {
    // `php vendor/bin/phpunit`: a tool of the project, started by hand.
    if (/^(?:\.\/)?(?:vendor\/bin|node_modules\/\.bin)\/[\w.-]+$/.test(first.text)) {
      runCommand([known(first.text.startsWith('.') ? first.text : `./${first.text}`), ...positional], invocation);
      return output;
    }
    addPath(invocation, 'read', first);
    runForeignFile(first, invocation, positional);
    return output;
  }
  if (stdin !== undefined) for (const text of stdin) addForeignCode(invocation, text);
  else
    addProgram(
      invocation,
      { name, classes: ['interpreter'], arguments: given },
      { doubt: 'project_code', why: 'runs what the project says' },
    );
  return output;
}

/** `perl -I/tmp -MName`: code from elsewhere. */
function addLibraries(invocation: Invocation, { values }: ReturnType<typeof readArguments>): void {
  if (!/^(?:perl|ruby)/.test(invocation.name)) return;
  const places = [
    ...values.filter(({ option }) => option === '-I').map(({ text }) => text),
    ...invocation.arguments.flatMap((text) => (/^-I./.test(text.text) ? [{ ...text, text: text.text.slice(2) }] : [])),
  ];
  if (isInProject(invocation, places)) return;
  addProgram(
    invocation,
    { name: invocation.name, classes: ['unknown'], arguments: places },
    { doubt: 'unknown_until_run', why: 'loads code from outside the project' },
  );
}

/** `node --run script`: a script of package.json. */
function runProjectScript(invocation: Invocation): boolean {
  const { arguments: given } = invocation;
  const at = given.findIndex(({ text }) => /^--run(?:=|$)/.test(text));
  if (at === -1) return false;
  const script = /^--run=([\s\S]*)$/.exec(given[at]?.text ?? '')?.[1] ?? given[at + 1]?.text ?? '';
  addProgram(
    invocation,
    { name: 'node --run', classes: ['interpreter', 'project-code'], arguments: given },
    { doubt: isInProject(invocation) ? 'project_code' : 'unknown_until_run', why: 'runs a script of the project' },
  );
  const body = scriptsOf(invocation).get(script);
  if (body !== undefined) runScript(known(body), invocation);
  return true;
}

function runForeignFile(path: Text, invocation: Invocation, positional: readonly Text[]): void {
  const name = onlyText([path]);
  const contents = name === undefined ? [] : fileText(name, invocation.state, invocation.run);
  const [content] = contents;
  if (content !== undefined && isKnown(content)) addForeignCode(invocation, content);
  else runFile(path, invocation, positional);
}

/** Modules that are programs of their own: `python -m http.server`. */
function runModule(module: Text, invocation: Invocation, operands: readonly Text[]): void {
  const { name } = invocation;
  const written = shown(module.text);
  if (name.startsWith('perl')) return;
  const program =
    /^(?:pip|ensurepip|venv|pytest|unittest|mypy|black|ruff|build|pre_commit|coverage|json\.tool|compileall|timeit|this|site)$/.exec(
      written,
    )?.[0];
  if (program === 'json.tool' || program === 'timeit' || program === 'this' || program === 'site') {
    addProgram(invocation, { name: `${name} -m ${written}`, classes: ['interpreter'], arguments: operands });
    if (program === 'timeit') for (const text of operands) addForeignCode({ ...invocation, name: 'python' }, text);
    for (const [index, text] of operands.entries())
      addPath(invocation, program === 'json.tool' && index === 1 ? 'write' : 'read', text);
    return;
  }
  if (program === 'pip') {
    invocation.run.command([known('pip'), ...operands], {
      ...invocation,
      where: { ...invocation.where, through: [...invocation.where.through, name] },
    });
    return;
  }
  const isKnownTool = program !== undefined;
  addProgram(
    invocation,
    {
      name: `${name} -m ${written}`,
      classes: isKnownTool ? ['build', 'project-code'] : ['interpreter'],
      arguments: operands,
    },
    { doubt: isKnownTool ? 'project_code' : 'unknown_program', why: `the module "${written}" runs` },
  );
}
