import { createTokenBucket } from '@sallyport/platform/token-bucket';
import type { TamperKind } from '../perception/perceived.ts';
import { createByteReplay } from './byte-replay.ts';
import type { CameraNotice, CameraStanding, OfflineWhy } from './camera-notice.ts';
import { createConnectionWatch } from './connection-watch.ts';
import { createPresence } from './presence.ts';
import type { Moment } from './presence.ts';
import { createTamperWatch } from './tamper-watch.ts';
import type { WatchedPicture } from './watching-needs.ts';
import type { WatchPlan } from './zone.ts';

/** What is told of one camera: what appears in it, what is done to it, whether it sends. */
export type CameraWatcher = {
  /** A picture came. One that was sent before is told by its bytes, whether perception looks at it or not. */
  hear(jpeg: Uint8Array, at: Moment): CameraNotice[];
  /** Perception looked at one. */
  see(picture: WatchedPicture, plan: WatchPlan, at: Moment): CameraNotice[];
  /** What it shows now is its view: somebody said so. */
  acceptView(): CameraNotice[];
  /** What is done to it by the newest picture that was not clear, while that is told. */
  newestSign(): TamperKind | undefined;
  /** Nothing is told of it, and it sends nothing it has sent before. */
  isClear(): boolean;
  depart(why: Exclude<OfflineWhy, 'silent'>, at: Moment): CameraNotice[];
  /** Time goes by. */
  pass(at: Moment): CameraNotice[];
  /** Nobody listened for so long. */
  excuse(byMs: number): void;
  standing(): CameraStanding;
};

/** Tampering told: so many at once, then one in thirty seconds. */
const tamperRate = { perSecond: 1 / 30, burst: 10 } as const;
/** Coming and going, as of a bad network: so many at once, then one in two minutes. */
const offlineRate = { perSecond: 1 / 120, burst: 10 } as const;

const replayed = { kind: 'replayed', score: 0.95 } as const;

export function createCameraWatcher(input: {
  readonly kept: CameraStanding;
  readonly at: Moment;
  readonly othersLive: () => number;
}): CameraWatcher {
  const { kept, at: start } = input;
  const tampers = createTokenBucket(tamperRate, start.monotonicMs);
  const offlines = createTokenBucket(offlineRate, start.monotonicMs);
  const presence = createPresence({ sightings: kept.sightings, nextId: kept.nextId, at: start });
  const tamper = createTamperWatch({ open: kept.tamper, mayTell: ({ monotonicMs }) => tampers.take(monotonicMs, 1) });
  const replay = createByteReplay();
  const connection = createConnectionWatch({
    kept: kept.connection,
    at: start,
    othersLive: input.othersLive,
    mayTell: ({ monotonicMs }) => offlines.take(monotonicMs, 1),
  });

  /** Who stood in the picture of a camera that sends no more is gone from sight first. */
  function ended(notices: readonly CameraNotice[], at: Moment): CameraNotice[] {
    return notices.some(({ event }) => event === 'camera.offline') ? [...presence.end(at), ...notices] : [...notices];
  }

  return {
    hear: (jpeg, at) => [
      ...connection.hear(at),
      ...(replay.hear(jpeg, at.monotonicMs) ? tamper.see(replayed, at) : []),
    ],
    see: ({ objects, tamper: sign, looked }, plan, at) => [
      ...tamper.see(sign ?? (replay.isReplaying() ? replayed : undefined), at),
      ...presence.see({ objects, isNew: looked }, plan, at),
    ],
    acceptView() {
      replay.forget();
      return tamper.accept();
    },
    isClear: () => tamper.open() === undefined && !replay.isReplaying(),
    newestSign: () => tamper.newest(),
    depart: (why, at) => ended(connection.depart(why, at), at),
    pass: (at) => [...presence.pass(at), ...ended(connection.pass(at), at)],
    excuse: (byMs) => connection.excuse(byMs),
    standing() {
      const open = tamper.open();
      return {
        connection: connection.state(),
        ...(open === undefined ? {} : { tamper: open }),
        sightings: presence.told(),
        nextId: presence.nextId(),
      };
    },
  };
}
