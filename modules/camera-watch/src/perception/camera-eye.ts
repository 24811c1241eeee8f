import { createMotionGate, createTamperSense, createTracker, shrink, toGrey } from '@sallyport/object-detection';
import type { Detection, RgbPicture, Track } from '@sallyport/object-detection';
import type { Tamper } from './perceived.ts';

/** What is kept of one camera between its frames. */
export type CameraEye = {
  /** Looks for motion and tampering, and has the model look when something moved. One picture at a time. */
  see(picture: RgbPicture, atMs: number, detect: Detect | undefined): Promise<Seen>;
  /** What is usual at this camera, every twenty seconds while all is well; undefined otherwise. */
  news(): Uint8Array | undefined;
  /** The next track's number, to go on from in another process. */
  nextTrack(): number;
};

export type Detect = (picture: RgbPicture) => Promise<readonly Detection[]>;

export type Seen = {
  readonly motion: number;
  readonly looked: boolean;
  readonly tracks: readonly Track[];
  readonly tamper: Tamper | undefined;
  /** It is known what is usual here. */
  readonly learnt: boolean;
};

/** Share of the picture that must move for the model to look: a person of 20 × 50 in 80 × 60 cells of 640 × 480 is 0.3 %. */
const leastMotion = 0.0008;
/** Without motion it looks all the same so often: somebody may stand still since before. */
const lookEveryMs = 2000;
/** After motion it goes on looking: what stops is still there. */
const lookOnMs = 1000;

const rememberEveryMs = 20_000;
/** Frames come late by less. What is further back is of a clock that was set back. */
const setBackMs = 15_000;

export type CameraEyeOptions = {
  readonly firstTrack: number;
  readonly leastScore: number;
  /** What another process had learnt, as it came out of `news`. */
  readonly learnt?: Uint8Array;
  /** Of the pictures it is shown: how fine edges are was learnt in pictures of one size. */
  readonly side: number;
};

export function createCameraEye(options: CameraEyeOptions): CameraEye {
  const gate = createMotionGate();
  const sense = createTamperSense(learntAt(options.side, options.learnt));
  const tracker = createTracker({
    firstTrack: options.firstTrack,
    beginScore: options.leastScore,
    forgetAfterMs: 3000,
  });
  let nowMs = -Infinity;
  let shiftMs = 0;
  let lookedMs = -Infinity;
  let rememberedMs = -Infinity;
  let movedMs = -Infinity;

  return {
    async see(picture, atMs, detect) {
      // What is measured here must neither run backwards nor stand still until a clock is where it was.
      if (atMs + shiftMs < nowMs - setBackMs) shiftMs = nowMs - atMs;
      nowMs = Math.max(nowMs, atMs + shiftMs);
      const at = nowMs;
      const grey = toGrey(picture);
      const motion = gate.see(shrink(grey, 80, 60), at);
      const tamper = sense.see(grey, at);
      const learnt = sense.isLearnt();
      if (motion >= leastMotion) movedMs = at;
      const looked = detect !== undefined && (at - movedMs <= lookOnMs || at - lookedMs >= lookEveryMs);
      if (!looked) return { motion, looked, tracks: tracker.standing(), tamper, learnt };
      const detections = await detect(picture);
      lookedMs = at;
      return { motion, looked, tracks: tracker.follow(detections, at), tamper, learnt };
    },
    news() {
      if (nowMs - rememberedMs < rememberEveryMs) return undefined;
      const learnt = sense.remember();
      if (learnt === undefined) return undefined;
      rememberedMs = nowMs;
      return Buffer.concat([sideBytes(options.side), learnt]);
    },
    nextTrack: () => tracker.next(),
  };
}

function sideBytes(side: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(side);
  return bytes;
}

/** Undefined for what was learnt for a model that looks at pictures of another size. */
function learntAt(side: number, news: Uint8Array | undefined): Uint8Array | undefined {
  return news !== undefined && sideBytes(side).equals(news.subarray(0, 2)) ? news.subarray(2) : undefined;
}
