import type { JsonObject } from '@sallyport/contracts';
import type { Harness } from '../sessions/agent.ts';
import { claudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import { cursor } from './cursor.ts';
import { geminiCli } from './gemini-cli.ts';
import type { Dialect } from '../calls/hook-message.ts';

/** Whoever is none of them speaks as Claude Code does, which most have taken over. */
export const dialects: Readonly<Record<Harness, Dialect>> = {
  'claude-code': claudeCode,
  codex,
  'gemini-cli': geminiCli,
  cursor,
  other: claudeCode,
};

/** A no in the words of the harness, also where the question was not understood. */
export function refusalIn(harness: Harness, body: JsonObject, reason: string): JsonObject {
  const name = body['hook_event_name'];
  const outcome = { verdict: 'deny', reason, isOver: false, canAsk: false, grants: false } as const;
  return dialects[harness].answer(typeof name === 'string' ? name : '', outcome);
}
