/** Which calls of a session its hooks asked for, by the harness's own ids of them: what else ran was asked for by nobody. */
export type AskedCalls = {
  asked(sessionId: string, callId: string): void;
  /** Undefined where so many were asked for that not all are remembered. */
  wasAsked(sessionId: string, callId: string): boolean | undefined;
  forget(sessionId: string): void;
};

/** Of the calls of one session more are not remembered. */
const maxAsked = 10_000;

export function createAskedCalls(): AskedCalls {
  const asked = new Map<string, Set<string>>();
  return {
    asked(sessionId, callId) {
      const calls = asked.get(sessionId) ?? new Set();
      asked.set(sessionId, calls);
      if (callId !== '' && calls.size < maxAsked) calls.add(callId);
    },
    wasAsked(sessionId, callId) {
      const calls = asked.get(sessionId) ?? new Set();
      return calls.has(callId) ? true : calls.size < maxAsked ? false : undefined;
    },
    forget: (sessionId) => void asked.delete(sessionId),
  };
}
