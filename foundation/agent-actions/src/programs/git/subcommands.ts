import { addHost, addName, addPath } from '../../run/effects.ts';
import type { Invocation } from '../../run/run.ts';
import { isKnown, known, shown, unknown } from '../../run/text.ts';
import type { Text, Value } from '../../run/text.ts';
import { runScript } from '../apply-rule.ts';
import { readArguments } from '../arguments.ts';
import { addGitPatches } from '../patches.ts';
import { addFilesOfCommits, filesPutBack, isPatchRead, wordsBehind } from './named-files.ts';
import { addRemote, remoteHost } from './remotes.ts';
import { addSetting, configureGit } from './settings.ts';

/** What a subcommand does with its arguments; gives what it prints. */
export function runSubcommand(invocation: Invocation, name: string, given: readonly Text[]): Value {
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
    else if (role === 'name' && (option === '--config' || name === 'clone')) addSetting(invocation, text);
  }
  // `push -u origin`: -u takes no value there.
  const operands = name === 'push' ? given.filter(({ text }) => !text.startsWith('-')) : read.operands;
  switch (name) {
    case 'config':
      return configureGit(invocation, read.operands, read.flags);
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
      if (operands[0]?.text === 'add') addRemote(invocation, operands[1], 'fetch');
      break;
    case 'bisect':
      if (operands[0]?.text === 'run') invocation.run.command(wordsBehind(given, 'run'), invocation);
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
