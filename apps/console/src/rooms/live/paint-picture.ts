import type { SeenObject } from './live-wire.ts';

/** Where a picture stands within a canvas that has other proportions, in pixels. */
export type Placed = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };

/** As large as fits, in the middle. */
export function fitted(
  picture: { readonly width: number; readonly height: number },
  frame: { readonly width: number; readonly height: number },
): Placed {
  const scale = Math.min(frame.width / Math.max(1, picture.width), frame.height / Math.max(1, picture.height));
  const [width, height] = [picture.width * scale, picture.height * scale];
  return { left: (frame.width - width) / 2, top: (frame.height - height) / 2, width, height };
}

/** How much older than the picture the judgement of it may be, for its frames to be drawn; and for them to be drawn firmly. */
const boxesWithinMs = 1500;
const firmWithinMs = 500;
/** In smaller pictures the names would cover what they name. */
const namesFromPixels = 560;

/** How what was made out before stands to the picture on the screen. */
export function boxesStanding(lagMs: number): 'firm' | 'faint' | 'none' {
  if (lagMs > boxesWithinMs) return 'none';
  return lagMs > firmWithinMs ? 'faint' : 'firm';
}

/** Paints a picture, and around what was seen in it a frame with its name. Does nothing on a canvas without a size. */
export function paintPicture(
  canvas: HTMLCanvasElement,
  picture: ImageBitmap,
  {
    objects,
    scale,
    lagMs,
  }: { readonly objects: readonly SeenObject[]; readonly scale: number; readonly lagMs: number },
): void {
  const brush = canvas.getContext('2d', { alpha: false });
  if (brush === null || canvas.width === 0 || canvas.height === 0) return;
  const placed = fitted(picture, canvas);
  brush.fillStyle = '#0b0d0f';
  brush.fillRect(0, 0, canvas.width, canvas.height);
  brush.drawImage(picture, placed.left, placed.top, placed.width, placed.height);
  const standing = boxesStanding(lagMs);
  if (standing === 'none') return;
  const isNamed = canvas.width / scale >= namesFromPixels;
  brush.globalAlpha = standing === 'faint' ? 0.55 : 1;
  brush.setLineDash(standing === 'faint' ? [5 * scale, 4 * scale] : []);
  for (const object of objects) paintBox(brush, object, { placed, scale, isNamed });
  brush.globalAlpha = 1;
  brush.setLineDash([]);
}

/** White on a dark edge: to be seen on snow and at night, and without telling colours apart. */
function paintBox(
  brush: CanvasRenderingContext2D,
  { label, score, box: [x, y, width, height] }: SeenObject,
  { placed, scale, isNamed }: { readonly placed: Placed; readonly scale: number; readonly isNamed: boolean },
): void {
  const left = placed.left + x * placed.width;
  const top = placed.top + y * placed.height;
  const [boxWidth, boxHeight] = [width * placed.width, height * placed.height];
  brush.lineJoin = 'round';
  for (const [style, pixels] of [
    ['rgb(0 0 0 / 70%)', 4],
    ['#ffffff', 1.75],
  ] as const) {
    brush.strokeStyle = style;
    brush.lineWidth = pixels * scale;
    brush.strokeRect(left, top, boxWidth, boxHeight);
  }
  if (!isNamed) return;
  const words = `${label} ${Math.round(score * 100)} %`;
  brush.font = `600 ${11 * scale}px Inter, system-ui, sans-serif`;
  const tagWidth = brush.measureText(words).width + 10 * scale;
  const tagHeight = 17 * scale;
  const tagTop = top - tagHeight < placed.top ? top : top - tagHeight;
  const tagLeft = Math.min(left, placed.left + placed.width - tagWidth);
  brush.fillStyle = 'rgb(0 0 0 / 78%)';
  brush.fillRect(tagLeft, tagTop, tagWidth, tagHeight);
  brush.fillStyle = '#ffffff';
  brush.textBaseline = 'middle';
  brush.fillText(words, tagLeft + 5 * scale, tagTop + tagHeight / 2 + scale * 0.5);
}
