import { errorFields } from '@sallyport/platform/log';
import type { Log } from '@sallyport/platform/log';
import type { Pictures } from './camera-event.ts';

type Kept = { readonly [Name in keyof Pictures]-?: Uint8Array | undefined };

/** Keeps pictures beside events. An event is told without its picture rather than late or not at all. */
export type PictureKeeper = {
  /** Never rejects, and is done within the time limit. */
  keep(pictures: Kept): Promise<Pictures>;
};

export function createPictureKeeper(needs: {
  readonly savePicture?: ((jpeg: Uint8Array) => Promise<string>) | undefined;
  readonly timeoutMs: number;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
}): PictureKeeper {
  const { savePicture, log } = needs;

  async function save(jpeg: Uint8Array | undefined): Promise<string | undefined> {
    if (jpeg === undefined || savePicture === undefined) return undefined;
    const done = new AbortController();
    try {
      return await Promise.race([savePicture(jpeg), needs.delay(needs.timeoutMs, done.signal).then(() => undefined)]);
    } catch (error) {
      log.warn('A picture of a camera was not kept', errorFields(error));
      return undefined;
    } finally {
      done.abort();
    }
  }

  return {
    async keep({ picture, picture_before: before }) {
      const [shown, shownBefore] = await Promise.all([save(picture), save(before)]);
      return {
        ...(shown === undefined ? {} : { picture: shown }),
        ...(shownBefore === undefined ? {} : { picture_before: shownBefore }),
      };
    },
  };
}
