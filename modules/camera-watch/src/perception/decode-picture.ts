import type { RgbPicture } from '@sallyport/object-detection';
import { CodedError } from '@sallyport/platform/errors';
import sharp from 'sharp';

export type DecodedPicture = RgbPicture & {
  /** Of the picture as it came. */
  readonly originalWidth: number;
  readonly originalHeight: number;
};

/** 4096 × 4096; a hostile header claims 65,535 × 65,535. */
const maxPixels = 16_777_216;
const maxBytes = 8 * 1024 * 1024;
const maxDecodeSeconds = 5;

/** Only JPEG is ever decoded in this process, in one thread a picture. Call once, before anything is decoded. */
export function restrictDecoder(): void {
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: ['VipsForeignLoadJpegBuffer'] });
  sharp.cache(false);
  sharp.concurrency(1);
}

/**
 * A JPEG as red, green, blue, its longer side `side`. Throws `picture_unreadable` for anything else, a picture of more
 * than 16.7 million pixels, and one that takes longer than five seconds. A truncated one counts as unreadable: its
 * grey lower part would look like a covered lens.
 */
export async function decodePicture(jpeg: Uint8Array, side: number): Promise<DecodedPicture> {
  if (jpeg.length > maxBytes || jpeg[0] !== 0xff || jpeg[1] !== 0xd8 || jpeg[2] !== 0xff) {
    throw new CodedError('picture_unreadable', `Cannot read picture: ${jpeg.length} bytes are no JPEG`);
  }
  try {
    const picture = sharp(jpeg, { limitInputPixels: maxPixels, failOn: 'truncated', sequentialRead: true });
    const { width: originalWidth, height: originalHeight } = await picture.metadata();
    const { data, info } = await picture
      .timeout({ seconds: maxDecodeSeconds })
      .resize(side, side, { fit: 'inside', kernel: 'linear' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`it has ${String(info.channels)} channels`);
    return { width: info.width, height: info.height, pixels: data, originalWidth, originalHeight };
  } catch (cause) {
    throw new CodedError('picture_unreadable', 'Cannot read picture: it is damaged or too large', { cause });
  }
}
