import { placePath } from '../paths/resolve-path.ts';
import { addHost, addName, addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { forked } from '../run/state.ts';
import { isKnown, known, shown, unknown } from '../run/text.ts';
import type { Text, Value } from '../run/text.ts';
import { runScript } from './apply-rule.ts';
import { readArguments } from './arguments.ts';
import { addGitPatches } from './patches.ts';
import { isInProject } from './project-programs.ts';

/** Settings of git whose value git runs, or that say where programs and hooks are. */
const runningSetting =
  /^(?:core\.(?:pager|editor|sshcommand|fsmonitor|askpass|gitproxy|hookspath|attributesfile|worktree|alternaterefscommand)|pager\..+|sequence\.editor|diff\.(?:external|.+\.(?:command|textconv))|difftool\..+|mergetool\..+|merge\..+\.driver|filter\..+\.(?:clean|smudge|process)|credential\.(?:helper|.+\.helper)|gpg\.(?:program|.+\.program)|gpg\.ssh\.defaultkeycommand|alias\..+|include\.path|includeif\..+|ssh\.variant|uploadpack\.packobjectshook|remote\..+\.(?:uploadpack|receivepack|vcs)|url\..+|protocol\..+|http\.(?:proxy|.+\.proxy|sslverify|.+\.sslverify|cookiefile)|interactive\.difffilter|sendemail\.(?:smtpserver|tocmd|cccmd)|browser\..+|web\.browser|init\.templatedir|extensions\..+|submodule\..+\.update|man\..+|tar\..+\.command|trailer\..+|commit\.template|instaweb\..+|blame\.ignorerevsfile)$/i;

const harmlessSettings = /^(?:cat|less|true|false|vim?|nano|store|cache|osxkeychain)?$/;

/** Reading subcommands, which run hooks or filters at most of what is set up already. */
const reading = new Set(
  'status log diff show branch tag blame ls-files ls-tree ls-remote rev-parse rev-list describe shortlog reflog cat-file grep bisect name-rev merge-base for-each-ref symbolic-ref var count-objects fsck help version whatchanged range-diff cherry check-ignore check-attr show-ref verify-commit stash notes worktree remote config'.split(
    ' ',
  ),
);
const writing = new Set(
  'add rm mv commit checkout switch restore reset merge rebase cherry-pick revert clean stash am apply pull init clone submodule update-index update-ref gc prune sparse-checkout worktree read-tree write-tree commit-tree hash-object format-patch archive bundle tag branch notes replace filter-branch filter-repo lfs subtree'.split(
    ' ',
  ),
);
const remoteCommands = new Set(
  'push fetch pull clone ls-remote submodule remote-http remote-https send-email request-pull daemon svn p4 send-pack fetch-pack archive'.split(
    ' ',
  ),
);

/** Reads no settings of a repository where it is. */
const settingless = new Set(['', 'clone', 'init', 'version', 'config']);
/** Looks at no repository where it is. */
const anywhere = new Set(['', 'clone', 'init', 'help', 'version', 'ls-remote', 'config']);

export function gitProgram(outer: Invocation): Value {
  const state = forked(outer.state);
  const invocation = { ...outer, state };
  const read = readArguments(
    {
      'read-tree': '-C --work-tree',
      name: '-c',
      read: '--git-dir --exec-path --namespace',
      text: '--config-env --super-prefix --attr-source',
    },
    outer.arguments,
    true,
  );
  const [subcommand = known(''), ...rest] = read.operands;
  for (const { role, text, option } of read.values) {
    if (option === '-C')
      state.cwds = state.cwds.map((cwd) => (text.text.startsWith('/') ? text.text : `${cwd}/${text.text}`));
    if (role === 'name') setting(invocation, text);
    // What is checked out lands there.
    if (option === '--work-tree')
      state.cwds = state.cwds.map((cwd) => (/^[/~]/.test(text.text) ? text.text : `${cwd}/${text.text}`));
    if (option === '--exec-path' || option === '--git-dir' || option === '--work-tree')
      addPath(invocation, 'read', text, { isTree: true });
    if (option === '--exec-path' || option === '--config-env') {
      addName(
        invocation,
        'configure',
        { of: 'setting', name: `git ${option}` },
        { doubt: 'unknown_until_run', why: 'says where git finds its programs or settings' },
      );
    }
  }
  const name = shown(subcommand.text);
  const elsewhere = read.values.filter(({ option }) => option === '--git-dir');
  const isElsewhere =
    !anywhere.has(name) &&
    !isInProject(
      invocation,
      elsewhere.map(({ text }) => text),
    );
  const isKnownCommand = reading.has(name) || writing.has(name) || remoteCommands.has(name) || name === '';
  addProgram(
    invocation,
    { name: `git ${name}`.trim(), classes: ['tool'], arguments: rest },
    isKnownCommand
      ? isElsewhere
        ? {
            doubt: 'unknown_until_run',
            why: 'runs what the settings and hooks of a repository outside the project say',
          }
        : settingless.has(name) ||
            isAtRoot(
              invocation,
              elsewhere.map(({ text }) => text),
            )
          ? {}
          : { doubt: 'project_code', why: 'runs what the settings of a repository within the project may say' }
      : { doubt: 'unknown_program', why: `"git ${name}" is an alias or a program of its own` },
  );
  return subcommandOf(invocation, name, rest);
}

/** Whether the repository is that of the workspace: any other directory in it may be made to look like one, with settings of its own. */
function isAtRoot({ state, run: { context } }: Invocation, gitDirectories: readonly Text[]): boolean {
  const roots = context.workspace.map((root) => placePath(root, '/', context, state.links).path);
  const isOne = (text: string, cwd: string, of: readonly string[]): boolean => {
    const { path, isKnown: isPlaced } = placePath(text, cwd, context, state.links);
    return isPlaced && of.includes(path);
  };
  return state.cwds.every(
    (cwd) =>
      isOne('.', cwd, roots) &&
      gitDirectories.every(({ text }) =>
        isOne(
          text,
          cwd,
          roots.map((root) => `${root}/.git`),
        ),
      ),
  );
}

/** `-c name=value` and `git config name value`. */
function setting(invocation: Invocation, text: Text): void {
  const [, name = '', value = ''] = /^([^=]*)=?([\s\S]*)$/.exec(text.text) ?? [];
  if (!runningSetting.test(shown(name)) || harmlessSettings.test(value)) return;
  addName(
    invocation,
    'configure',
    { of: 'setting', name: `git ${shown(name)}` },
    { why: `git runs or follows "${shown(value).slice(0, 100)}"` },
  );
  const command = value.replace(/^!/, '');
  const isCommand =
    !/hookspath|attributesfile|include|url\.|proxy$|sslverify|templatedir|worktree|protocol|cookiefile/i.test(name);
  const isShellAlias = !/^alias\./i.test(name) || value.startsWith('!');
  if (isCommand && isShellAlias && command !== '') runScript({ ...text, text: command }, invocation);
}

function subcommandOf(invocation: Invocation, name: string, given: readonly Text[]): Value {
  const read = readArguments(
    {
      text: '-m --message -b -B -n -L --author --date --since --until --format --pretty --grep -S -G --depth --branch --origin -s --strategy --max-count --sort --jobs -j --filter --shallow-since',
      write: '-o --output --output-directory',
      read: '-F --file --pathspec-from-file',
      execute: '--template',
      'write-tree': '--directory',
      script:
        '-O -x --exec --upload-pack --receive-pack -u --extcmd --open-files-in-pager --tree-filter --index-filter --msg-filter --env-filter --commit-filter --to-cmd --cc-cmd',
      name: '-c --config',
      recipient: '--to --cc --bcc',
    },
    given,
    false,
  );
  const takesScript =
    /^(?:rebase|clone|fetch|pull|push|ls-remote|archive|grep|filter-branch|send-email|difftool)$/.test(name);
  for (const { role, text, option } of read.values) {
    const isScript =
      role === 'script' &&
      takesScript &&
      !(option === '-u' && !/^(?:clone|fetch)$/.test(name)) &&
      !(option === '-x' && name !== 'rebase');
    if (isScript && text.text !== '') runScript(text, invocation);
    else if (role === 'write') addPath(invocation, 'write', text);
    else if (role === 'read' && option === '-F') addPath(invocation, 'read', text);
    else if (role === 'execute' && /^(?:init|clone)$/.test(name))
      addName(
        invocation,
        'configure',
        { of: 'setting', name: `git ${name} --template` },
        { doubt: 'unknown_until_run', why: `takes hooks and settings from "${shown(text.text).slice(0, 100)}"` },
      );
    else if (role === 'name' && (option === '--config' || name === 'clone')) setting(invocation, text);
  }
  // `push -u origin`: -u takes no value there.
  const operands = name === 'push' ? given.filter(({ text }) => !text.startsWith('-')) : read.operands;
  switch (name) {
    case 'config':
      return configured(invocation, read.operands, read.flags);
    case 'push':
      addRemote(invocation, operands[0], 'send', ['commits of this repository']);
      return [known('')];
    case 'fetch':
    case 'pull':
    case 'ls-remote':
      addRemote(invocation, operands[0], 'fetch');
      break;
    case 'clone':
      addRemote(invocation, operands[0], 'fetch');
      addPath(invocation, 'write', operands[1] ?? known('./*'), { isTree: true });
      return [known('')];
    case 'remote':
      if (/^(?:add|set-url)$/.test(operands[0]?.text ?? '')) {
        addName(
          invocation,
          'configure',
          { of: 'setting', name: `git remote ${shown(operands[1]?.text ?? '')}` },
          { why: `later pushes go to "${shown(operands.at(-1)?.text ?? '')}"` },
        );
        const url = operands.at(-1);
        if (url !== undefined) addHost(invocation, remoteHost(url), { way: 'send' });
      }
      break;
    case 'submodule':
      if (operands[0]?.text === 'foreach')
        runScript(
          {
            text: behind(given, 'foreach')
              .map(({ text }) => text)
              .join(' '),
          },
          invocation,
        );
      if (operands[0]?.text === 'add') addRemote(invocation, operands[1], 'fetch');
      break;
    case 'bisect':
      if (operands[0]?.text === 'run') invocation.run.command(behind(given, 'run'), invocation);
      break;
    case 'send-email':
      addHost(invocation, unknown('the mail server is in the settings'), { way: 'send' });
      break;
    case 'difftool':
    case 'filter-branch':
      break;
    case 'rm':
      for (const text of operands) addPath(invocation, 'delete', text, { isTree: true });
      break;
    case 'clean':
      addPath(invocation, 'delete', known('.'), { isTree: true });
      break;
    case 'checkout':
    case 'restore':
      addPath(invocation, 'write', known('.'), { isTree: true });
      for (const text of pathsOf(name, given, operands)) addPath(invocation, 'write', text);
      break;
    case 'reset':
    case 'switch':
    case 'stash':
    case 'merge':
    case 'rebase':
    case 'cherry-pick':
    case 'revert':
      if (name !== 'stash' || !/^(?:list|show)$/.test(operands[0]?.text ?? ''))
        addPath(invocation, 'write', known('.'), { isTree: true });
      break;
    case 'apply':
    case 'am':
      // What is not known may be an option that undoes what only reads.
      if (isPatchRead(name, [...read.flags]) && given.every(isKnown))
        for (const text of operands) addPath(invocation, 'read', text);
      else addGitPatches(invocation, operands, read.values.find(({ option }) => option === '--directory')?.text);
      break;
    case 'show':
    case 'cat-file':
      addFilesOfCommits(invocation, operands);
      break;
    case 'bundle':
      if (operands[0]?.text === 'create' && operands[1] !== undefined) addPath(invocation, 'write', operands[1]);
      else for (const text of operands.slice(1, 2)) addPath(invocation, 'read', text);
      break;
    case 'mv':
      for (const text of operands) addPath(invocation, 'write', text);
      break;
    case 'add':
    case 'diff':
    case 'blame':
    case 'archive':
    case 'hash-object':
      // Reads files by name; `--no-index` reads any.
      for (const text of operands)
        if (
          (/^[~/.]/.test(text.text) || (name === 'add' && text.text.includes('/'))) &&
          text.text !== '.' &&
          !/^\.\.\.?\w/.test(text.text)
        )
          addPath(invocation, 'read', text);
      addFilesOfCommits(invocation, name === 'diff' ? operands : []);
      for (const { text } of given) {
        const remote = /^--remote=([\s\S]+)$/.exec(text)?.[1];
        if (name === 'archive' && remote !== undefined) addRemote(invocation, { text: remote }, 'fetch');
        const file = /^--add-file=([\s\S]+)$/.exec(text)?.[1];
        if (file !== undefined) addPath(invocation, 'read', { text: file });
      }
      break;
    case 'daemon':
    case 'instaweb':
    case 'http-backend':
      addHost(invocation, { text: '0.0.0.0' }, { way: 'listen', doubt: 'unknown_until_run' });
      break;
    case 'lfs':
      if (/^(?:install|update|uninstall)$/.test(operands[0]?.text ?? ''))
        addName(invocation, 'configure', { of: 'setting', name: 'git lfs' }, { why: 'sets up hooks and filters' });
      break;
    case 'init':
    case 'worktree':
      if (operands.length > 0 && name === 'init')
        addPath(invocation, 'write', operands[0] ?? known('.'), { isTree: true });
      if (name === 'worktree' && operands[0]?.text === 'add')
        addPath(invocation, 'write', operands[1] ?? known('.'), { isTree: true });
      break;
    default:
      break;
  }
  if (name === 'rev-parse' && given.some(({ text }) => text === '--show-toplevel')) {
    const root = invocation.run.context.workspace.find((at) =>
      invocation.state.cwds.every((cwd) => cwd === at || cwd.startsWith(`${at}/`)),
    );
    if (root !== undefined) return [known(root)];
  }
  return [unknown(`what "git ${name}" prints`)];
}

/** A command with options of its own. */
function behind(given: readonly Text[], word: string): readonly Text[] {
  const words = given.slice(given.findIndex(({ text }) => shown(text) === word) + 1);
  return word === 'foreach' && /^(?:--recursive|--quiet|-q)$/.test(words[0]?.text ?? '') ? words.slice(1) : words;
}

/** `HEAD:.env`: the file as it was. */
function addFilesOfCommits(invocation: Invocation, operands: readonly Text[]): void {
  for (const text of operands) {
    const file = /^[^:]*:(?![/\\]{2})([^:]+)$/.exec(text.text)?.[1];
    if (file !== undefined) addPath(invocation, 'read', { ...text, text: file });
  }
}

/** Whether a patch is only looked at. Git takes the beginning of an option for it, and `--apply` or `--no-stat` undo what only reads. */
function isPatchRead(name: string, flags: readonly string[]): boolean {
  if (name === 'am') return flags.some((flag) => /^--(?:abort|quit|show-current-patch)$/.test(flag));
  return (
    flags.some((flag) => /^--(?:check|stat|numstat|summary)$/.test(flag)) &&
    !flags.some((flag) => /^--(?:ap|no-)/.test(flag))
  );
}

/** Files that are put back: behind `--`, and whatever looks like one. */
function pathsOf(name: string, given: readonly Text[], operands: readonly Text[]): readonly Text[] {
  const dashes = given.findIndex(({ text }) => text === '--');
  const behind = new Set(dashes === -1 ? [] : given.slice(dashes + 1));
  const before = operands.filter((text) => !behind.has(text));
  return [...behind, ...before.filter(({ text }) => name === 'restore' || /^\.\w|\.\w+$/.test(text))];
}

function configured(invocation: Invocation, operands: readonly Text[], flags: ReadonlySet<string>): Value {
  const isReading =
    [...flags].some((flag) => /^(?:--get|--list|-l|--get-all|--get-regexp|--show-origin)/.test(flag)) ||
    /^(?:get|list)$/.test(operands[0]?.text ?? '');
  if (flags.has('-e') || flags.has('--edit') || operands[0]?.text === 'edit')
    addName(
      invocation,
      'configure',
      { of: 'setting', name: 'git config' },
      { doubt: 'unknown_until_run', why: 'opens the settings of git in an editor' },
    );
  const [name, value] = /^(?:set|unset|add)$/.test(operands[0]?.text ?? '') ? operands.slice(1) : operands;
  if (isReading || name === undefined || (value === undefined && !flags.has('--unset')))
    return [unknown('a setting of git')];
  const isGlobal = flags.has('--global') || flags.has('--system');
  if (isGlobal) addPath(invocation, 'write', known(`${invocation.run.context.home ?? '/home/*'}/.gitconfig`));
  const text = `${name.text}=${value?.text ?? ''}`;
  setting(invocation, { text });
  const isPlain =
    /^(?:user\.(?:name|email)|pull\.(?:rebase|ff)|init\.defaultbranch|color\..+|branch\..+|push\.\w+|merge\.\w+|rerere\.\w+|core\.(?:autocrlf|filemode|ignorecase|quotepath|eol|longpaths)|advice\..+|fetch\.\w+|diff\.\w+)$/i.test(
      shown(name.text),
    );
  if (!isPlain && !runningSetting.test(shown(name.text)))
    addName(
      invocation,
      'configure',
      { of: 'setting', name: `git ${shown(name.text)}` },
      { why: 'changes how git works' },
    );
  return [known('')];
}

/** A remote by its name stands in the repository's settings; by its address it may be anywhere. */
function addRemote(
  invocation: Invocation,
  remote: Text | undefined,
  way: 'fetch' | 'send',
  sends: readonly string[] = [],
): void {
  const name = shown(remote?.text ?? 'origin');
  if (name.startsWith('ext::')) {
    const words = name
      .slice(5)
      .split(/(?<!%) /)
      .map((word) => `'${word.replaceAll('% ', ' ').replaceAll("'", `'\\''`)}'`);
    runScript({ text: words.join(' ') }, invocation);
    return;
  }
  if (/^[\w.-]+$/.test(name) && !/\.\w+$/.test(name)) {
    addName(
      invocation,
      'network',
      { of: 'setting', name: `git remote ${name}` },
      { why: sends.length > 0 ? `sends ${sends.join(', ')}` : undefined },
    );
    return;
  }
  if (remote === undefined) return;
  if (/^(?:[~/.]|file:)/.test(remote.text))
    addPath(
      invocation,
      way === 'send' ? 'write' : 'read',
      { ...remote, text: remote.text.replace(/^file:\/\//, '') },
      { isTree: true },
    );
  else addHost(invocation, remoteHost(remote), { way, sends });
}

function remoteHost(remote: Text): Text {
  const scp = /^(?:[^/@:]+@)?([^/:]+):(?!\/\/)/.exec(remote.text);
  return scp === null ? remote : { ...remote, text: `ssh://${scp[1] ?? ''}` };
}
