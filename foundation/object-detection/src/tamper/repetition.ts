import { createPrintMemory } from './print-memory.ts';
import { createSameLag } from './same-lag.ts';

/** Whether pictures come again that a living camera cannot have taken twice: noise makes each one different. */
export type Repetition = {
  /** `alike`: when pictures were seen, a second ago or more, that have this one's noise. */
  see(print: number, atMs: number, alike?: readonly number[]): 'frozen' | 'replayed' | undefined;
};

/** Ten minutes at five pictures a second. */
const mostPrints = 3000;
const frozenAfterMs = 2000;
const frozenAfterPictures = 5;
/** A sender that is quicker than its camera sends some pictures twice: longer runs than are usual are needed. */
const overUsualRun = 3;
/** A camera without noise, such as a drawn test picture, repeats itself anyhow. */
const mostUsualRepeats = 0.5;
const learnPictures = 10;
/** Different pictures by which it is settled how often a camera repeats itself. */
const learnFor = 200;
/** What is seen again sooner may be a sender's hiccup. */
const leastLagMs = 1000;
const toleranceMs = 250;
/** Eight by their noise, of which few are looked at. Without noise the same picture may come by chance: more are needed. */
const leastAlike = 8;
const leastSame = 16;
/** A loop of a few pictures: so many in a row that all were there before, at a camera whose first ones were all new. */
const shortLoop = { pictures: 24, different: 4, firstPictures: 40 } as const;

/**
 * Frozen: one picture again and again, longer than this camera ever did. Replayed: of the last 48 pictures eight, known by
 * their noise, or sixteen that are the same to the pixel, come the same while after they came before; or nothing comes
 * but a few.
 */
export function createRepetition(): Repetition {
  const prints = createPrintMemory(mostPrints);
  const alikeLag = createSameLag({ least: leastAlike, tolerance: toleranceMs });
  const sameLag = createSameLag({ least: leastSame, tolerance: toleranceMs });
  let index = 0;
  let last: number | undefined;
  let run = 1;
  let runSinceMs = 0;
  let usualRun = 1;
  let repeats = 0;
  let isLiving = true;
  let again: number[] = [];

  return {
    see(print, atMs, alike = []) {
      if (print === last) {
        run += 1;
        const isUsual = repeats / Math.max(1, repeats + index) > mostUsualRepeats;
        const isLong = run >= Math.max(frozenAfterPictures, usualRun * overUsualRun);
        const isFrozen = index > learnPictures && !isUsual && isLong && atMs - runSinceMs >= frozenAfterMs;
        return isFrozen ? 'frozen' : undefined;
      }
      // Slowly forgotten: what was usual once may be what somebody did to the camera.
      usualRun = Math.max(1, usualRun * 0.999, Math.min(run, frozenAfterPictures));
      // What lasts still says nothing about what is usual; at most as much as a slow camera would repeat.
      if (index <= learnFor) repeats += Math.min(run - 1, frozenAfterPictures);
      last = print;
      run = 1;
      runSinceMs = atMs;
      index += 1;
      const same = prints.see(print, atMs);
      const isAlike = alikeLag.see(print, atMs, alike);
      const isSame = sameLag.see(
        print,
        atMs,
        same.filter((eachMs) => atMs - eachMs >= leastLagMs),
      );
      return isAlike || isSame || isShortLoop(print, same.length > 0) ? 'replayed' : undefined;
    },
  };

  function isShortLoop(print: number, wasThere: boolean): boolean {
    if (index <= shortLoop.firstPictures && wasThere) isLiving = false;
    again = wasThere ? [...again.slice(1 - shortLoop.pictures), print] : [];
    return isLiving && again.length === shortLoop.pictures && new Set(again).size >= shortLoop.different;
  }
}
