import { messageOf } from '@sallyport/platform/errors';
import { resolve } from 'node:path';
import { beginRun, caFileOf, endRun, serverOf } from '../agent/begin-run.ts';
import type { SettableHarness, SettingsScope } from '../agent/harness-settings.ts';
import { onPath } from '../agent/harness-versions.ts';
import { wrapServers, type McpServers } from '../agent/mcp-servers.ts';
import type { Proof } from '../agent/self-test.ts';
import { serversOfFile, tryServers } from '../agent/try-servers.ts';
import type { ServerOfFile } from '../agent/try-servers.ts';
import { searchPath } from '../config.ts';
import type { ApiClient } from '../http-client.ts';
import type { CliNeeds } from '../needs.ts';
import { plainText, styled } from '../terminal.ts';

const longestAnswer = 1000;

/** What whoever sits here said to putting servers behind the gateway. */
export type WrapConsent = 'yes' | 'no' | 'unasked';

/** Where the guard is that settings name: looked up once, and by us. */
function programOf(guard: string): string | undefined {
  return guard.includes('/') ? resolve(guard) : onPath(guard, searchPath());
}

/**
 * Offers to put MCP servers of a harness behind the gateway: shows what would change, and changes it where whoever sits here says yes, or
 * said so before (`isAgreed`). What cannot be done is said, and stops nothing. Gives what they answered.
 */
export async function offerGateway(
  servers: McpServers,
  {
    guard,
    isWritten,
    isAgreed,
    isTried,
  }: {
    readonly guard: string;
    readonly isWritten: boolean;
    readonly isAgreed: boolean;
    /** They are started afterwards. */
    readonly isTried: boolean;
  },
  needs: CliNeeds,
): Promise<WrapConsent> {
  const { stdout, stderr, signal } = needs;
  const file = plainText(servers.file);
  const count = `${servers.names.length} MCP ${servers.names.length === 1 ? 'server' : 'servers'}`;
  if (servers.whyNot !== undefined) {
    stderr.write(`${count} in ${file}: not offered to go through the gateway, ${servers.whyNot}\n`);
    return 'unasked';
  }
  try {
    const program = programOf(guard);
    if (program === undefined) throw new Error(`"${guard}" must be on the search path, or be named by its whole path`);
    const asked = { file: servers.file, guard, program, signal };
    const { lines, changes } = await wrapServers({ ...asked, isWritten: false });
    stderr.write(
      `${count} in ${file}, and what the gateway in front of ${servers.names.length === 1 ? 'it' : 'them'} changes:\n`,
    );
    for (const line of lines.filter((one) => /^(?:[-+] | {2})/.test(one))) {
      const style = line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : 'dim';
      stdout.write(`${styled(stdout, style, plainText(line))}\n`);
    }
    if (changes === 0) return 'unasked';
    const why =
      'Calls that go through it are judged and recorded whatever the harness does; new servers wait for approval';
    if (!isWritten) {
      stderr.write(`${why}. With --write it is asked, with --write --yes it is done; --no-wrap leaves them out\n`);
      return 'unasked';
    }
    if (isTried && !isAgreed) sayStarted(serversOfFile(servers.file, guard), needs);
    if (
      !isAgreed &&
      !(await saysYes(`${why}.\nPut them behind it${isTried ? ', and start them to try it' : ''}? [y/N] `, needs))
    ) {
      stderr.write('Left as they are; --yes puts them behind it\n');
      return 'no';
    }
    const done = await wrapServers({ ...asked, isWritten: true });
    stderr.write(`${plainText(done.lines.at(-1) ?? '')}\n`);
    return 'yes';
  } catch (error) {
    stderr.write(`${count} in ${file} stay as they are: ${plainText(messageOf(error))}\n`);
    return 'no';
  }
}

/** Whether whoever sits here agrees; where nobody does, they do not. */
async function saysYes(question: string, { stderr, standardInputChunks }: CliNeeds): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  stderr.write(question);
  let said = '';
  for await (const chunk of standardInputChunks()) {
    said += chunk.toString('utf8');
    if (said.includes('\n') || said.length > longestAnswer) break;
  }
  return /^\s*y(?:es)?\s*$/i.test(said.split('\n')[0] ?? '');
}

/**
 * Whether the servers of a file may be started. Those of the person and of the machine may; a project's may be anybody's, and what they
 * start is shown to whoever sits here first, unless they agreed (`--yes`) or were asked a moment ago.
 */
async function mayStart(
  servers: readonly ServerOfFile[],
  { file, scope, consent, isAgreed }: Pick<ServerTrial, 'file' | 'scope' | 'consent' | 'isAgreed'>,
  needs: CliNeeds,
): Promise<boolean> {
  const started = servers.filter(({ way }) => way === 'started');
  if (scope !== 'project' || isAgreed || started.length === 0) return true;
  if (consent !== 'unasked') return consent === 'yes';
  sayStarted(servers, needs);
  return saysYes(`Start what ${plainText(file)} names, to try it? [y/N] `, needs);
}

/** What the gateway in front of each starts. */
function sayStarted(servers: readonly ServerOfFile[], { stderr }: CliNeeds): void {
  for (const { name, way, args } of servers)
    if (way === 'started')
      stderr.write(
        `MCP server ${plainText(name)} is started with: ${plainText(args.slice(args.indexOf('--') + 1).join(' '))}\n`,
      );
}

type ServerTrial = {
  readonly file: string;
  readonly harness: SettableHarness;
  readonly guard: string;
  readonly scope: SettingsScope;
  readonly consent: WrapConsent;
  /** Said before. */
  readonly isAgreed: boolean;
};

/** Each server behind the gateway, started in a run of its own where it may be. */
export async function proveServers(client: ApiClient, trial: ServerTrial, needs: CliNeeds): Promise<readonly Proof[]> {
  const { file, harness, guard } = trial;
  const servers = serversOfFile(file, guard);
  const isAgreed = await mayStart(servers, trial, needs);
  const program = programOf(guard);
  const run = await beginRun(client, needs, { harness, name: `set-up test of ${harness}`, isAttended: false });
  const caFile = caFileOf(client);
  try {
    return await tryServers({
      servers,
      program,
      isAgreed,
      signal: needs.signal,
      environment: {
        SALLYPORT_AGENT_TOKEN: run.token,
        SALLYPORT_AGENT_SESSION: run.id,
        SALLYPORT_AGENT_SERVER: serverOf(client),
        ...(caFile === undefined ? {} : { SALLYPORT_AGENT_CA: caFile }),
      },
    });
  } finally {
    await endRun(client, run, needs);
  }
}
