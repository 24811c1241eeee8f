import type { GreyPicture } from '../grey.ts';

/** Plain figures of one picture, and of the change since the one before. */
export type PictureMeasures = {
  /** Mean grey level. */
  readonly brightness: number;
  /** Share of pixels that are white. */
  readonly white: number;
  /** Standard deviation of the noise from picture to picture, in grey levels; undefined for the first picture. */
  readonly noise: number | undefined;
};

/** Compression leaves little of it at 255. */
const whiteLevel = 240;

export function measurePicture({ pixels }: GreyPicture, before: GreyPicture | undefined): PictureMeasures {
  let sum = 0;
  let white = 0;
  for (const level of pixels) {
    sum += level;
    if (level >= whiteLevel) white += 1;
  }
  const noise =
    before === undefined || before.pixels.length !== pixels.length ? undefined : noiseBetween(pixels, before.pixels);
  return { brightness: sum / pixels.length, white: white / pixels.length, noise };
}

/** By the median of differences, which what moves does not touch; between whole levels it is interpolated. */
function noiseBetween(pixels: Uint8Array, before: Uint8Array): number {
  const counts = new Uint32Array(256);
  for (let at = 0; at < pixels.length; at += 1) {
    const difference = Math.abs((pixels[at] ?? 0) - (before[at] ?? 0));
    counts[difference] = (counts[difference] ?? 0) + 1;
  }
  const half = pixels.length / 2;
  let passed = 0;
  for (let level = 0; level < 256; level += 1) {
    const here = counts[level] ?? 0;
    if (passed + here >= half) {
      const median = level === 0 ? (0.5 * (half - passed)) / here : level - 0.5 + (half - passed) / here;
      return (median * 1.4826) / Math.SQRT2;
    }
    passed += here;
  }
  return 0;
}

/** A number that two different pictures practically never share: 53 bits (cyrb53). No defence against who seeks collisions. */
export function fingerprint({ pixels }: GreyPicture): number {
  let one = 0xdeadbeef;
  let two = 0x41c6ce57;
  const words = Math.floor(pixels.length / 4);
  for (let at = 0, from = 0; at < words; at += 1, from += 4) {
    const word =
      (pixels[from] ?? 0) |
      ((pixels[from + 1] ?? 0) << 8) |
      ((pixels[from + 2] ?? 0) << 16) |
      ((pixels[from + 3] ?? 0) << 24);
    one = Math.imul(one ^ word, 2654435761);
    two = Math.imul(two ^ word, 1597334677);
    one ^= one >>> 15;
    two ^= two >>> 13;
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(two ^ (two >>> 13), 3266489909);
  two = Math.imul(two ^ (two >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return 4294967296 * (2097151 & two) + (one >>> 0);
}
