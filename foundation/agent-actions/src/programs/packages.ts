import { addHost, addName, addPath, addProgram } from '../run/effects.ts';
import { fileText } from '../run/files.ts';
import type { Invocation } from '../run/run.ts';
import { addCwds, forked } from '../run/state.ts';
import { hole, isKnown, known, onlyText, shown, unknown } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { addStranger, looksLikePath } from './apply-rule.ts';
import { runCommand, runScript } from './start.ts';
import { givenFromElsewhere, isInProject } from './project-programs.ts';
import { isPublishing, sendProject } from './publishing.ts';
import { readArguments } from './arguments.ts';
import { mayBeOption } from './looking.ts';

// Package managers: scripts of the project, and code that is fetched and run.

const optionsWithValue = {
  text: '-w --workspace --filter -F --registry --tag --omit --include -p --package --loglevel --features --bin --example --target -j --jobs --python',
  'read-tree': '-C --prefix --cwd --dir --directory --manifest-path',
  script: '-c --call --shell --shell-mode',
};
const runsInTurn = new Map<string, RegExp>([
  ['npm', /^(?:exec|x)$/],
  ['pnpm', /^(?:exec|dlx)$/],
  ['yarn', /^(?:exec|dlx)$/],
  ['bun', /^(?:x)$/],
  ['poetry', /^run$/],
  ['pipenv', /^run$/],
  ['uv', /^run$/],
  ['pdm', /^run$/],
  ['hatch', /^run$/],
  ['conda', /^run$/],
  ['bundle', /^exec$/],
  ['composer', /^exec$/],
  ['mise', /^(?:exec|x)$/],
  ['asdf', /^exec$/],
  ['direnv', /^exec$/],
  ['nix', /^(?:run|shell|develop)$/],
]);
const fetching =
  /^(?:install|i|add|up|update|upgrade|in|create|init|dlx|get|require|download|sync|full-upgrade|dist-upgrade|tap|link|global|tool|self-update)$/;
const projectOnly =
  /^(?:ci|test|t|tst|start|run|run-script|build|pack|prune|dedupe|lint|check|format|dev|serve|typecheck|clean|dump-autoload|dumpautoload|install-ci-test|rebuild|stop|restart|preview|coverage|fmt|vet|clippy|bench|doc|docs|exec|lock)$/;
const reading =
  /^(?:ls|list|ll|view|info|show|outdated|why|search|help|version|-v|--version|config|root|prefix|bin|audit|fund|explain|doctor|whoami|freeze|tree|metadata|env|query|cache|policy|depends|repo|pkg)$/;

/** Of these, what asks the registry or shows what came from there. */
const asking = /^(?:view|info|show|outdated|search|audit|fund|doctor|whoami|policy|depends|repo)$/;

