/** Calls that went unasked: the server knows nothing of what they brought. */
type UnaskedCalls = {
  /** Throws where there is no room: what cannot be remembered may not go. */
  add(callId: string): void;
  has(callId: string): boolean;
  /** Whether it was there. */
  delete(callId: string): boolean;
};

/** Longer than any call or task takes: what is older was taken back before anything came of it. */
const keptMs = 25 * 60 * 60_000;
const most = 10_000;

export function createUnaskedCalls(nowMs: () => number): UnaskedCalls {
  /** When each went, the first first. */
  const calls = new Map<string, number>();
  return {
    add(callId) {
      const now = nowMs();
      for (const [id, atMs] of calls) {
        if (now - atMs < keptMs) break;
        calls.delete(id);
      }
      if (calls.size >= most) throw new Error(`${most} calls went unasked already`);
      calls.set(callId, now);
    },
    has: (callId) => calls.has(callId),
    delete: (callId) => calls.delete(callId),
  };
}
