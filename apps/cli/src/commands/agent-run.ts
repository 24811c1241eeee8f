import { messageOf } from '@sallyport/platform/errors';
import { resolve } from 'node:path';
import { ProgramEnded, runProgram } from '../agent/run-program.ts';
import { harnessOfProgram, workspaceFacts } from '../agent/workspace-facts.ts';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { field, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { plainText } from '../terminal.ts';
import { jsonBody, withClient, type ConnectionOptions } from './connection.ts';

export type AgentRunOptions = ConnectionOptions & { name?: string; harness?: string; unattended?: true };

/** Several times before it would be over. */
const renewEveryMs = 4 * 60_000;

/**
 * Runs an agent as one of ours: its hooks find the credential of this run in the environment, and it ends with the program. Never returns:
 * throws `ProgramEnded` with the program's own code.
 */
export async function runAgent(command: readonly string[], options: AgentRunOptions, needs: CliNeeds): Promise<void> {
  const [file] = command;
  if (file === undefined)
    throw new CliError('usage', 'Cannot run an agent: must name its program', {
      hint: 'sallyport agent run -- claude',
    });
  await withClient(options, needs, async (client) => {
    const harness = options.harness ?? harnessOfProgram(file);
    const facts = workspaceFacts(process.cwd());
    const isAttended = options.unattended !== true && process.stdin.isTTY;
    const begun = await client.json({
      method: 'POST',
      path: '/v1/agent/sessions',
      signal: needs.signal,
      ...jsonBody({ agent: options.name ?? `${harness} on ${facts.host}`, harness, ...facts, attended: isAttended }),
    });
    const token = textField(begun, 'token');
    const session = field(begun, 'session');
    const id = session === undefined ? undefined : textField(session, 'id');
    const agent = field(begun, 'agent');
    if (token === undefined || id === undefined || agent === undefined)
      throw new CliError('server_answer', 'Cannot read the answer: it holds no session');
    needs.stderr.write(
      `Sallyport watches this run: session ${plainText(id)}, policies "${plainText(textField(agent, 'pack') ?? '')}". ` +
        `Hooks: sallyport agent setup ${plainText(harness)}\n`,
    );
    const code = await withRenewal(client, id, needs, () =>
      runProgram(command, {
        SALLYPORT_AGENT_TOKEN: token,
        SALLYPORT_AGENT_SESSION: id,
        SALLYPORT_AGENT_SERVER: client.urlOf('').replace(/\/$/, ''),
        ...caOf(options, needs),
      }),
    );
    throw new ProgramEnded(code);
  });
}

/** While the program runs the run is kept alive; after it, ended. That neither fails the program. */
async function withRenewal(
  client: ApiClient,
  id: string,
  needs: CliNeeds,
  work: () => Promise<number>,
): Promise<number> {
  const over = new AbortController();
  const one = `/v1/agent/sessions/${encodeURIComponent(id)}`;
  const renewing = (async (): Promise<void> => {
    while (!over.signal.aborted) {
      await needs.wait(renewEveryMs, over.signal);
      try {
        const answer = await client.json({
          method: 'POST',
          path: `${one}/renew`,
          signal: over.signal,
          ...jsonBody({}),
        });
        if (numberField(answer, 'quiet_until_ms') === undefined) return;
      } catch (error) {
        // Once more later: hooks are a sign of life of their own.
        if (error instanceof CliError && error.code === 'access_denied') return;
      }
    }
  })().catch(() => undefined);
  try {
    return await work();
  } finally {
    over.abort();
    await renewing;
    await client
      .text({ method: 'POST', path: `${one}/end`, signal: AbortSignal.timeout(10_000), ...jsonBody({}) })
      .catch((error: unknown) =>
        needs.stderr.write(`Cannot end session ${plainText(id)}: ${plainText(messageOf(error))}; it ends by itself\n`),
      );
  }
}

function caOf(options: ConnectionOptions, { configuration }: CliNeeds): Readonly<Record<string, string>> {
  const file = options.ca ?? configuration.connection().caFile;
  return file === undefined ? {} : { SALLYPORT_AGENT_CA: resolve(file) };
}
