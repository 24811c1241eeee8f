import { readFileSync } from 'node:fs';
import { postHook } from './post-hook.ts';

export type HookAnswer = { readonly stdout: string; readonly stderr: string; readonly exitCode: 0 | 2 };

const maxHookBytes = 8 * 1024 * 1024;
/** A hook is in the way of somebody who waits. */
const waitMs = 15_000;

/** Events after which something happens: only they can be refused, and only they need a yes. */
const asking =
  /^(?:PreToolUse|PermissionRequest|UserPromptSubmit|ConfigChange|BeforeTool|BeforeAgent|beforeShellExecution|beforeMCPExecution|beforeReadFile|beforeSubmitPrompt|preToolUse)$/;

/**
 * The answer to one hook. `args`: the harness, then `--fail open` where the organisation lets agents go on while the server cannot be
 * asked. Otherwise whatever goes wrong is a no: exit code 2, with the reason on standard error. Never throws.
 */
export async function answerHook(asked: {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly hook: Buffer;
}): Promise<HookAnswer> {
  const { args, environment, hook } = asked;
  const [harness = '', ...rest] = args;
  const failsOpen = rest[0] === '--fail' && rest[1] === 'open';
  const event = eventOf(hook);
  // An event that cannot be read may be one that asks.
  const needsYes = event === undefined || asking.test(event);
  const refuse = (reason: string): HookAnswer =>
    needsYes
      ? { stdout: '', stderr: `Sallyport: ${reason}\n`, exitCode: 2 }
      : { stdout: '{}', stderr: `Sallyport: ${reason}\n`, exitCode: 0 };
  const token = environment['SALLYPORT_AGENT_TOKEN'];
  const server = environment['SALLYPORT_AGENT_SERVER'];
  if (token === undefined || server === undefined || token === '' || server === '')
    return refuse('this agent was not started with "sallyport agent run -- PROGRAM", so nobody knows whose it is');
  if (!/^[a-z-]{1,20}$/.test(harness)) return refuse('the hook is set up without the name of its harness');
  if (hook.length > maxHookBytes) return refuse('the hook is longer than 8 MiB');
  try {
    const caFile = environment['SALLYPORT_AGENT_CA'];
    const { status, body } = await postHook({
      url: new URL(`/v1/agent/hooks/${harness}`, server),
      token,
      hook,
      waitMs,
      ...(caFile === undefined || caFile === '' ? {} : { ca: readFileSync(caFile, 'utf8') }),
    });
    if (status === 200 && isObject(body)) return { stdout: body, stderr: '', exitCode: 0 };
    // An answer is no failure of the way: whom the server does not know is not let through by "--fail open".
    return refuse(`the server answered ${status}${status === 401 ? ', it does not know this run any more' : ''}`);
  } catch (error) {
    const reason = `the server cannot be asked (${error instanceof Error ? error.message : String(error)})`;
    if (failsOpen) return { stdout: '{}', stderr: `Sallyport: ${reason}; going on\n`, exitCode: 0 };
    return refuse(reason);
  }
}

/** As the harness calls it; undefined for what is no hook. */
function eventOf(hook: Buffer): string | undefined {
  try {
    const body: unknown = JSON.parse(hook.toString('utf8'));
    const name: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'hook_event_name') : undefined;
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}

function isObject(text: string): boolean {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && !Array.isArray(body);
  } catch {
    return false;
  }
}
