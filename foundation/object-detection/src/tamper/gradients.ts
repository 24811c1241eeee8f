import type { GreyPicture } from '../grey.ts';

/** How brightness changes at each pixel, to the right and down, in grey levels over two pixels. */
export type Gradients = {
  readonly width: number;
  readonly height: number;
  readonly right: Float32Array;
  readonly down: Float32Array;
};

/** Each pixel the mean of the nine around it; the border stays as it is. Takes most of a sensor's noise. */
function smooth({ width, height, pixels }: GreyPicture): Float32Array {
  const rows = Float32Array.from(pixels);
  for (let y = 0; y < height; y += 1) {
    for (let at = y * width + 1, end = (y + 1) * width - 1; at < end; at += 1) {
      rows[at] = ((pixels[at - 1] ?? 0) + (pixels[at] ?? 0) + (pixels[at + 1] ?? 0)) / 3;
    }
  }
  const both = Float32Array.from(rows);
  for (let at = width, end = width * (height - 1); at < end; at += 1) {
    both[at] = ((rows[at - width] ?? 0) + (rows[at] ?? 0) + (rows[at + width] ?? 0)) / 3;
  }
  return both;
}

export function gradientsOf(picture: GreyPicture): Gradients {
  const { width, height } = picture;
  const level = smooth(picture);
  const right = new Float32Array(width * height);
  const down = new Float32Array(width * height);
  for (let y = 1; y < height - 1; y += 1) {
    for (let at = y * width + 1, end = (y + 1) * width - 1; at < end; at += 1) {
      right[at] = (level[at + 1] ?? 0) - (level[at - 1] ?? 0);
      down[at] = (level[at + width] ?? 0) - (level[at - width] ?? 0);
    }
  }
  return { width, height, right, down };
}
