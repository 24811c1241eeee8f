import type { Session, Standing } from './session.ts';

/** Asks again and again where the server stands towards this phone, while nothing else would tell. */
export type StandingWatch = {
  /** At once, then every `everyMs`, slower the longer it goes on; in place of what went on. */
  start(pace: 'waiting' | 'ready'): void;
  stop(): void;
};

/** Somebody looks at both screens in the first minutes. */
const waitingMs = [2000, 2000, 2000, 3000, 5000, 10_000] as const;
const askedOfEach = 15;
const readyMs = 60_000;

export function createStandingWatch(needs: {
  readonly session: () => Session | undefined;
  readonly after: (ms: number, work: () => void) => () => void;
  readonly onStanding: (standing: Standing) => void;
}): StandingWatch {
  let cancel = (): void => undefined;
  let round = 0;

  async function ask(mine: number, asked: number, pace: 'waiting' | 'ready'): Promise<void> {
    const standing = (await needs.session()?.standing()) ?? { kind: 'unreachable' };
    if (mine !== round) return;
    const next = pace === 'ready' ? readyMs : (waitingMs[Math.floor(asked / askedOfEach)] ?? waitingMs[5]);
    cancel = needs.after(next, () => void ask(mine, asked + 1, pace));
    needs.onStanding(standing);
  }

  const stop = (): void => {
    round += 1;
    cancel();
  };

  return {
    start(pace) {
      stop();
      void ask(round, 0, pace);
    },
    stop,
  };
}
