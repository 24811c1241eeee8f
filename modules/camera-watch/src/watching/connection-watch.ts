import type { CameraNotice, CameraStanding, OfflineWhy } from './camera-notice.ts';
import type { Moment } from './presence.ts';

/**
 * Whether one camera sends. Silence is told once, and only for time in which this server listened. How often a camera may
 * come and go is bounded, goodbyes included: one that may not be told is told when the camera stays away until it may.
 */
export type ConnectionWatch = {
  /** A picture came. */
  hear(at: Moment): CameraNotice[];
  /** It said that it would stop, or somebody took its rights. */
  depart(why: Exclude<OfflineWhy, 'silent'>, at: Moment): CameraNotice[];
  pass(at: Moment): CameraNotice[];
  /** This server did not listen for so long. */
  excuse(byMs: number): void;
  state(): CameraStanding['connection'];
};

const limits = {
  /** And five times as long as its pictures are apart. */
  silentAfterMs: 10_000,
  silentAfterAtMostMs: 120_000,
  /** After this server was away, cameras need time to find it again. */
  afterStartMs: 60_000,
} as const;

export function createConnectionWatch(input: {
  readonly kept: CameraStanding['connection'];
  readonly at: Moment;
  readonly othersLive: () => number;
  /** Asked once for each silence and goodbye; one that may not be told is told when it goes on until it may. */
  readonly mayTell: (at: Moment) => boolean;
}): ConnectionWatch {
  let state = input.kept;
  let lastMonotonicMs = input.at.monotonicMs + limits.afterStartMs;
  let lastFrameMs = input.at.wallMs;
  let hasHeard = false;
  /** How far pictures are apart, the last ones more than those before. */
  let apartMs = 0;
  let isGoodbyeHeldBack = false;

  function offline(isAnnounced: boolean, why: OfflineWhy): CameraNotice[] {
    state = 'offline';
    isGoodbyeHeldBack = false;
    return [{ event: 'camera.offline', isAnnounced, why, lastFrameMs, othersLive: input.othersLive() }];
  }

  return {
    hear(at) {
      if (hasHeard && state === 'live') {
        const passedMs = Math.min(limits.silentAfterAtMostMs, Math.max(0, at.monotonicMs - lastMonotonicMs));
        apartMs += (passedMs - apartMs) / 8;
      }
      hasHeard = true;
      isGoodbyeHeldBack = false;
      lastMonotonicMs = at.monotonicMs;
      lastFrameMs = at.wallMs;
      if (state === 'live') return [];
      state = 'live';
      apartMs = 0;
      return [{ event: 'camera.connected' }];
    },
    depart(why, at) {
      if (state !== 'live') return [];
      isGoodbyeHeldBack = why === 'said_goodbye' && !input.mayTell(at);
      return isGoodbyeHeldBack ? [] : offline(true, why);
    },
    pass(at) {
      if (state !== 'live') return [];
      if (isGoodbyeHeldBack) return input.mayTell(at) ? offline(true, 'said_goodbye') : [];
      const allowedMs = Math.min(limits.silentAfterAtMostMs, Math.max(limits.silentAfterMs, 5 * apartMs));
      const isSilent = at.monotonicMs - lastMonotonicMs > allowedMs;
      return isSilent && input.mayTell(at) ? offline(false, 'silent') : [];
    },
    excuse(byMs) {
      lastMonotonicMs += byMs;
    },
    state: () => state,
  };
}
