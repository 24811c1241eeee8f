import { createSummed } from '@sallyport/platform/summed';
import type { Gate } from './gate.ts';

type Rate = Parameters<Gate['reached']>[0]['rate'];

/** Tells that calls came faster than they may: at once at first, and as a sum every ten minutes while it goes on, and at the end. */
export type ReachedRates = {
  /** One was refused; `of`: what was called too often. */
  refused(rate: Rate, of: string): void;
  /** Whatever was not told yet. */
  end(): Promise<void>;
};

const everyMs = 10 * 60_000;
const lookMs = 60_000;
const longestOf = 256;

export function createReachedRates({
  gate,
  nowMs,
  say,
}: {
  readonly gate: Pick<Gate, 'reached'>;
  readonly nowMs: () => number;
  readonly say: (line: string) => void;
}): ReachedRates {
  const summed = createSummed<Rate>({ everyMs, nowMs });
  let looking: NodeJS.Timeout | undefined;

  async function tell(rate: Rate, refused: number, of?: string): Promise<void> {
    const isTold = await gate.reached({ rate, refused, ...(of === undefined ? {} : { of: of.slice(0, longestOf) }) });
    if (!isTold) summed.back(rate, rate, refused);
  }
  const quietly = (told: Promise<void>): void =>
    void told.catch((error: unknown) => say(`that a rate was reached cannot be told: ${String(error)}`));
  const tellDue = async (which?: 'all'): Promise<void> =>
    void (await Promise.all(summed.due(which).map(({ of, count }) => tell(of, count))));

  return {
    refused(rate, of) {
      looking ??= setInterval(() => quietly(tellDue()), lookMs).unref();
      const now = summed.came(rate, rate, 1);
      if (now === undefined) return;
      say(`calls come faster than they may (${of.slice(0, 100)}); what is refused from now on is told as a sum`);
      quietly(tell(rate, now, of));
    },
    async end() {
      clearInterval(looking);
      await tellDue('all');
    },
  };
}
