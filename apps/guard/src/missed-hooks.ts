import { appendFileSync, mkdirSync, readFileSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { hashedName } from './hashed-name.ts';
import { postHook } from './post-hook.ts';
import type { RunCredential } from './run-credential.ts';
import { stateFolder } from './state-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A question that nobody could be asked. */
export type MissedHook = { readonly atMs: number; readonly tool: string; readonly went: boolean };

/** More than this of one run is told as so much. */
const maxBytes = 16 * 1024;
const maxTold = 100;
const longestTool = 200;
const waitMs = 5000;
/** As versions before this one called it; with the number of the process that was telling it. */
const earlier = /^[\da-f]{32}\.missed(?:\.(\d{1,10}))?$/;
/** No run lasts longer. */
const longestRunMs = 25 * 60 * 60_000;

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
    const { atMs, tool, went } = missed;
    const line = `${JSON.stringify({ at_ms: atMs, tool: tool.slice(0, longestTool), went })}\n`;
    try {
      append(folder, file, line);
    } catch {
      // Whoever told what was there took the folder away in the same moment.
      append(folder, file, line);
    }
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
  adopt(folder, file);
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
    const hooks = lines.slice(0, maxTold).flatMap(hookIn);
    const { status } = await postHook({
      url: new URL('/v1/agent/outages', credential.server),
      token: credential.token,
      hook: Buffer.from(JSON.stringify({ hooks })),
      waitMs,
      ...(ca === undefined ? {} : { ca }),
    });
    // What it does not understand, or whom it does not know, it will not know later either.
    if (status < 500) told(folder, taken);
    else putBack(folder, taken, file);
  } catch {
    putBack(folder, taken, file);
  }
}

/**
 * What a version before this one kept of this run, beside the runs: told from now on as all else is. Of a run that has been over for long
 * nobody can be told, and what was kept of it goes. Never throws.
 */
export async function takeOverMissed(environment: Environment, credential: RunCredential): Promise<void> {
  const [runs, folder] = [stateFolder(environment, 'agent-runs'), stateFolder(environment, 'agent-missed')];
  if (runs === undefined || folder === undefined) return;
  try {
    const found = readdirSync(runs).filter((name) => earlier.test(name));
    if (found.length === 0) return;
    const own = await fileIn(folder, credential);
    for (const name of found) {
      const [before, pid] = [join(runs, name), Number(earlier.exec(name)?.[1] ?? 0)];
      if (pid > 0 && isRunning(pid)) continue;
      if (name.startsWith(basename(own))) putBack(folder, before, own);
      else if (Date.now() - statSync(before).mtimeMs > longestRunMs) rmSync(before, { force: true });
    }
  } catch {
    // It waits for the next time.
  }
}

function append(folder: string, file: string, lines: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > maxBytes) return;
  // On a line of its own, whatever half a one stands before it.
  appendFileSync(file, `\n${lines}`, { mode: 0o600 });
}

/** What a hook that was killed had taken, and told nobody of. */
function adopt(folder: string, file: string): void {
  const begin = `${basename(file)}.`;
  for (const name of readdirSync(folder)) {
    const pid = name.startsWith(begin) ? Number(name.slice(begin.length)) : 0;
    if (Number.isSafeInteger(pid) && pid > 0 && !isRunning(pid)) putBack(folder, join(folder, name), file);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** None where a line was cut off: those beside it are told all the same. */
function hookIn(line: string): readonly unknown[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}

/** Behind what other hooks of the run noted meanwhile. */
function putBack(folder: string, taken: string, file: string): void {
  try {
    append(folder, file, readFileSync(taken, 'utf8'));
    rmSync(taken);
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
