import type { Detection } from './box.ts';
import { unletterbox } from './letterbox.ts';

/** Cells of the three grids, by their size in pixels (YOLOX, arXiv 2107.08430, section 2). */
const strides = [8, 16, 32] as const;
const boxValues = 5;

export type YoloxShape = { readonly side: number; readonly labels: readonly string[] };

/** Values in the raw output of YOLOX: for each cell of each grid a box (4), objectness (1) and one score a label. */
export function yoloxOutputLength({ side, labels }: YoloxShape): number {
  const cells = strides.reduce((sum, stride) => sum + (side / stride) ** 2, 0);
  return cells * (boxValues + labels.length);
}

/**
 * Reads the raw output `[1, cells, 5 + labels]` of a YOLOX exported without its decoder. Score is objectness times
 * label. Throws `RangeError` when the output has another length: it is of another model. Numbers that make no box
 * are passed over.
 */
export function decodeYolox(
  output: Float32Array,
  shape: YoloxShape,
  options: { readonly picture: { readonly width: number; readonly height: number }; readonly least: number },
): Detection[] {
  const { side, labels } = shape;
  const values = boxValues + labels.length;
  if (output.length !== yoloxOutputLength(shape)) {
    throw new RangeError(`Cannot read output: ${output.length} values, must be ${yoloxOutputLength(shape)}`);
  }
  const found: Detection[] = [];
  let at = 0;
  for (const stride of strides) {
    const columns = side / stride;
    for (let cell = 0; cell < columns * columns; cell += 1, at += values) {
      const objectness = output[at + 4] ?? 0;
      if (!(objectness >= options.least)) continue;
      const best = bestOf(output, at + boxValues, labels.length);
      const score = Math.min(1, objectness * best.score);
      const label = labels[best.index];
      if (!(score >= options.least) || label === undefined) continue;
      const width = Math.exp(output[at + 2] ?? 0) * stride;
      const height = Math.exp(output[at + 3] ?? 0) * stride;
      const x = ((output[at] ?? 0) + (cell % columns)) * stride - width / 2;
      const y = ((output[at + 1] ?? 0) + Math.floor(cell / columns)) * stride - height / 2;
      const box = unletterbox([x, y, width, height], options.picture);
      if (box !== undefined) found.push({ label, score, box });
    }
  }
  return found;
}

function bestOf(output: Float32Array, from: number, count: number): { index: number; score: number } {
  let index = -1;
  let score = 0;
  for (let at = 0; at < count; at += 1) {
    const value = output[from + at] ?? 0;
    if (value > score) {
      score = value;
      index = at;
    }
  }
  return { index, score };
}
