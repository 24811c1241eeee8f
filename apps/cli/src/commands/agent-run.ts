import { homedir } from 'node:os';
import { messageOf } from '@sallyport/platform/errors';
import { programVersion } from '../agent/harness-versions.ts';
import { beginRun, caFileOf, serverOf } from '../agent/begin-run.ts';
import { codexArguments, tellsByDefault } from '../agent/harness-telemetry.ts';
import { collectsTelemetry, runEnvironment } from '../agent/run-environment.ts';
import { ProgramEnded, runProgram } from '../agent/run-program.ts';
import { harnessOfProgram } from '../agent/workspace-facts.ts';
import { isInEnvironment } from '../config.ts';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { numberField } from '../json-reading.ts';
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
    const isOwnProgram = harnessOfProgram(file) === harness && harness !== 'other';
    const run = await beginRun(client, needs, {
      harness,
      name: options.name,
      isAttended: options.unattended !== true && process.stdin.isTTY,
      // Of another program that speaks the hooks of a harness, its version says nothing.
      version: isOwnProgram ? await programVersion(file) : undefined,
    });
    needs.stderr.write(
      `Sallyport watches this run: session ${plainText(run.id)}, policies "${plainText(run.pack)}". ` +
        `Hooks: sallyport agent setup ${plainText(harness)}\n`,
    );
    const of = { harness, server: serverOf(client), caFile: caFileOf(client), isSet: isInEnvironment };
    const folders = { home: homedir(), project: process.cwd() };
    const tells = isOwnProgram && !collectsTelemetry(isInEnvironment) && tellsByDefault(harness, folders);
    const more = harness === 'codex' && tells ? codexArguments(of.server, of.caFile, folders) : [];
    const code = await withRenewal(client, run.id, needs, () =>
      runProgram([file, ...more, ...command.slice(1)], runEnvironment(run, { ...of, tells })),
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
