import type { RgbPicture } from './letterbox.ts';

/** Brightness in rows from the top, one byte a pixel. */
export type GreyPicture = { readonly width: number; readonly height: number; readonly pixels: Uint8Array };

/** Brightness (BT.601) at the picture's own size. Throws `RangeError` when pixels are missing. */
export function toGrey({ width, height, pixels }: RgbPicture): GreyPicture {
  const count = width * height;
  if (pixels.length < count * 3) throw new RangeError('Cannot make grey: pixels are missing');
  const grey = new Uint8Array(count);
  for (let at = 0, from = 0; at < count; at += 1, from += 3) {
    grey[at] = ((pixels[from] ?? 0) * 77 + (pixels[from + 1] ?? 0) * 150 + (pixels[from + 2] ?? 0) * 29) >> 8;
  }
  return { width, height, pixels: grey };
}

/**
 * The picture at another size, each pixel the mean of those it covers (the nearest one when it grows). Its proportions
 * are given up: what looks at the result compares pictures of one camera.
 */
export function shrink(picture: GreyPicture, width: number, height: number): GreyPicture {
  const pixels = new Uint8Array(width * height);
  for (let row = 0; row < height; row += 1) {
    const top = Math.floor((row * picture.height) / height);
    const bottom = Math.max(top + 1, Math.floor(((row + 1) * picture.height) / height));
    for (let column = 0; column < width; column += 1) {
      const left = Math.floor((column * picture.width) / width);
      const right = Math.max(left + 1, Math.floor(((column + 1) * picture.width) / width));
      let sum = 0;
      for (let y = top; y < bottom; y += 1) {
        for (let at = y * picture.width + left, end = at + right - left; at < end; at += 1)
          sum += picture.pixels[at] ?? 0;
      }
      pixels[row * width + column] = sum / ((bottom - top) * (right - left)) + 0.5;
    }
  }
  return { width, height, pixels };
}
