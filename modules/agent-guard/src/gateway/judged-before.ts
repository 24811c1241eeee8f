import { createHash } from 'node:crypto';
import { canonicalJson } from '@sallyport/contracts';
import type { HookCall } from '../hooks/hook-message.ts';

/**
 * Calls that the hook of a harness let through a moment ago, so that the gateway they arrive at does not judge them again: the words of
 * the prompt would be used up twice. Each counts once.
 */
export type JudgedBefore = {
  note(sessionId: string, call: HookCall, verdict: 'allow' | 'ask'): void;
  /** What its hook was told; `ask` where the harness had to ask its person, and says by the call that they agreed. */
  take(sessionId: string, call: HookCall): 'allow' | 'ask' | undefined;
  /** What was let through until now has run, or its person said no. */
  forget(sessionId: string): void;
};

/** From a hook to the call is one step of the harness; where a person is asked between them, as long as a person may take. */
const heldMs: Readonly<Record<'allow' | 'ask', number>> = { allow: 60_000, ask: 10 * 60_000 };
type Held = { readonly key: string; readonly verdict: 'allow' | 'ask'; readonly untilMs: number };
const maxPerSession = 100;
const maxSessions = 1000;

export function createJudgedBefore({ nowMs }: { readonly nowMs: () => number }): JudgedBefore {
  const sessions = new Map<string, Held[]>();
  const fresh = (sessionId: string) => (sessions.get(sessionId) ?? []).filter(({ untilMs }) => untilMs > nowMs());
  return {
    note(sessionId, call, verdict) {
      if (call.server === undefined) return;
      const held = fresh(sessionId).slice(-(maxPerSession - 1));
      sessions.delete(sessionId);
      sessions.set(sessionId, [...held, { key: keyOf(call), verdict, untilMs: nowMs() + heldMs[verdict] }]);
      const [oldest] = sessions.keys();
      if (sessions.size > maxSessions && oldest !== undefined) sessions.delete(oldest);
    },
    take(sessionId, call) {
      const held = fresh(sessionId);
      const key = keyOf(call);
      const at = held.findIndex((one) => one.key === key);
      const [found] = at === -1 ? [] : held.splice(at, 1);
      if (found !== undefined) sessions.set(sessionId, held);
      return found?.verdict;
    },
    forget: (sessionId) => void sessions.delete(sessionId),
  };
}

/** Server, tool and arguments, whatever prefix the harness puts before a tool of a server. */
function keyOf({ server, tool, input }: HookCall): string {
  const name = server?.name ?? '';
  const prefixes = [`mcp__${name}__`, `mcp_${name}_`];
  const bare = prefixes.reduce((rest, prefix) => (rest.startsWith(prefix) ? rest.slice(prefix.length) : rest), tool);
  return createHash('sha256')
    .update(canonicalJson([name, bare, input]))
    .digest('base64');
}
