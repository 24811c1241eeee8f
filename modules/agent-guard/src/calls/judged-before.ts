import { createHash } from 'node:crypto';
import { canonicalJson } from '@sallyport/contracts';
import type { HookCall } from './hook-message.ts';
import type { Pack } from '../sessions/agent.ts';

/** By what a call was judged. Where any of it is another, the answer counts no more. */
export type JudgedBy = {
  readonly pack: Pack;
  /** The organisation's own: another value where others came into force. */
  readonly policies: unknown;
};

export function isSameJudgedBy(one: JudgedBy, other: JudgedBy): boolean {
  return one.pack === other.pack && one.policies === other.policies;
}

/**
 * Calls that the hook of a harness let through a moment ago, so that the gateway they arrive at does not judge them again: the words of
 * the prompt would be used up twice. Each counts once, and only while the run
 * is judged by what it was judged by then.
 */
export type JudgedBefore = {
  note(sessionId: string, call: HookCall, answer: { readonly verdict: 'allow' | 'ask'; readonly by: JudgedBy }): void;
  /** What its hook was told; `ask` where the harness had to ask its person, and says by the call that they agreed. */
  take(sessionId: string, call: HookCall, by: JudgedBy): 'allow' | 'ask' | undefined;
  /** What was let through until now has run, or its person said no. */
  forget(sessionId: string): void;
};

/** From a hook to the call is one step of the harness; where a person is asked between them, as long as a person may take. */
const heldMs: Readonly<Record<'allow' | 'ask', number>> = { allow: 60_000, ask: 10 * 60_000 };
type Held = {
  readonly key: string;
  readonly verdict: 'allow' | 'ask';
  readonly by: JudgedBy;
  readonly untilMs: number;
};
const maxPerSession = 100;
const maxSessions = 1000;

export function createJudgedBefore({ nowMs }: { readonly nowMs: () => number }): JudgedBefore {
  const sessions = new Map<string, Held[]>();
  const fresh = (sessionId: string) => (sessions.get(sessionId) ?? []).filter(({ untilMs }) => untilMs > nowMs());
  return {
    note(sessionId, call, { verdict, by }) {
      if (call.server === undefined) return;
      const held = fresh(sessionId).slice(-(maxPerSession - 1));
      sessions.delete(sessionId);
      sessions.set(sessionId, [...held, { key: keyOf(call), verdict, by, untilMs: nowMs() + heldMs[verdict] }]);
      const [oldest] = sessions.keys();
      if (sessions.size > maxSessions && oldest !== undefined) sessions.delete(oldest);
    },
    take(sessionId, call, by) {
      const known = fresh(sessionId);
      // Gone for good: policies that come back do not bring their answers back.
      const held = known.filter((one) => isSameJudgedBy(one.by, by));
      if (held.length < known.length) sessions.set(sessionId, held);
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
