import { appendFileSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hashedName } from './hashed-name.ts';
import { postHook } from './post-hook.ts';
import type { RunCredential } from './run-credential.ts';
import { stateFolder } from './run-credential.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A question that nobody could be asked. */
export type MissedHook = { readonly atMs: number; readonly tool: string; readonly went: boolean };

/** More than this of one run is told as so much. */
const maxBytes = 16 * 1024;
const maxTold = 100;
const longestTool = 200;
const waitMs = 5000;

/** Writes down that a call was asked about in vain; told with the next hook that gets through. Never throws. */
export async function noteMissed(
  environment: Environment,
  credential: RunCredential,
  missed: MissedHook,
): Promise<void> {
  const folder = stateFolder(environment, 'agent-missed');
  if (folder === undefined) return;
  try {
    const file = await fileIn(folder, credential);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > maxBytes) return;
    const { atMs, tool, went } = missed;
    appendFileSync(file, `${JSON.stringify({ at_ms: atMs, tool: tool.slice(0, longestTool), went })}\n`, {
      mode: 0o600,
    });
  } catch {
    // Standard error has said it; there is no other place.
  }
}

/** Tells the server what was asked in vain before, if anything was. Never throws: what cannot be told waits for the next time. */
export async function tellMissed(
  environment: Environment,
  credential: RunCredential,
  ca: string | undefined,
): Promise<void> {
  const folder = stateFolder(environment, 'agent-missed');
  // It is there only while something is to be told: looking for more costs time at every hook.
  if (folder === undefined || statSync(folder, { throwIfNoEntry: false }) === undefined) return;
  const file = await fileIn(folder, credential);
  const taken = `${file}.${process.pid}`;
  try {
    // One of several hooks at once tells.
    renameSync(file, taken);
  } catch {
    return;
  }
  try {
    const lines = readFileSync(taken, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    const hooks = lines.slice(0, maxTold).map((line): unknown => JSON.parse(line));
    const { status } = await postHook({
      url: new URL('/v1/agent/outages', credential.server),
      token: credential.token,
      hook: Buffer.from(JSON.stringify({ hooks })),
      waitMs,
      ...(ca === undefined ? {} : { ca }),
    });
    // What it does not understand, or whom it does not know, it will not know later either.
    if (status < 500) told(folder, taken);
    else renameSync(taken, file);
  } catch {
    putBack(taken, file);
  }
}

function putBack(taken: string, file: string): void {
  try {
    renameSync(taken, file);
  } catch {
    // Nothing more can be done for it here.
  }
}

function told(folder: string, taken: string): void {
  rmSync(taken, { force: true });
  try {
    rmdirSync(folder);
  } catch {
    // Of another run something waits still.
  }
}

/** By the run, whose token nobody can tell from the name. */
async function fileIn(folder: string, { token }: RunCredential): Promise<string> {
  return join(folder, `${await hashedName(token)}.missed`);
}
