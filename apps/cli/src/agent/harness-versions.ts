import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { environmentWith } from '../config.ts';
import type { SettableHarness } from './harness-settings.ts';

/** A harness as it was found here. */
export type FoundHarness = {
  readonly harness: SettableHarness;
  readonly file: string;
  /** As its program tells it; undefined when it does not within the time. */
  readonly version: string | undefined;
};

/** What a version lets through that later ones do not, and what is done about it. */
export type VersionHole = { readonly fixedIn: string; readonly words: string };

const programs: Readonly<Record<SettableHarness, readonly string[]>> = {
  'claude-code': ['claude'],
  codex: ['codex'],
  'gemini-cli': ['gemini'],
  cursor: ['cursor-agent', 'cursor'],
};
const answerMs = 20_000;
/** Of what a program prints that is asked for its version. */
const maxAnswerBytes = 64 * 1024;

/** The program of a harness on the search path; it is asked for its version. Undefined where there is none. */
export async function findHarness(
  harness: SettableHarness,
  searchPath: string,
  timeoutMs = answerMs,
): Promise<FoundHarness | undefined> {
  for (const name of programs[harness]) {
    const file = onPath(name, searchPath);
    if (file !== undefined) return { harness, file, version: await programVersion(file, timeoutMs) };
  }
  return undefined;
}

/** As a program tells it that is asked for its version; undefined when it does not within the time. */
export async function programVersion(file: string, timeoutMs = answerMs): Promise<string | undefined> {
  return versionIn(await told(file, timeoutMs));
}

/** The first thing in a text that is written as a version. */
export function versionIn(text: string): string | undefined {
  return /(?<![\d.])\d{1,6}\.\d{1,6}\.\d{1,6}(?!\d)/.exec(text)?.[0];
}

/** Whether a version is one, and not older than another; no when either cannot be read. */
export function isAtLeast(version: string | undefined, floor: string): boolean {
  const [have, want] = [version, floor].map((text) => text?.split('.').map(Number));
  if (have?.length !== 3 || want?.length !== 3 || [...have, ...want].some((part) => !Number.isInteger(part)))
    return false;
  for (const [at, part] of have.entries()) {
    const wanted = want[at] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

const httpHooks = '2.1.63';
const failureBlocks = '2.1.295';

const holes: Readonly<Record<SettableHarness, readonly VersionHole[]>> = {
  'claude-code': [
    { fixedIn: httpHooks, words: 'it cannot post its hooks itself: each of them starts sallyport-guard' },
    {
      fixedIn: '2.1.77',
      words: 'where a hook allows, its own managed refusals do not hold: do not judge it by the pack "unattended"',
    },
    {
      fixedIn: '2.1.214',
      words: 'a hook that refuses and says something unreadable lets the call through: the guard says nothing then',
    },
    {
      fixedIn: failureBlocks,
      words:
        'it does not know "onFailure": a hook it posts itself lets the call through when the server answers 401 or 500, is slow, ' +
        'or cannot be reached. Each hook starts sallyport-guard instead, which is a no then',
    },
  ],
  codex: [
    {
      fixedIn: '0.124.0',
      words: 'its hooks are switched off unless its config.toml has features.hooks, and do not see edits and MCP tools',
    },
  ],
  'gemini-cli': [],
  cursor: [],
};

/** What this version has that must be known; of one that nobody knows, everything. */
export function holesOf(harness: SettableHarness, version: string | undefined): readonly VersionHole[] {
  return holes[harness].filter(({ fixedIn }) => !isAtLeast(version, fixedIn));
}

/** Whether Claude Code can post hooks and refuses what it could not ask about. An older one starts the guard for each. */
export function postsHooksSafely(version: string | undefined, { failsOpen }: { readonly failsOpen: boolean }): boolean {
  return isAtLeast(version, failsOpen ? httpHooks : failureBlocks);
}

/** A program by its whole path, so that no other is started in its place. */
export function onPath(name: string, searchPath: string): string | undefined {
  // An entry that is no absolute folder is one that whoever wrote the folder we stand in could fill.
  const folders = searchPath.split(delimiter).filter((folder) => folder.startsWith('/'));
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function told(file: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(
      file,
      ['--version'],
      { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: maxAnswerBytes, env: environmentWith({}) },
      // One that fails may have told before.
      (_error, stdout) => resolve(stdout),
    );
    child.stdin?.end();
  });
}
