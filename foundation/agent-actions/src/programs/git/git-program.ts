import { placePath } from '../../paths/resolve-path.ts';
import { addName, addPath, addProgram } from '../../run/effects.ts';
import type { Invocation } from '../../run/run.ts';
import { forked } from '../../run/state.ts';
import { known, shown } from '../../run/text.ts';
import type { Text, Value } from '../../run/text.ts';
import { readArguments } from '../arguments.ts';
import { isInProject } from '../project-programs.ts';
import { addSetting } from './settings.ts';
import { runSubcommand } from './subcommands.ts';

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
    if (role === 'name') addSetting(invocation, text);
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
  return runSubcommand(invocation, name, rest);
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
