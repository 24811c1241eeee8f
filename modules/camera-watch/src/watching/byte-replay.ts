import { createHash } from 'node:crypto';
import { createPrintMemory, createSameLag } from '@sallyport/object-detection';

/** Whether a camera sends bytes again that it has sent before. */
export type ByteReplay = {
  /** Each picture that comes, looked at by perception or not. `atMs` must not go back. */
  hear(jpeg: Uint8Array, atMs: number): boolean;
  /** As of the picture heard last. */
  isReplaying(): boolean;
  /** Whatever was sent before is forgotten. */
  forget(): void;
};

/** Twelve minutes at eight pictures a second, some 400 KiB; a longer loop is not found. */
const mostPictures = 6000;
/** What comes again sooner may be a sender that stumbled. */
const leastLagMs = 1000;
/** A drawn or standing picture that a codec refreshes goes through fewer in a round. */
const leastDifferent = 16;

/**
 * Pictures are known by their hash and not parsed. The same one many times in a row counts once: that is a picture that
 * stands still. Sixteen different ones in the order they came in before, by the clock or by count, are replayed: noise
 * lets no lens give the same bytes twice.
 */
export function createByteReplay(): ByteReplay {
  const start = () => ({
    places: createPrintMemory(mostPictures),
    byClock: createSameLag({ least: leastDifferent, tolerance: 250 }),
    byCount: createSameLag({ least: leastDifferent, tolerance: 3 }),
    timesMs: new Float64Array(mostPictures),
    count: 0,
    last: -1,
    isReplaying: false,
  });
  let state = start();
  return {
    hear(jpeg, atMs) {
      // 48 bits: two of six thousand pictures share them once in ten million cameras.
      const print = createHash('sha256').update(jpeg).digest().readUIntBE(0, 6);
      if (print === state.last) return state.isReplaying;
      const { timesMs, count } = state;
      const timeOf = (place: number): number => timesMs[place % mostPictures] ?? 0;
      const before = state.places.see(print, count).filter((place) => atMs - timeOf(place) >= leastLagMs);
      const byClock = state.byClock.see(print, atMs, before.map(timeOf));
      const byCount = state.byCount.see(print, count, before);
      timesMs[count % mostPictures] = atMs;
      state.last = print;
      state.count += 1;
      state.isReplaying = byClock || byCount;
      return state.isReplaying;
    },
    isReplaying: () => state.isReplaying,
    forget() {
      state = start();
    },
  };
}
