import { messageOf } from '@sallyport/platform/errors';
import { beginRun, caFileOf, endRun, serverOf } from '../agent/begin-run.ts';
import type { SettableHarness } from '../agent/harness-settings.ts';
import { wrapServers, type McpServers } from '../agent/mcp-servers.ts';
import type { Proof } from '../agent/self-test.ts';
import { tryServers } from '../agent/try-servers.ts';
import type { ApiClient } from '../http-client.ts';
import type { CliNeeds } from '../needs.ts';
import { plainText, styled } from '../terminal.ts';

const longestAnswer = 1000;

/**
 * Offers to put MCP servers of a harness behind the gateway: shows what would change, and changes it where whoever sits here says yes, or
 * said so before (`isAgreed`). What cannot be done is said, and stops nothing.
 */
export async function offerGateway(
  servers: McpServers,
  { guard, isWritten, isAgreed }: { readonly guard: string; readonly isWritten: boolean; readonly isAgreed: boolean },
  needs: CliNeeds,
): Promise<void> {
  const { stdout, stderr, signal } = needs;
  const file = plainText(servers.file);
  const count = `${servers.names.length} MCP ${servers.names.length === 1 ? 'server' : 'servers'}`;
  if (servers.whyNot !== undefined) {
    stderr.write(`${count} in ${file}: not offered to go through the gateway, ${servers.whyNot}\n`);
    return;
  }
  try {
    const { lines, changes } = await wrapServers({ file: servers.file, guard, isWritten: false, signal });
    stderr.write(
      `${count} in ${file}, and what the gateway in front of ${servers.names.length === 1 ? 'it' : 'them'} changes:\n`,
    );
    for (const line of lines.filter((one) => /^(?:[-+] | {2})/.test(one))) {
      const style = line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : 'dim';
      stdout.write(`${styled(stdout, style, plainText(line))}\n`);
    }
    if (changes === 0) return;
    const why =
      'Calls that go through it are judged and recorded whatever the harness does; new servers wait for approval';
    if (!isWritten) {
      stderr.write(`${why}. With --write it is asked, with --write --yes it is done; --no-wrap leaves them out\n`);
      return;
    }
    if (!isAgreed && !(await saysYes(`${why}.\nPut them behind it? [y/N] `, needs))) {
      stderr.write('Left as they are; --yes puts them behind it\n');
      return;
    }
    const done = await wrapServers({ file: servers.file, guard, isWritten: true, signal });
    stderr.write(`${plainText(done.lines.at(-1) ?? '')}\n`);
  } catch (error) {
    stderr.write(`${count} in ${file} stay as they are: ${plainText(messageOf(error))}\n`);
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

/** Each server behind the gateway, started in a run of its own. */
export async function proveServers(
  client: ApiClient,
  { file, harness, guard }: { readonly file: string; readonly harness: SettableHarness; readonly guard: string },
  needs: CliNeeds,
): Promise<readonly Proof[]> {
  const run = await beginRun(client, needs, { harness, name: `set-up test of ${harness}`, isAttended: false });
  const caFile = caFileOf(client);
  try {
    return await tryServers({
      file,
      guard,
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
