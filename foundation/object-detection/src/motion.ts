import type { GreyPicture } from './grey.ts';

export type MotionGate = {
  /** Share of the picture that differs from what usually is there, 0 to 1. The first picture of a size is all new: 1. */
  see(picture: GreyPicture, atMs: number): number;
};

/** What a pixel may differ by without counting, above three times its own noise. */
const leastDifference = 10;
const firstNoise = 4;
/** How long until something that stands still belongs to the background. */
const settleMs = 8000;

/**
 * Compares small pictures (80 × 60 is plenty) with a background that follows slowly, each pixel with a noise of its
 * own: rain, leaves and a flickering lamp raise theirs and count no more. A change of light alone is taken out first.
 */
export function createMotionGate(): MotionGate {
  let background = new Float32Array(0);
  let noise = new Float32Array(0);
  let size = '';
  let lastMs = 0;

  return {
    see({ width, height, pixels }, atMs) {
      if (size !== `${width}x${height}`) {
        size = `${width}x${height}`;
        background = Float32Array.from(pixels);
        noise = new Float32Array(pixels.length).fill(firstNoise);
        lastMs = atMs;
        return 1;
      }
      const share = 1 - Math.exp(-Math.max(0, Math.min(atMs - lastMs, 2000)) / settleMs);
      lastMs = atMs;
      const lighter = medianDifference(pixels, background);
      let changed = 0;
      for (let at = 0; at < pixels.length; at += 1) {
        const usual = background[at] ?? 0;
        const spread = noise[at] ?? firstNoise;
        const difference = (pixels[at] ?? 0) - usual;
        const distance = Math.abs(difference - lighter);
        if (distance > leastDifference + 3 * spread) changed += 1;
        background[at] = usual + difference * share;
        noise[at] = spread + (Math.min(distance, 30) - spread) * share * 0.5;
      }
      return changed / pixels.length;
    },
  };
}

/** Of every seventh pixel, whole grey levels. */
function medianDifference(pixels: Uint8Array, background: Float32Array): number {
  const counts = new Uint16Array(511);
  let total = 0;
  for (let at = 0; at < pixels.length; at += 7) {
    const level = Math.round((pixels[at] ?? 0) - (background[at] ?? 0)) + 255;
    counts[level] = (counts[level] ?? 0) + 1;
    total += 1;
  }
  let passed = 0;
  for (let level = 0; level < counts.length; level += 1) {
    passed += counts[level] ?? 0;
    if (passed * 2 >= total) return level - 255;
  }
  return 0;
}
