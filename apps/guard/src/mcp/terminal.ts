/** A person at a terminal; whoever has none can look, and not decide. */
export type Terminal = {
  readonly isThere: boolean;
  /** Rejects once `signal` is aborted. */
  ask(question: string, signal?: AbortSignal): Promise<string>;
};

export const ownTerminal: Terminal = {
  isThere: process.stdin.isTTY && process.stdout.isTTY,
  async ask(question, signal) {
    // Loaded here: hooks start this program too, and need none of it.
    const { createInterface } = await import('node:readline/promises');
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    try {
      return await lines.question(question, signal === undefined ? {} : { signal });
    } finally {
      lines.close();
    }
  },
};