export function packageProgram(outer: Invocation): Value {
  const invocation = { ...outer, state: forked(outer.state) };
  const { name, arguments: given, state } = invocation;
  const read = readArguments(optionsWithValue, given, true);
  for (const { role, text } of read.values) {
    if (role === 'script') runScript(text, invocation);
    if (role === 'read-tree')
      state.cwds = state.cwds.map((cwd) => (text.text.startsWith('/') ? text.text : `${cwd}/${text.text}`));
  }
  const [subcommand = known(''), ...rest] = read.operands;
  const word = shown(subcommand.text);
  const moves = [
    ...read.values.filter(({ option }) => /^(?:-w|--workspace)$/.test(option ?? '')).map(({ text }) => text),
    ...movesIn(rest),
  ];
  movedBy(invocation, moves);
  steered(invocation, given);
  const program = { name: `${name} ${word}`.trim(), classes: ['package-manager' as const], arguments: rest };
  const plain = rest.filter(({ text }) => !text.startsWith('-'));
  if (runsInTurn.get(name.replace(/[\d.]+$/, ''))?.test(word) === true) {
    addProgram(
      invocation,
      program,
      /dlx|^x$/.test(word) ? { doubt: 'fetched_code', why: 'may fetch a package and run it' } : {},
    );
    const inner = readArguments(optionsWithValue, rest, true);
    for (const { role, text } of inner.values) if (role === 'script') runScript(text, invocation);
    const [first] = inner.operands;
    if (first !== undefined && /^https?:/i.test(first.text)) {
      addProgram(invocation, program, { doubt: 'fetched_code', why: 'fetches code from an address and runs it' });
      addHost(invocation, first, { way: 'fetch' });
      return [known('')];
    }
    return first === undefined ? [known('')] : runCommand(inner.operands, invocation, program.name);
  }
  // Whose scripts they are is not known once it may work elsewhere.
  const scripts = moves.length > 0 ? new Map<string, string>() : scriptsOf(invocation);
  const script = /^(?:run|run-script|rum|urn)$/.test(word)
    ? shown(plain[0]?.text ?? '')
    : /^(?:t|tst|test)$/.test(word)
      ? 'test'
      : /^(?:start|stop|restart)$/.test(word)
        ? word
        : '';
  const body = /^(?:npm|pnpm|yarn|bun)$/.test(name) ? (scripts.get(script) ?? scripts.get(word)) : undefined;
  if (body !== undefined) {
    addProgram(invocation, { ...program, classes: ['package-manager', 'project-code'] });
    for (const hook of [`pre${script}`, `post${script}`])
      if (scripts.has(hook)) runScript(known(scripts.get(hook) ?? ''), invocation);
    const extra = rest.slice(/^(?:run|run-script)$/.test(word) ? 1 : 0).filter(({ text }) => text !== '--');
    return runScript(
      { text: [body, ...extra.map(({ text }) => `'${shown(text).replaceAll("'", `'\\''`)}'`)].join(' ') },
      invocation,
    );
  }
  const isFix = word === 'audit' && (plain[0]?.text === 'fix' || rest.some(({ text }) => /^--fix\b/.test(text)));
  if (isFix) {
    addProgram(invocation, program, {
      doubt: 'fetched_code',
      why: 'fetches packages, which may run code of their own',
    });
    return [known('')];
  }
  // `preversion`, `postversion`
  const isVersioning = word === 'version' && plain.length > 0;
  if ((reading.test(word) || word === '') && !isVersioning) {
    const doubt = lookingDoubt(outer, invocation);
    if (doubt !== undefined)
      addProgram(invocation, program, { doubt, why: "its settings or what runs it may be somebody else's" });
    const isSetting =
      word === 'config' &&
      (/^(?:set|edit|delete|unset|rm|add)$/.test(plain[0]?.text ?? '') ||
        (/^(?:poetry|pdm|composer|bundle|hatch|conda|mamba)$/.test(name) &&
          plain.length > 1 &&
          !/^(?:get|list|show)$/.test(plain[0]?.text ?? '')));
    const isSecret = word === 'config' && /auth|token|password/i.test(plain.map(({ text }) => text).join(' '));
    addProgram(invocation, program);
    // What a registry answers is what others wrote. Which one it is stands in the settings.
    if (asking.test(word)) addName(invocation, 'network', { of: 'setting', name: `registry of ${name}` });
    if (isSecret && !isSetting)
      invocation.run.add(
        {
          kind: 'secret',
          target: { kind: 'name', of: 'setting', name: `${name} ${shown(plain.at(-1)?.text ?? '')}` },
          isCertain: true,
          why: 'prints what it signs in with',
        },
        invocation.where,
      );
    if (word === 'pkg' && /^(?:set|delete|fix)$/.test(plain[0]?.text ?? '')) {
      addPath(invocation, 'write', known('package.json'));
      // A script that it is given runs with the next install or test.
      for (const { text } of plain.slice(1)) {
        const script = /^scripts\.[\w:-]+=([\s\S]*)$/.exec(text)?.[1];
        if (script !== undefined) runScript({ text: script }, invocation);
      }
    }
    if (isSetting) addPath(invocation, 'write', known(`${invocation.run.context.home ?? '/home/*'}/.npmrc`));
    if (
      isSetting &&
      /script-shell|registr|prefix|config|node-options|git$|repositor|source|index|url|mirror|channel|path|plugin|shell|hook/i.test(
        plain
          .slice(0, 2)
          .map(({ text }) => text)
          .join(' '),
      )
    ) {
      addProgram(invocation, program, {
        doubt: 'unknown_until_run',
        why: 'changes what later commands run or where they fetch from',
      });
    }
    return [unknown(`what "${program.name}" prints`)];
  }
  const isPublished = name === 'yarn' && word === 'npm' && isPublishing(shown(plain[0]?.text ?? ''));
  if (
    isPublished ||
    /^(?:publish|login|adduser|push|signin|token|owner|access|unpublish|deprecate|dist-tag|team|upload|yank)$/.test(
      word,
    )
  ) {
    addProgram(invocation, program);
    addHost(invocation, known('https://registry.npmjs.org'), {
      way: 'send',
      sends: ['the package'],
      doubt: 'unknown_until_run',
    });
    return [known('')];
  }
  if (plain.some(({ text }) => /^(?:https?|git\+\w+|git|ssh):/i.test(text)) && !fetching.test(word)) {
    addProgram(invocation, program, { doubt: 'fetched_code', why: 'fetches code from an address and runs it' });
    for (const text of plain) addSource(invocation, text);
    return [known('')];
  }
  const groups = name === 'poetry' && word === 'install' ? groupsOf(rest) : [];
  const named = plain.filter((text) => text.text !== '.' && !text.text.startsWith('-') && !groups.includes(text));
  const isFetching =
    fetching.test(word) && (named.length > 0 || /^(?:update|upgrade|up|create|full-upgrade|dist-upgrade)$/.test(word));
  if (isFetching) {
    addProgram(invocation, program, {
      doubt: 'fetched_code',
      why: 'fetches packages, which may run code of their own',
    });
    for (const text of named) addSource(invocation, text);
    return [known('')];
  }
  // A script whose text is not known, by its name.
  const isGivenAway = isPublishing(script === '' ? word : script);
  if (isGivenAway) sendProject(invocation);
  const isProject = isVersioning || projectOnly.test(word) || fetching.test(word);
  addProgram(
    invocation,
    {
      ...program,
      classes:
        isProject || scripts.size > 0 || name === 'yarn' || name === 'pnpm'
          ? ['package-manager', 'project-code']
          : ['package-manager'],
    },
    isProject || name === 'yarn' || name === 'pnpm'
      ? isInProject(invocation) && !isGivenAway && givenFromElsewhere({ ...invocation, arguments: rest }) === undefined
        ? { doubt: 'project_code', why: 'runs scripts of the project' }
        : { doubt: 'unknown_until_run', why: 'runs scripts of a place outside the project, or gives something away' }
      : { doubt: 'unknown_program', why: `what "${program.name}" does is not known` },
  );
  return [unknown(`what "${program.name}" prints`)];
}

/** What only looks starts programs too: those that its options, or the settings of the place it works in, name. */
function lookingDoubt(
  { name, arguments: given }: Invocation,
  invocation: Invocation,
): 'fetched_code' | 'unknown_until_run' | undefined {
  for (const [index, text] of given.entries()) {
    const [option, joined] = /^(?:--(?:log|log-file|report|output-file)|-o)(?:=([\s\S]*))?$/.exec(text.text) ?? [];
    if (option !== undefined)
      addPath(invocation, 'write', joined === undefined ? (given[index + 1] ?? known('')) : { ...text, text: joined });
  }
  const isSet = given.some(
    ({ text }, index) =>
      mayBeOption(text) ||
      (/^(?:apt|apt-get|apt-cache|aptitude)$/.test(name) && /^(?:-[a-zA-Z]*[oc]|--(?:o|con))/.test(text)) ||
      /^--p(?:y\w*)?=.*\//s.test(text) ||
      (/^--py\w*$/.test(text) && given[index + 1]?.text.includes('/') === true),
  );
  const found = givenFromElsewhere(invocation);
  return found ?? (isSet ? 'unknown_until_run' : undefined);
}

/** Options that say where it works. npm takes the beginning of an option for it, and one dash for two. */
const moving =
  /^(-C|-w|-P|--?(?:prefix|prefi|cwd|dir|dire\w*|project|manifest-path|works\w*))(?:=([\s\S]*))?$|^(-C)([^=][\s\S]*)$/;

/** Groups of what the project needs, not packages: `poetry install --with dev`. */
function groupsOf(rest: readonly Text[]): readonly Text[] {
  return rest.filter(
    ({ text }, index) => /^--(?:with|without|only)$/.test(rest[index - 1]?.text ?? '') && /^\w[\w,-]*$/.test(text),
  );
}

/** What such options behind the subcommand name, up to `--`. */
function movesIn(rest: readonly Text[]): readonly Text[] {
  const end = rest.findIndex(({ text }) => text === '--');
  return (end === -1 ? rest : rest.slice(0, end)).flatMap((text, index) => {
    const found = moving.exec(text.text);
    if (found === null || text.text === '--workspaces') return [];
    const joined = found[2] ?? found[4];
    const value = joined === undefined ? rest[index + 1] : { ...text, text: joined };
    return value === undefined ? [] : [value];
  });
}

/** It may work in each of these places, or where it is: another program may read such an option, and then it moves nothing. */
function movedBy({ state, run }: Invocation, moves: readonly Text[]): void {
  for (const text of moves) {
    const home = run.context.home ?? '/home/*';
    const to = isKnown(text) ? text.text.replace(/^~(?=\/|$)/, () => home) : `/${hole}`;
    addCwds(state, to.startsWith('/') ? [to] : state.cwds.map((cwd) => `${cwd}/${to}`));
  }
}

/** Options behind the subcommand that say what runs its scripts, or whose they are. */
function steered(invocation: Invocation, rest: readonly Text[]): void {
  const end = rest.findIndex(({ text }) => text === '--');
  for (const { text } of end === -1 ? rest : rest.slice(0, end)) {
    const [, option, value = ''] =
      /^--(?:config[.-])?(script-shell|node-options|shell|userconfig|globalconfig|use-node-version|viewer|browser|git|editor|cache|init-module|use-yarnrc|registry|userrc|npmrc)(?:=([\s\S]*))?$/.exec(
        text,
      ) ?? [];
    if (option === undefined) continue;
    addProgram(
      invocation,
      { name: invocation.name, classes: ['package-manager'], arguments: invocation.arguments },
      { doubt: 'unknown_until_run', why: `runs its scripts by "--${option} ${shown(value)}"` },
    );
  }
}

/** A package from an address or a directory instead of a registry. */
function addSource(invocation: Invocation, text: Text): void {
  const written = shown(text.text);
  if (/^(?:git\+|https?:|ssh:|git:|github:|git@)/i.test(written))
    addHost(
      invocation,
      { ...text, text: text.text.replace(/^git\+/, '').replace(/^github:/, 'https://github.com/') },
      { way: 'fetch' },
    );
  else if (looksLikePath(text) && !written.startsWith('@')) addPath(invocation, 'read', text, { isTree: true });
}

/** The scripts of the package.json where it runs, when the caller knows it. */
export function scriptsOf({ state, run }: Invocation): ReadonlyMap<string, string> {
  const text = onlyText(fileText('package.json', state, run));
  if (text === undefined) return new Map();
  try {
    const parsed: unknown = JSON.parse(text);
    const scripts = isObject(parsed) && isObject(parsed['scripts']) ? parsed['scripts'] : {};
    return new Map(
      Object.entries(scripts).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
    );
  } catch {
    return new Map();
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Tools of a project that `npx` starts from its node_modules. */
const projectTools =
  /^(?:tsc|eslint|prettier|jest|vitest|mocha|oxlint|oxfmt|knip|biome|playwright|webpack|vite|rollup|esbuild|ts-node|tsx|next|nx|turbo|lerna|prisma|husky|lint-staged|rimraf|concurrently|nodemon|tsup|cypress|ava|nyc|c8|typedoc|tailwindcss|postcss|sass|stylelint)$/;

/** `npx`, `bunx`, `uvx`, `pipx run`: a package is fetched when it is not there, and run. */
export function fetchedProgram(invocation: Invocation): Value {
  const read = readArguments(optionsWithValue, invocation.arguments, true);
  for (const { role, text } of read.values) if (role === 'script') runScript(text, invocation);
  const operands =
    read.operands[0]?.text === 'run' && invocation.name === 'pipx' ? read.operands.slice(1) : read.operands;
  const [tool, ...rest] = operands;
  const name = shown(tool?.text ?? '');
  if (
    tool !== undefined &&
    projectTools.test(name) &&
    !read.values.some(({ option }) => /^(?:-p|--package)$/.test(option ?? ''))
  ) {
    return runCommand([tool, ...rest], invocation);
  }
  addProgram(
    invocation,
    { name: `${invocation.name} ${name}`.trim(), classes: ['package-manager'], arguments: rest },
    { doubt: 'fetched_code', why: `"${name}" is fetched when it is not there, and runs` },
  );
  for (const text of rest) if (looksLikePath(text)) addStranger(invocation, text);
  return [unknown(`what "${name}" prints`)];
}
