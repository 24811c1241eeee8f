import type { GreyPicture } from '../grey.ts';
import type { Gradients } from './gradients.ts';

/**
 * How fine the edges are: energy of the gradients in the large picture against that in the small one, at the edges of the
 * scene. Light scales both alike; a lens out of focus loses the first. Noise adds to the first only and is taken out as
 * measured. Undefined when the edges are no stronger than the noise.
 */
export function sharpnessAt(
  edges: readonly number[],
  small: Gradients,
  large: GreyPicture,
  noise: { readonly large: number; readonly floor: number },
): number | undefined {
  const { pixels, width } = large;
  const scaleX = large.width / small.width;
  const scaleY = large.height / small.height;
  let fine = 0;
  let coarse = 0;
  let count = 0;
  for (const edge of edges) {
    const column = edge % small.width;
    const row = Math.floor(edge / small.width);
    const left = Math.max(1, Math.floor(column * scaleX));
    const top = Math.max(1, Math.floor(row * scaleY));
    const endX = Math.min(width - 1, Math.max(left + 1, Math.floor((column + 1) * scaleX)));
    const endY = Math.min(large.height - 1, Math.max(top + 1, Math.floor((row + 1) * scaleY)));
    for (let y = top; y < endY; y += 1) {
      for (let at = y * width + left, end = y * width + endX; at < end; at += 1) {
        const right = (pixels[at + 1] ?? 0) - (pixels[at - 1] ?? 0);
        const down = (pixels[at + width] ?? 0) - (pixels[at - width] ?? 0);
        fine += right * right + down * down;
        count += 1;
      }
    }
    coarse += (small.right[edge] ?? 0) ** 2 + (small.down[edge] ?? 0) ** 2;
  }
  if (count === 0 || edges.length === 0) return undefined;
  const coarseMean = coarse / edges.length;
  if (coarseMean < (2 * noise.floor) ** 2) return undefined;
  return Math.sqrt(Math.max(0, fine / count - 4 * noise.large ** 2) / coarseMean);
}
