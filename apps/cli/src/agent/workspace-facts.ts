import { execFileSync } from 'node:child_process';
import { homedir, hostname } from 'node:os';
import { basename, isAbsolute } from 'node:path';

/** What is told of where an agent runs: facts for policy and for people. */
export type WorkspaceFacts = {
  readonly workspace: string;
  readonly home: string;
  readonly host: string;
  readonly repository?: string;
  readonly branch?: string;
};

/** Of the folder we stand in; outside a repository, and without git, the folder itself is the workspace. */
export function workspaceFacts(directory: string): WorkspaceFacts {
  const root = git(directory, 'rev-parse', '--show-toplevel');
  const remote = git(directory, 'remote', 'get-url', 'origin');
  const branch = git(directory, 'rev-parse', '--abbrev-ref', 'HEAD');
  const repository = remote === undefined ? undefined : withoutCredentials(remote);
  return {
    workspace: root !== undefined && isAbsolute(root) ? root : directory,
    home: homedir(),
    host: hostname(),
    ...(repository === undefined ? {} : { repository }),
    ...(branch === undefined ? {} : { branch }),
  };
}

/** Names and passwords in the address of a repository are nobody's business. */
function withoutCredentials(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1').slice(0, 1024);
}

const harnessOf: ReadonlyMap<string, string> = new Map([
  ['claude', 'claude-code'],
  ['codex', 'codex'],
  ['gemini', 'gemini-cli'],
  ['cursor', 'cursor'],
  ['cursor-agent', 'cursor'],
]);

/** By the name of the program. */
export function harnessOfProgram(file: string): string {
  return harnessOf.get(basename(file).replace(/\.(?:exe|cmd|mjs|js)$/i, '')) ?? 'other';
}

function git(directory: string, ...args: string[]): string | undefined {
  try {
    // A repository somebody else wrote must not run anything of its own here.
    const said = execFileSync('git', ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', ...args], {
      cwd: directory,
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return said === '' || said.length > 4096 ? undefined : said;
  } catch {
    return undefined;
  }
}
