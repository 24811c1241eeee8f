const bytesPerMs = 32;
/** Later or earlier than this by what arrived, it begins anew. */
const maxDriftMs = 300;

/**
 * When the first sample of each piece of sound was heard, for pieces that follow each other without a gap and arrive as the
 * network lets them: they stand in a row, moved only when the arrival says otherwise by more than a little.
 */
export function createSoundClock(): (pcm: Uint8Array, arrivedMs: number) => number {
  let nextMs = Number.NEGATIVE_INFINITY;
  return (pcm, arrivedMs) => {
    const lengthMs = pcm.length / bytesPerMs;
    const latestMs = arrivedMs - lengthMs;
    const startMs = Math.abs(latestMs - nextMs) > maxDriftMs ? latestMs : Math.min(nextMs, latestMs);
    nextMs = startMs + lengthMs;
    return startMs;
  };
}
