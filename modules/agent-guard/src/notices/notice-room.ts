import type { StandingSession } from '../sessions/agent-sessions.ts';

/**
 * How much mail leaves within an hour: for one person, for all, and for questions of one asker half of either at most, so that whoever
 * asks and asks leaves room for what others ask. Counted before it is sent.
 */
export type NoticeRoom = {
  /** When one may leave, by the monotonic clock: in the past where it may now. One asker with room is enough. */
  fromMs(userId: string, askers: ReadonlySet<string>): number;
  /** It left. To be given back where it could not even be tried. */
  take(userId: string, askers: ReadonlySet<string>): () => void;
};

type Sent = { readonly userId: string; readonly askers: ReadonlySet<string>; readonly atMs: number };

const hourMs = 3_600_000;

export function createNoticeRoom({
  clock,
  perPersonHour,
  perHour,
}: {
  readonly clock: { monotonicMs(): number };
  readonly perPersonHour: number;
  readonly perHour: number;
}): NoticeRoom {
  /** Oldest first. */
  let sent: readonly Sent[] = [];

  /** When fewer than `most` of these are within the hour. */
  const freeFrom = (some: readonly Sent[], most: number): number => {
    const last = some.at(-most);
    return last === undefined ? 0 : last.atMs + hourMs;
  };

  return {
    fromMs(userId, askers) {
      const nowMs = clock.monotonicMs();
      sent = sent.filter(({ atMs }) => nowMs - atMs < hourMs);
      const own = sent.filter((one) => one.userId === userId);
      const ofAskers = [...askers].map((asker) =>
        Math.max(
          freeFrom(
            sent.filter((one) => one.askers.has(asker)),
            perHour / 2,
          ),
          freeFrom(
            own.filter((one) => one.askers.has(asker)),
            perPersonHour / 2,
          ),
        ),
      );
      return Math.max(freeFrom(sent, perHour), freeFrom(own, perPersonHour), Math.min(...ofAskers));
    },

    take(userId, askers) {
      const one = { userId, askers, atMs: clock.monotonicMs() };
      sent = [...sent, one];
      return () => {
        sent = sent.filter((other) => other !== one);
      };
    },
  };
}

/** Who asks: the person behind it, whatever accounts and keys they ask as; else what it runs as. */
export function askerOf({ person, session }: Pick<StandingSession, 'person' | 'session'>): string {
  return person === undefined ? `${session.owner.kind}/${session.owner.id}` : `user/${person}`;
}
