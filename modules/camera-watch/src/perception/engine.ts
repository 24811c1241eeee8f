import type { Detection, RgbPicture } from '@sallyport/object-detection';

/** A loaded model. Detections are best first, without overlaps, and also below `leastScore`: a track may go on with them. */
export type Engine = {
  /** One at a time. Throws when the model gave something that is none of its outputs. */
  detect(picture: RgbPicture): Promise<readonly Detection[]>;
};

/** A weak detection may go on with a track, not begin one. */
export const weakScore = 0.15;
export const suppression = { overlap: 0.45, most: 100 } as const;
