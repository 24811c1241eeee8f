import { clampBox } from './box.ts';
import type { Detection } from './box.ts';

/**
 * Reads the output of an SSD with its decoder in the graph: `scores` [1, anchors, classes] and `boxes`
 * [1, anchors, 1, 4] as top, left, bottom, right from 0 to 1. `labels` by class from 0; a class without one is passed
 * over. Throws `RangeError` when the two do not belong together.
 */
export function decodeSsd(
  scores: Float32Array,
  boxes: Float32Array,
  options: { readonly labels: readonly (string | undefined)[]; readonly least: number },
): Detection[] {
  const { labels, least } = options;
  const anchors = boxes.length / 4;
  if (!Number.isInteger(anchors) || anchors === 0 || scores.length !== anchors * labels.length) {
    throw new RangeError(
      `Cannot read output: ${scores.length} scores and ${boxes.length} box values, must be ${labels.length} and 4 an anchor`,
    );
  }
  const found: Detection[] = [];
  for (let anchor = 0; anchor < anchors; anchor += 1) {
    let best = -1;
    let score = least;
    for (let at = 0; at < labels.length; at += 1) {
      const value = scores[anchor * labels.length + at] ?? 0;
      if (value >= score && labels[at] !== undefined) {
        score = value;
        best = at;
      }
    }
    const label = labels[best];
    if (label === undefined) continue;
    const [top = 0, left = 0, bottom = 0, right = 0] = boxes.subarray(anchor * 4, anchor * 4 + 4);
    const box = clampBox([left, top, right - left, bottom - top]);
    if (box !== undefined) found.push({ label, score: Math.min(1, score), box });
  }
  return found;
}
