import { closeSync, openSync } from 'node:fs';
import { beginRun, caFileOf, serverOf } from '../agent/begin-run.ts';
import { settableHarnesses } from '../agent/harness-settings.ts';
import { findHarness } from '../agent/harness-versions.ts';
import { searchPath } from '../config.ts';
import type { ApiClient } from '../http-client.ts';
import type { CliNeeds } from '../needs.ts';
import { jsonLine } from '../terminal.ts';
import type { ConnectionOptions } from './connection.ts';

export type AgentBeginOptions = ConnectionOptions & { name?: string; resumed?: true };

/**
 * Begins a run for whoever is signed in and prints its credential, for `sallyport-guard` of an agent that nobody started with
 * `agent run`. Nothing keeps such a run alive but its hooks.
 */
export async function beginForGuard(
  client: ApiClient,
  harness: string,
  options: AgentBeginOptions,
  needs: CliNeeds,
): Promise<void> {
  const { token, telemetryToken, id } = await beginRun(client, needs, {
    harness,
    name: options.name,
    isAttended: hasTerminal(),
    version: await versionHere(harness),
    isResumed: options.resumed === true,
  });
  const caFile = caFileOf(client);
  needs.stdout.write(
    `${jsonLine({
      session: id,
      token,
      ...(telemetryToken === token ? {} : { telemetry: telemetryToken }),
      server: serverOf(client),
      ...(caFile === undefined ? {} : { caFile }),
    })}\n`,
  );
}

/** A hook waits for it. */
const versionMs = 3000;

async function versionHere(harness: string): Promise<string | undefined> {
  const known = settableHarnesses.find((one) => one === harness);
  return known === undefined ? undefined : (await findHarness(known, searchPath(), versionMs))?.version;
}

/** Whether somebody sits at the terminal that we were started from, however our input and output are wired. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
