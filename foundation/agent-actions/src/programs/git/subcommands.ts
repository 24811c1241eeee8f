import { addHost, addName, addPath, addProgram } from '../../run/effects.ts';
import type { Invocation } from '../../run/run.ts';
import { isKnown, known, shown, unknown } from '../../run/text.ts';
import type { Text, Value } from '../../run/text.ts';
import { runScript } from '../start.ts';
import { readArguments } from '../arguments.ts';
import { addGitPatches } from '../patches.ts';
import { addFilesBehind, addFilesOfCommits, filesPutBack, isPatchRead, wordsBehind } from './named-files.ts';
import { addRemote, remoteHost } from './remotes.ts';
import { addSetting, configureGit } from './settings.ts';

/** What a subcommand does with its arguments; gives what it prints. */
export function runSubcommand(invocation: Invocation, name: string, given: readonly Text[]): Value {
  const read = readArguments(
    {
      text: '-m --message -b -B -n -L --author --date --since --until --format --pretty --grep -S -G --depth --branch --origin -s --strategy --max-count --sort --jobs -j --filter --shallow-since',
      write: '-o --output --output-directory',
      read: '-F --file --pathspec-from-file --contents',
      execute: '--template',
      'write-tree': '--directory',
      script:
        '-O -x --exec --upload-pack --receive-pack -u --extcmd --open-files-in-pager --tree-filter --index-filter --msg-filter --env-filter --commit-filter --to-cmd --cc-cmd',
      name: '-c --config',
      'read-tree': '--prefix --reference --reference-if-able --index-output',
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
    else if (role === 'read' && (option === '-F' || /^(?:commit|tag|notes|merge|blame)$/.test(name)))
      addPath(invocation, 'read', text);
    else if (option === '-L' && /^[^:]+:[^:]+$/.test(text.text))
      addPath(invocation, 'read', { ...text, text: text.text.replace(/^[^:]+:/, '') });
    else if (option === '-L' && /^:[\s\S]*:/.test(text.text))
      addPath(invocation, 'read', { ...text, text: text.text.replace(/^[\s\S]*:/, '') });
    else if (role === 'read-tree') addPlace(invocation, name, option ?? '', text);
    else if (role === 'execute' && /^(?:init|clone)$/.test(name))
      addName(
        invocation,
        'configure',
        { of: 'setting', name: `git ${name} --template` },
        { doubt: 'unknown_until_run', why: `takes hooks and settings from "${shown(text.text).slice(0, 100)}"` },
      );
    else if (role === 'name' && (option === '--config' || name === 'clone')) addSetting(invocation, text);
  }
  // `grep -nO/program`: `-n` takes no value there.
  for (const text of name === 'grep' ? given : []) {
    const program = /^-[^-efABCmO]+O([\s\S]*)$/.exec(text.text)?.[1];
    if (program !== undefined)
      runScript(program === '' ? unknown('the pager of git') : { ...text, text: program }, invocation);
  }
  if (given.some(({ text }) => /^--(?:ext-diff|textconv|filters)$/.test(text)))
    addProgram(
      invocation,
      { name: `git ${name}`, classes: ['tool'], arguments: given },
      { doubt: 'project_code', why: 'runs the programs that the settings name for files' },
    );
  // `push -u origin`: -u takes no value there.
  const operands = name === 'push' ? given.filter(({ text }) => !text.startsWith('-')) : read.operands;
  switch (name) {
    case 'config':
      return configureGit(invocation, given);
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
            text: wordsBehind(given, 'foreach')
              .map(({ text }) => text)
              .join(' '),
          },
          invocation,
        );
      if (operands[0]?.text === 'add') {
        addRemote(invocation, operands[1], 'fetch');
        if (operands[2] !== undefined) addPath(invocation, 'write', operands[2], { isTree: true });
      }
      if (operands[0]?.text === 'set-url')
        addName(
          invocation,
          'configure',
          { of: 'setting', name: `git submodule ${shown(operands[1]?.text ?? '')}` },
          { why: `later updates come from "${shown(operands[2]?.text ?? '')}"` },
        );
      break;
    case 'bisect':
      if (operands[0]?.text === 'run') invocation.run.command(wordsBehind(given, 'run'), invocation);
      break;
    case 'send-email':
      addHost(invocation, unknown('the mail server is in the settings'), { way: 'send' });
      break;
    case 'svn':
    case 'p4':
      if (operands[1] === undefined) addName(invocation, 'network', { of: 'setting', name: `git ${name}` });
      else addRemote(invocation, operands[1], 'fetch');
      break;
    case 'rm':
      // `--cached` takes them from what is kept, and leaves the files.
      if (!read.flags.has('--cached')) {
        const isTree = [...read.flags].some((flag) => /^-[a-z]*r/.test(flag));
        for (const text of operands) addPath(invocation, 'delete', text, { isTree });
      }
      break;
    case 'clean':
      if (![...read.flags].some((flag) => /^-[a-z]*n|^--dry-run$/.test(flag)))
        addPath(invocation, 'delete', known('.'), { isTree: true });
      break;
    case 'read-tree':
    case 'checkout-index':
      if ([...read.flags].some((flag) => /^-[a-z]*[uaf]/.test(flag) || flag === '--reset'))
        addPath(invocation, 'write', known('.'), { isTree: true });
      break;
    case 'commit':
      for (const { text } of templatesOf(given)) addPath(invocation, 'read', { text });
      break;
    case 'checkout':
    case 'restore':
      addPath(invocation, 'write', known('.'), { isTree: true });
      for (const text of filesPutBack(name, given, operands)) addPath(invocation, 'write', text);
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
      if (name === 'merge') addStrategy(invocation, given);
      if (name === 'stash') addFilesBehind(invocation, given);
      break;
    case 'log':
    case 'grep':
    case 'whatchanged':
    case 'shortlog':
      addFilesBehind(invocation, given);
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
      addFilesBehind(invocation, given);
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
      if (name === 'diff') addFilesBehind(invocation, given);
      if (name === 'hash-object' && read.flags.has('--stdin-paths'))
        addPath(invocation, 'read', unknown('the files are named by what is piped in'));
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

/** Where a subcommand puts files, or takes another repository's from. */
function addPlace(invocation: Invocation, name: string, option: string, text: Text): void {
  const isRead = option.startsWith('--reference');
  if (isRead || /^(?:read-tree|checkout-index|subtree|archive|clone|submodule)$/.test(name))
    addPath(invocation, isRead ? 'read' : 'write', text, { isTree: true });
}

/** `commit -t file`, `--template=file`. */
function templatesOf(given: readonly Text[]): readonly Text[] {
  return given.flatMap((text, index) => {
    const joined = /^(?:-t|--template=)(.+)$/s.exec(text.text)?.[1];
    if (joined !== undefined) return [{ ...text, text: joined }];
    const next = given[index + 1];
    return /^(?:-t|--template)$/.test(text.text) && next !== undefined ? [next] : [];
  });
}

/** `merge -s name`: one that git does not have is a program, `git-merge-name`. */
function addStrategy(invocation: Invocation, given: readonly Text[]): void {
  for (const [index, { text }] of given.entries()) {
    const strategy = /^-s$|^--strategy$/.test(text)
      ? (given[index + 1]?.text ?? '')
      : /^(?:-s|--strategy=)(\S+)$/.exec(text)?.[1];
    if (strategy === undefined || /^(?:ort|recursive|resolve|octopus|ours|subtree)$/.test(strategy)) continue;
    addProgram(
      invocation,
      { name: `git-merge-${shown(strategy)}`, classes: ['unknown'], arguments: [] },
      { doubt: 'unknown_program', why: 'is a way of merging that git does not have itself' },
    );
  }
}
