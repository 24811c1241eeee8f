/** Whether pictures come again that a living camera cannot have taken twice: noise makes each one different. */
export type Repetition = {
  see(print: number, atMs: number): 'frozen' | 'replayed' | undefined;
};

type Seen = { readonly index: number };

/** Ten minutes at ten pictures a second. */
const mostPrints = 6000;
const frozenAfterMs = 2000;
const frozenAfterPictures = 5;
/** A sender that is quicker than its camera sends some pictures twice: longer runs than are usual are needed. */
const overUsualRun = 3;
/** A camera without noise, such as a drawn test picture, repeats itself anyhow. */
const mostUsualRepeats = 0.5;
const learnPictures = 10;
/** Different pictures by which it is settled how often a camera repeats itself. */
const learnFor = 200;
const replayedPictures = 4;

/**
 * Frozen: one picture again and again, longer than this camera ever did. Replayed: a run of different pictures that all
 * were there before, in the same order. A loop of pictures that were compressed anew is not found.
 */
export function createRepetition(): Repetition {
  const prints = new Map<number, Seen>();
  let index = 0;
  let last: number | undefined;
  let run = 1;
  let runSinceMs = 0;
  let usualRun = 1;
  let repeats = 0;
  let matchedIndex = -1;
  let matched = 0;

  return {
    see(print, atMs) {
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
      const before = prints.get(print);
      index += 1;
      if (before === undefined) {
        matched = 0;
        remember(print);
        return undefined;
      }
      matched = before.index > matchedIndex || matched === 0 ? matched + 1 : 1;
      matchedIndex = before.index;
      return matched >= replayedPictures ? 'replayed' : undefined;
    },
  };

  function remember(print: number): void {
    prints.set(print, { index });
    const [oldest] = prints.keys();
    if (prints.size > mostPrints && oldest !== undefined) prints.delete(oldest);
  }
}
