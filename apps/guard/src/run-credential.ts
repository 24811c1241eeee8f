import type { ExecFileException } from 'node:child_process';
import {
  mkdirSync,
  openSync,
  readFileSync,
  closeSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { hashedName } from './hashed-name.ts';
import { stateFolder } from './state-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What speaks for a run: its token, and the server that knows it. */
export type RunCredential = { readonly token: string; readonly server: string; readonly caFile?: string };

/** Whose run it is; or why nobody knows: nobody is signed in here, or their server cannot be asked. */
export type RunKnown =
  | { readonly kind: 'known'; readonly credential: RunCredential }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'busy'; readonly reason: string };

/** A conversation of a harness, by its own id. */
export type Conversation = { readonly harness: string; readonly id: string; readonly isNew: boolean };

/** The server lets go of a run that nothing was heard of for a quarter of an hour. */
const goodForMs = 14 * 60_000;
/** A command line that signs in anew asks its server twice. What is left of the time of a hook is for the hook. */
const beginMs = 8000;
const maxBytes = 64 * 1024;
/** Of a command line whose server does not answer. */
const unreachableExitCode = 3;

/**
 * Of the run this hook belongs to: what `sallyport agent run` put into the environment, else what was begun for the same conversation
 * before, else a run begun now for whoever is signed in with the command line. Never throws.
 */
export async function runCredential(
  environment: Environment,
  conversation: Conversation | undefined,
): Promise<RunKnown> {
  const given = credentialIn({
    token: environment['SALLYPORT_AGENT_TOKEN'],
    server: environment['SALLYPORT_AGENT_SERVER'],
    caFile: environment['SALLYPORT_AGENT_CA'],
  });
  if (given !== undefined) return { kind: 'known', credential: given };
  const file = conversation === undefined ? undefined : await stateFile(environment, conversation);
  if (conversation === undefined || file === undefined) return nobody;
  try {
    const found = kept(file);
    return found === undefined ? await begun(file, environment, conversation) : { kind: 'known', credential: found };
  } catch {
    // A place that cannot be written or read holds nobody's word.
    return nobody;
  }
}

const nobody: RunKnown = { kind: 'nobody' };

/** The run is over, or nobody knows it any more. Never throws. */
export async function forgetRun(environment: Environment, conversation: Conversation | undefined): Promise<void> {
  const file = conversation === undefined ? undefined : await stateFile(environment, conversation);
  if (file === undefined || statSync(file, { throwIfNoEntry: false }) === undefined) return;
  try {
    // It stays, as a sign that there was one: what begins after it has not seen everything.
    writeFileSync(file, '{}', { mode: 0o600 });
  } catch {
    // It cannot be used for long.
  }
}

/** One of several hooks at once begins; the others wait for what it was given. */
async function begun(file: string, environment: Environment, conversation: Conversation): Promise<RunKnown> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const lock = `${file}.lock`;
  if (!isFirst(lock)) {
    const { setTimeout: delay } = await import('node:timers/promises');
    const endMs = Date.now() + beginMs;
    while (Date.now() < endMs) {
      await delay(50);
      const found = kept(file);
      if (found !== undefined) return { kind: 'known', credential: found };
    }
    return { kind: 'busy', reason: 'another hook began a run and has no answer yet' };
  }
  try {
    const wasThere = statSync(file, { throwIfNoEntry: false }) !== undefined;
    const { text, exitCode } = await askCommandLine(environment, conversation, {
      isResumed: wasThere || !conversation.isNew,
    });
    if (exitCode === unreachableExitCode) return { kind: 'unreachable', reason: 'no run of this agent can be begun' };
    const credential = credentialOf(text);
    if (credential === undefined) return nobody;
    await keepForTelemetry(environment, conversation, { text, server: credential.server });
    writeFileSync(`${file}.new`, JSON.stringify(credential), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return { kind: 'known', credential };
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Claude Code asks for it when it tells what its model takes; the others cannot. */
async function keepForTelemetry(
  environment: Environment,
  { harness }: Conversation,
  { text, server }: { readonly text: string; readonly server: string },
): Promise<void> {
  const token: unknown = Reflect.get(Object(JSON.parse(text)), 'telemetry');
  if (harness !== 'claude-code' || typeof token !== 'string') return;
  const { keepTelemetry } = await import('./telemetry-headers.ts');
  await keepTelemetry(environment, harness, { token, server });
}

/** A lock that was left behind is nobody's. */
function isFirst(lock: string): boolean {
  const left = statSync(lock, { throwIfNoEntry: false });
  if (left !== undefined && Date.now() - left.mtimeMs > beginMs * 2) rmSync(lock, { force: true });
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch {
    return false;
  }
}

/** As long as the server may still know it; each use is a sign of life. */
function kept(file: string): RunCredential | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined || found.size > maxBytes || Date.now() - found.mtimeMs > goodForMs) return undefined;
  // What others could have written speaks for nobody.
  if ((found.mode & 0o077) !== 0 || (process.getuid !== undefined && found.uid !== process.getuid())) return undefined;
  const credential = credentialOf(readFileSync(file, 'utf8'));
  const now = new Date();
  utimesSync(file, now, now);
  return credential;
}

async function askCommandLine(
  environment: Environment,
  { harness }: Conversation,
  { isResumed }: { readonly isResumed: boolean },
): Promise<{ readonly text: string; readonly exitCode: number }> {
  const program = (environment['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, 'sallyport'))
    .find((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
  if (program === undefined) return { text: '', exitCode: 127 };
  // Loaded only here: it costs time at every hook otherwise.
  const { execFile } = await import('node:child_process');
  const args = ['agent', 'begin', harness, ...(isResumed ? ['--resumed'] : [])];
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { timeout: beginMs, killSignal: 'SIGKILL', maxBuffer: maxBytes, env: { ...environment } },
      (error, stdout) => resolve({ text: error === null ? stdout : '', exitCode: exitCodeOf(error) }),
    );
    child.stdin?.end();
  });
}

function exitCodeOf(error: ExecFileException | null): number {
  if (error === null) return 0;
  // One that was ended because it took too long waited for its server.
  return typeof error.code === 'number' ? error.code : unreachableExitCode;
}

function credentialOf(text: string): RunCredential | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    return credentialIn({
      token: Reflect.get(value, 'token'),
      server: Reflect.get(value, 'server'),
      caFile: Reflect.get(value, 'caFile'),
    });
  } catch {
    return undefined;
  }
}

function credentialIn(of: {
  readonly token: unknown;
  readonly server: unknown;
  readonly caFile: unknown;
}): RunCredential | undefined {
  const { token, server, caFile } = of;
  if (typeof token !== 'string' || typeof server !== 'string' || token === '' || server === '') return undefined;
  return { token, server, ...(typeof caFile === 'string' && caFile !== '' ? { caFile } : {}) };
}

async function stateFile(environment: Environment, { harness, id }: Conversation): Promise<string | undefined> {
  const folder = stateFolder(environment, 'agent-runs');
  // Whatever a harness calls its conversation, it is the name of one file here; most call it in signs that any name can have.
  const name = /^[\da-f-]{16,64}$/.test(id) ? `${harness}.${id}` : await hashedName(`${harness}\0${id}`);
  return folder === undefined ? undefined : join(folder, `${name}.json`);
}
