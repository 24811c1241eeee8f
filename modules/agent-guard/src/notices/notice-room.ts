import type { StandingSession } from '../sessions/agent-sessions.ts';

/**
 * How much mail leaves within an hour: for one person, for all, and of either at most half of what other askers left for questions of one,
 * so that however many ask and ask, alone or together, there is room for who comes after them. Whoever had none of it yet has some even
 * where it is full: one message to a person, ten to all. Counted before it is sent.
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
  alwaysPerson,
  always,
}: {
  readonly clock: { monotonicMs(): number };
  readonly perPersonHour: number;
  readonly perHour: number;
  /** What each asker has whatever others took. */
  readonly alwaysPerson: number;
  readonly always: number;
}): NoticeRoom {
  /** Oldest first. */
  let sent: readonly Sent[] = [];

  const hasRoom = (some: readonly Sent[], asker: string, most: number, least: number): boolean => {
    const own = some.filter(({ askers }) => askers.has(asker)).length;
    return own < least || (some.length < most && own < (most - (some.length - own)) / 2);
  };

  /** Whether one more of this asker may leave once those are over that left before. */
  const isFree = (within: readonly Sent[], userId: string, asker: string): boolean =>
    hasRoom(within, asker, perHour, always) &&
    hasRoom(
      within.filter((one) => one.userId === userId),
      asker,
      perPersonHour,
      alwaysPerson,
    );

  /** How many must be over. There is only more room with each. */
  function untilFree(userId: string, asker: string): number {
    let [from, to] = [0, sent.length];
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      if (isFree(sent.slice(middle), userId, asker)) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  return {
    fromMs(userId, askers) {
      const nowMs = clock.monotonicMs();
      sent = sent.filter(({ atMs }) => nowMs - atMs < hourMs);
      const over = Math.min(...[...askers].map((asker) => untilFree(userId, asker)));
      const last = over === 0 ? undefined : sent[over - 1];
      return last === undefined ? 0 : last.atMs + hourMs;
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
