/** Resolves when it is the turn of a call of this session, with what ends that turn: nobody else has one before. */
export type FairTurns = (sessionId: string) => Promise<() => void>;

/**
 * Turns at judging, one session after the other and within each in order: many calls of one do not hold up those of others. Between two
 * turns the process sees to everything else, so that who was judged is answered while others wait. Nobody waits where nobody is before them.
 */
export function createFairTurns(): FairTurns {
  /** The session whose turn was longest ago stands first. */
  const waiting = new Map<string, (() => void)[]>();
  let isTaken = false;

  const give = (): void => {
    const [first] = waiting;
    if (first === undefined) {
      isTaken = false;
      return;
    }
    const [sessionId, calls] = first;
    const begin = calls.shift();
    waiting.delete(sessionId);
    if (calls.length > 0) waiting.set(sessionId, calls);
    begin?.();
  };

  /** Once each: who ended their turn twice would end that of another. */
  const endOfTurn = (): (() => void) => {
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      setImmediate(give);
    };
  };

  return async (sessionId) => {
    if (!isTaken) {
      isTaken = true;
      return endOfTurn();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const calls = waiting.get(sessionId);
    if (calls === undefined) waiting.set(sessionId, [resolve]);
    else calls.push(resolve);
    await promise;
    return endOfTurn();
  };
}
