import { clampBox } from './box.ts';
import type { Box } from './box.ts';

/** A picture in rows from the top, three bytes a pixel: red, green, blue. */
export type RgbPicture = { readonly width: number; readonly height: number; readonly pixels: Uint8Array };

/** The grey with which YOLOX was trained around pictures that are not square. */
const padding = 114;

/**
 * The picture in the upper left of a square as YOLOX takes it: planes of blue, green and red, values 0 to 255.
 * The picture must fit already (its longer side is the side of the square). Throws `RangeError` when it does not.
 */
export function letterboxBgr({ width, height, pixels }: RgbPicture, side: number, into: Float32Array): void {
  if (width < 1 || height < 1 || width > side || height > side || pixels.length < width * height * 3) {
    throw new RangeError(`Cannot letterbox picture: ${width} × ${height} in ${pixels.length} bytes, must fit ${side}`);
  }
  const plane = side * side;
  if (into.length !== plane * 3) throw new RangeError('Cannot letterbox picture: the tensor has another size');
  into.fill(padding);
  for (let y = 0; y < height; y += 1) {
    let from = y * width * 3;
    let to = y * side;
    for (const end = to + width; to < end; to += 1) {
      into[to + plane * 2] = pixels[from] ?? 0;
      into[to + plane] = pixels[from + 1] ?? 0;
      into[to] = pixels[from + 2] ?? 0;
      from += 3;
    }
  }
}

/** A box in pixels of the letterboxed square as part of the picture; undefined when nothing of it is inside. */
export function unletterbox([x, y, width, height]: Box, picture: { width: number; height: number }): Box | undefined {
  return clampBox([x / picture.width, y / picture.height, width / picture.width, height / picture.height]);
}
