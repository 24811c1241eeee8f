import type { JsonObject } from '@sallyport/contracts';
import { spawn } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { environmentWith } from '../config.ts';
import { field, parseJson, textField } from '../json-reading.ts';
import { readBoundedFileSync } from '../regular-file.ts';
import type { SettableHarness } from './harness-settings.ts';
import { filledHeaders } from './hook-in-settings.ts';
import type { HookInSettings } from './hook-in-settings.ts';

/** What a harness makes of what came back. `failed`: nothing it understands, so it goes by its own rules for that. */
export type HookAnswer =
  | { readonly kind: 'passed' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

const maxAnswerBytes = 1024 * 1024;
const maxReason = 300;

/** Gives a hook what the harness would give it, on the way it would, and reads the answer as it would. Never rejects. */
export async function tryHook(
  hook: HookInSettings,
  tried: {
    readonly harness: SettableHarness;
    readonly body: JsonObject;
    readonly environment: Readonly<Record<string, string>>;
    readonly caFile: string | undefined;
  },
): Promise<HookAnswer> {
  try {
    return hook.kind === 'command' ? await byCommand(hook, tried) : await byPost(hook, tried);
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Error ? error.message.slice(0, maxReason) : 'it did not answer' };
  }
}

type Tried = Parameters<typeof tryHook>[1];

function byCommand(hook: Extract<HookInSettings, { kind: 'command' }>, tried: Tried): Promise<HookAnswer> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', hook.command], {
      env: environmentWith(tried.environment),
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: hook.timeoutMs,
      killSignal: 'SIGKILL',
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (said[name].length < maxAnswerBytes) said[name] += text;
      });
    child.on('error', reject);
    // One that ends without reading has its reasons.
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify(tried.body));
    child.on('close', (code) => {
      if (code === 0) resolve(answerIn(tried.harness, said.stdout));
      else if (code === 2 && said.stderr.trim() !== '') resolve({ kind: 'refused', reason: lastLine(said.stderr) });
      else resolve({ kind: 'failed', reason: `it ended with ${code ?? 'a signal'}: ${lastLine(said.stderr)}` });
    });
  });
}

function byPost(hook: Extract<HookInSettings, { kind: 'http' }>, tried: Tried): Promise<HookAnswer> {
  const url = new URL(hook.url);
  const body = Buffer.from(JSON.stringify(tried.body));
  return new Promise((resolve, reject) => {
    const sent = (url.protocol === 'https:' ? httpsRequest : httpRequest)(
      url,
      {
        method: 'POST',
        headers: {
          ...filledHeaders(hook, tried.environment),
          'content-type': 'application/json',
          'content-length': body.length,
        },
        signal: AbortSignal.timeout(hook.timeoutMs),
        // Whatever the environment says: what is given here is a credential.
        rejectUnauthorized: true,
        ...(tried.caFile === undefined ? {} : { ca: readCa(tried.caFile) }),
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          if (text.length < maxAnswerBytes) text += part;
        });
        answer.on('error', reject);
        answer.on('end', () => {
          const status = answer.statusCode ?? 0;
          resolve(
            status >= 200 && status < 300
              ? answerIn(tried.harness, text)
              : { kind: 'failed', reason: `the server answered ${status}` },
          );
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** What the harness would believe in. Throws where it is no certificate: Node would go on with none of its own, and say nothing of the file. */
function readCa(file: string): string {
  const text = readBoundedFileSync(file, maxAnswerBytes).toString('utf8');
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new Error(`Cannot use "${file}": must hold certificates in PEM`);
  return text;
}

/** In the words of the harness. */
function answerIn(harness: SettableHarness, text: string): HookAnswer {
  const answer = parseJson(text);
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    return { kind: 'failed', reason: 'the answer is no JSON object' };
  const specific = field(answer, 'hookSpecificOutput');
  const [decision, reason] =
    harness === 'cursor'
      ? [textField(answer, 'permission'), textField(answer, 'user_message')]
      : harness === 'gemini-cli'
        ? [textField(answer, 'decision'), textField(answer, 'reason')]
        : [textField(specific, 'permissionDecision'), textField(specific, 'permissionDecisionReason')];
  const isRefused = decision === 'deny' || field(answer, 'continue') === false;
  return isRefused ? { kind: 'refused', reason: (reason ?? '').slice(0, maxReason) } : { kind: 'passed' };
}

function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').slice(0, maxReason);
}
