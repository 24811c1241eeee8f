/** Which calls of a session its hooks asked for, by the harness's own ids of them: what else ran was asked for by nobody. Bounded over all sessions. */
export type AskedCalls = {
  asked(sessionId: string, callId: string): void;
  /** Undefined where not all that were asked for are remembered. */
  wasAsked(sessionId: string, callId: string): boolean | undefined;
};

export type AskedCallsLimits = { readonly ofSession: number; readonly ofAll: number };

/** Of a few dozen bytes each. */
const defaultLimits: AskedCallsLimits = { ofSession: 10_000, ofAll: 200_000 };

export function createAskedCalls(limits: AskedCallsLimits = defaultLimits): AskedCalls {
  /** The one that asked last stands last. */
  const asked = new Map<string, Set<string>>();
  let held = 0;
  /** Those of some session were let go: of one that is not here, nobody knows whether it was among them. */
  let isPartial = false;
  return {
    asked(sessionId, callId) {
      const calls = asked.get(sessionId) ?? new Set();
      asked.delete(sessionId);
      asked.set(sessionId, calls);
      if (callId === '' || calls.has(callId) || calls.size >= limits.ofSession) return;
      calls.add(callId);
      held += 1;
      for (const [id, others] of asked) {
        if (held <= limits.ofAll || id === sessionId) break;
        asked.delete(id);
        held -= others.size;
        isPartial = true;
      }
    },
    wasAsked(sessionId, callId) {
      const calls = asked.get(sessionId);
      if (calls === undefined) return isPartial ? undefined : false;
      return calls.has(callId) ? true : calls.size < limits.ofSession ? false : undefined;
    },
  };
}
