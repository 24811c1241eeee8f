/**
 * Brings sound from the rate of the microphone to 16,000 samples of 16 bits a second: each sample is the mean of those it
 * stands for, which keeps what lies above from folding back loudly enough for speech and alarms.
 */
export type Resampler = {
  /** Samples from −1 to 1; what falls between two output samples waits for the next call. */
  add(samples: Float32Array): Int16Array;
};

export const soundRate = 16_000;

/** Throws a `RangeError` for a rate that cannot be: under 8,000 or over 384,000. */
export function createResampler(rate: number): Resampler {
  if (!(rate >= 8000 && rate <= 384_000)) throw new RangeError(`Cannot resample from ${rate} samples a second`);
  const step = rate / soundRate;
  /** How much of the next output sample is still to come, in input samples. */
  let missing = step;
  let sum = 0;
  return {
    add(samples) {
      const out: number[] = [];
      for (const sample of samples) {
        let left = 1;
        while (left >= missing) {
          out.push(toInt16((sum + sample * missing) / step));
          left -= missing;
          missing = step;
          sum = 0;
        }
        sum += sample * left;
        missing -= left;
      }
      return Int16Array.from(out);
    },
  };
}

function toInt16(value: number): number {
  return Math.round(Math.max(-1, Math.min(1, value)) * 32_767);
}
