// What the page of a phone hands to its recorder, told to the test: the measure of what must be on the server afterwards.
import type { Page } from 'playwright-core';

/** A segment as the page handed it over; `frames` are SHA-256 of its pictures, in hexadecimal. */
export type HandedOver = {
  readonly startedMs: number;
  readonly endedMs: number;
  /** The server has all of it, as far as the phone knows. */
  readonly isDelivered: boolean;
  readonly frames: readonly string[];
};

/** Call before the page is opened. The list grows while it films. */
export async function listenToRecorder(page: Page): Promise<readonly HandedOver[]> {
  const handedOver: HandedOver[] = [];
  await page.exposeFunction('tellHandedOver', (segment: HandedOver) => handedOver.push(segment));
  await page.addInitScript(`(() => {
    const post = Worker.prototype.postMessage;
    const hexOf = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
    Worker.prototype.postMessage = function (message, ...more) {
      if (message?.kind === 'store') {
        const { startedMs, endedMs, isDelivered, records } = message.segment;
        const pictures = records.filter(({ kind }) => kind === 'frame');
        void Promise.all(pictures.map(({ payload }) => crypto.subtle.digest('SHA-256', payload)))
          .then((digests) => tellHandedOver({ startedMs, endedMs, isDelivered, frames: digests.map(hexOf) }));
      }
      return post.call(this, message, ...more);
    };
  })()`);
  return handedOver;
}
