import type { ActionsOfCall, AgentAction } from '@sallyport/agent-actions';

// What of a call brings nothing from outside the project. A short list on purpose: what is not on it counts as foreign.

/** All it does is known, and stays in the workspace, or runs what the project says. */
export function isOfProject({ actions, refusals }: ActionsOfCall): boolean {
  return refusals.length === 0 && actions.length > 0 && actions.every((action) => isOwn(action) && !isFetching(action));
}

/** Beside the project's code, which is run in the same call, it brings what others wrote. What a build fetches for itself alone is its own. */
export function bringsForeign({ actions, refusals }: ActionsOfCall): boolean {
  const code = actions.filter(({ doubt }) => doubt === 'project_code');
  return refusals.length > 0 || !actions.every(isOwn) || (code.length > 1 && code.some(isFetching));
}

function isOwn({ kind, target, isCertain, doubt }: AgentAction): boolean {
  if (doubt === 'project_code') return true;
  if (!isCertain) return false;
  switch (target.kind) {
    case 'path':
      // What is written somewhere brings nothing; reading it there does. What makes an environment the shell's was made with it.
      if (/\/\.?venv\/bin\/activate(?:\.\w+)?$/.test(target.path) && target.classes.includes('workspace')) return true;
      return (
        kind === 'write' || kind === 'delete' || (target.classes.includes('workspace') && !isInstalled(target.path))
      );
    case 'host':
      return target.classes.includes('loopback') && target.way !== 'listen';
    case 'program':
      return ownPrograms.has(target.name) || isOwnGit(target.name, target.arguments);
    case 'name':
      return isOwnName(kind, target);
    default:
      return false;
  }
}

/** What a package manager put there is what others wrote; what a build made of the project is the project's. */
function isInstalled(path: string): boolean {
  return path.split('/').some((part) => installed.has(part.toLowerCase()));
}

const installed = new Set(
  'node_modules bower_components jspm_packages site-packages dist-packages vendor third_party .venv venv .cargo .yarn .pnpm-store .bundle pods carthage .git'.split(
    ' ',
  ),
);

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** They look at what is there, or change it. What is read and asked of hosts is judged beside them. */
const ownPrograms: ReadonlySet<string> = new Set([
  ...words(`
    [ [[ test true false : . source cd set export unset eval exec type command which basename dirname realpath readlink pwd whoami id hostname
    uname echo printf date sleep seq bc expr env nice nohup time timeout xargs kill pkill pgrep ps lsof jobs wait df du nproc uptime free
    cat head tail less more tac nl wc sort uniq cut tr paste join split shuf fold fmt column rev comm diff cmp tee touch mkdir rmdir rm mv cp
    ln chmod chown stat file tree ls find fd rg grep egrep fgrep sed awk gawk jq yq base64 md5sum sha1sum sha256sum sha512sum shasum cksum xxd
    col bat strace valgrind gdb command
    od hexdump strings tar gzip gunzip zcat bzip2 xz zip unzip sh bash zsh dash node python python3 perl ruby curl wget npm
  `),
  'npm ls',
  'npm list',
  'npm root',
  'npm prefix',
  'npm config',
  'pnpm ls',
  'pnpm list',
  'yarn list',
  'yarn why',
  'pip list',
  'pip freeze',
  'pip3 list',
  'pip3 freeze',
  'bundle exec',
  'npm exec',
  'pnpm exec',
  'yarn exec',
  'poetry run',
  'pdm run',
  'pipenv run',
  'uv run',
  'hatch run',
  'composer exec',
]);

const ownGit = words(`
  status diff log show blame add commit checkout switch stash restore reset rebase merge cherry-pick revert tag bisect grep rev-parse rev-list
  branch ls-files ls-tree cat-file config apply rm mv init describe shortlog reflog merge-base clean worktree push gc fsck show-ref diff-tree
  name-rev check-ignore
`);
/** What came from others stands under the name of where it came from. */
const fromOthers = /(?:^|[\s:^~.+])(?:refs\/remotes|remotes|origin|upstream|fork)\/|@\{u|@\{push|\b[A-Z]*FETCH_HEAD\b/i;
const joining = words('merge rebase cherry-pick');
const telling = words('log shortlog rev-list grep');

function isOwnGit(name: string, given: readonly string[]): boolean {
  const [program, command = ''] = name.split(' ', 2);
  if (program !== 'git') return false;
  if (command === 'remote') return given.every((argument) => argument === '-v' || argument === '--verbose');
  if (!ownGit.has(command)) return false;
  // A branch with a stroke in its name may be anybody's.
  if (joining.has(command) && given.some((argument) => !argument.startsWith('-') && argument.includes('/')))
    return false;
  if (telling.has(command) && given.some((argument) => /^--(?:all|remotes)\b/.test(argument))) return false;
  return command === 'push' || !given.some((argument) => fromOthers.test(argument));
}

/** Tools of harnesses that change the session alone, or tell what was said in it. */
const inner = words(`
  TodoWrite TodoRead AskUserQuestion ExitPlanMode EnterPlanMode BashOutput ToolSearch TaskCreate TaskUpdate TaskGet TaskList Sleep
  SendUserMessage update_plan view_plan request_user_input write_todos ask_user enter_plan_mode exit_plan_mode Bash shell local_shell
  shell_command exec_command run_shell_command
`);

function isOwnName(
  kind: AgentAction['kind'],
  { of, name }: Extract<AgentAction['target'], { readonly kind: 'name' }>,
): boolean {
  switch (of) {
    case 'process':
    case 'variable':
      return true;
    case 'tool':
      return kind === 'other' && inner.has(name);
    case 'setting':
      // What is done with it is the program's: pushing brings nothing, pulling does.
      return kind === 'configure' || name.startsWith('git remote ');
    case 'agent':
      return false;
  }
}

/** The project's list of packages is its own, what is written in them is not. */
function isFetching({ doubt, target }: AgentAction): boolean {
  if (doubt !== 'project_code' || target.kind !== 'program') return false;
  const [program = '', of] = target.name.split(' ', 2);
  const command = of ?? target.arguments.find((argument) => !argument.startsWith('-') && !argument.startsWith('+'));
  return managers.has(program) && (command === undefined ? program === 'yarn' : fetching.has(command));
}

const managers = words(
  'npm pnpm yarn bun pip pip3 pipx uv poetry pdm conda composer bundle gem cargo go deno dotnet mix pod swift stack cabal brew conan vcpkg nix',
);
const fetching = words(`
  ci install i it add in cit clean-install install-test update up upgrade fetch download get mod restore sync require create init dlx vendor
  deps.get deps.update outdated search info lock generate-lockfile cache doc
`);
