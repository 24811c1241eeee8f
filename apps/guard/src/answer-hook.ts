import { isNobodyThere } from './nobody-there.ts';
import { noteMissed, takeOverMissed, tellMissed } from './missed-hooks.ts';
import { LostWhileAsked, postHook } from './post-hook.ts';
import { forgetRun, runCredential } from './run-credential.ts';
import type { Conversation } from './run-credential.ts';
import { serverAuthority } from './server-authority.ts';

export type HookAnswer = { readonly stdout: string; readonly stderr: string; readonly exitCode: 0 | 2 };

export const maxHookBytes = 8 * 1024 * 1024;
/** For all of it, unless a person is asked: harnesses let a call through when its hook takes longer than the 20 seconds that its settings give. */
const waitMs = 15_000;
/** Longer a person is not asked, whatever the settings say. */
const longestAskSeconds = 600;

/** Events after which something happens: only they can be refused, and only they need a yes. */
const asking =
  /^(?:PreToolUse|PermissionRequest|UserPromptSubmit|ConfigChange|BeforeTool|BeforeAgent|beforeShellExecution|beforeMCPExecution|beforeReadFile|beforeSubmitPrompt|preToolUse)$/;

const ending = /^[sS]essionEnd$/;

/**
 * The answer to one hook. `args`: the harness, then `--wait SECONDS` where its settings let a person be asked for so long, and `--fail open`
 * where the organisation lets agents go on while nobody is there to be asked. Whatever else goes wrong is a no: exit code 2, with the
 * reason on standard error. Never throws.
 */
export async function answerHook(asked: {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly hook: Buffer;
}): Promise<HookAnswer> {
  const { args, environment, hook } = asked;
  const endMs = steadyMs() + waitMs;
  const [harness = '', ...rest] = args;
  const failsOpen = valueOf(rest, '--fail') === 'open';
  const askSeconds = Number(/^\d{1,4}$/.exec(valueOf(rest, '--wait') ?? '')?.[0] ?? 0);
  const { event, conversation, tool } = eventOf(hook, harness);
  // An event that cannot be read may be one that asks.
  const needsYes = event === undefined || asking.test(event);
  const refuse = (reason: string): HookAnswer =>
    needsYes
      ? { stdout: '', stderr: `Sallyport: ${reason}\n`, exitCode: 2 }
      : { stdout: '{}', stderr: `Sallyport: ${reason}\n`, exitCode: 0 };
  if (!/^[a-z-]{1,20}$/.test(harness)) return refuse('the hook is set up without the name of its harness');
  if (hook.length > maxHookBytes) return refuse('the hook is longer than 8 MiB');
  const unreached = (reason: string): HookAnswer => {
    const words = `the server cannot be asked (${reason})`;
    return failsOpen ? { stdout: '{}', stderr: `Sallyport: ${words}; going on\n`, exitCode: 0 } : refuse(words);
  };
  const run = await runCredential(environment, conversation);
  if (run.kind === 'unreachable') return unreached(run.reason);
  if (run.kind === 'busy') return refuse(run.reason);
  if (run.kind === 'nobody')
    return refuse(
      'this agent was not started with "sallyport agent run -- PROGRAM", and nobody is signed in here with "sallyport login", ' +
        'so nobody knows whose it is',
    );
  const { credential } = run;
  try {
    const { token, server, caFile } = credential;
    const ca = caFile === undefined ? undefined : serverAuthority(caFile);
    if (ca === null) return refuse(`the certificate of the server cannot be read from "${caFile ?? ''}"`);
    // Between calls: looking for it costs time.
    if (tool === event) await takeOverMissed(environment, credential);
    // First: what went ahead unasked may have brought words of others.
    await tellMissed(environment, credential, ca);
    const { status, body } = await postHook({
      url: new URL(`/v1/agent/hooks/${harness}`, server),
      token,
      hook,
      waitMs: Math.max(1000, Math.round(endMs - steadyMs())),
      ...(askSeconds > 0 ? { askMs: Math.min(askSeconds, longestAskSeconds) * 1000 } : {}),
      ...(ca === undefined ? {} : { ca }),
    });
    // The next hook of this conversation begins a run of its own.
    if (status === 401 || ending.test(event ?? '')) await forgetRun(environment, conversation);
    if (status === 200 && isObject(body)) return { stdout: body, stderr: '', exitCode: 0 };
    // An answer is no failure of the way: whom the server does not know is not let through by "--fail open".
    return refuse(`the server answered ${status}${status === 401 ? ', it does not know this run any more' : ''}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // Somebody was there to say no, and did not say yes.
    if (error instanceof LostWhileAsked) return refuse(`the server went away while a person was asked (${reason})`);
    const isGone = isNobodyThere(error);
    if (needsYes)
      await noteMissed(environment, credential, { atMs: Date.now(), tool: tool ?? '', went: failsOpen && isGone });
    return isGone ? unreached(reason) : refuse(`the server did not answer (${reason})`);
  }
}

/** Of a clock that nobody sets. `performance` would be loaded for this alone. */
function steadyMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** As the harness calls it, and of which conversation; nothing for what is no hook. */
function eventOf(
  hook: Buffer,
  harness: string,
): { readonly event?: string; readonly tool?: string; readonly conversation?: Conversation } {
  try {
    const body: unknown = JSON.parse(hook.toString('utf8'));
    const text = (name: string): string | undefined => {
      const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
      return typeof value === 'string' ? value : undefined;
    };
    const event = text('hook_event_name');
    const tool = text('tool_name') ?? event;
    const id = text('session_id') ?? text('conversation_id') ?? '';
    const isNew = (event === 'SessionStart' && text('source') === 'startup') || event === 'sessionStart';
    return {
      ...(event === undefined ? {} : { event }),
      ...(tool === undefined ? {} : { tool }),
      ...(id === '' || id.length > 256 ? {} : { conversation: { harness, id, isNew } }),
    };
  } catch {
    return {};
  }
}

/** What follows the name of an option. */
function valueOf(args: readonly string[], option: string): string | undefined {
  const at = args.indexOf(option);
  return at === -1 ? undefined : args[at + 1];
}

function isObject(text: string): boolean {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && !Array.isArray(body);
  } catch {
    return false;
  }
}
