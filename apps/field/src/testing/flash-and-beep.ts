// A camera whose picture turns white and whose microphone hears a tone in the same moments, so that what becomes of the two
// can be compared.
import type { SegmentRecord } from '@sallyport/segment-format';
import type { Page } from 'playwright-core';

const samplesPerMs = 16;
const loud = 3000;
const bright = 160;

/** For `addInitScript`: the page is given this camera and microphone in place of the browser's. A flash a second, 0.3 s long. */
export const flashingCamera = `(() => {
  navigator.mediaDevices.getUserMedia = async ({ audio }) => {
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: 320, height: 240 });
    const drawing = canvas.getContext('2d');
    const context = new AudioContext();
    await context.resume();
    const tone = new OscillatorNode(context, { frequency: 1000 });
    const gain = new GainNode(context, { gain: 0 });
    const microphone = context.createMediaStreamDestination();
    tone.connect(gain).connect(microphone);
    tone.start();
    let next = Math.ceil(context.currentTime) + 1;
    let frames = 0;
    setInterval(() => {
      const now = context.currentTime;
      for (; next < now + 1.5; next += 1) {
        gain.gain.setValueAtTime(0.5, next);
        gain.gain.setValueAtTime(0, next + 0.3);
      }
      const isFlash = now >= 2 && now % 1 < 0.3;
      drawing.fillStyle = isFlash ? '#fff' : '#222';
      drawing.fillRect(0, 0, 320, 240);
      // Never the same picture twice: one that stands still is not sent.
      drawing.fillStyle = '#777';
      drawing.fillRect((frames += 1) % 300, 0, 20, 20);
    }, 15);
    const stream = canvas.captureStream(30);
    if (audio) for (const track of microphone.stream.getAudioTracks()) stream.addTrack(track);
    return stream;
  };
})()`;

/** A moment in which one of the two began, as far as the recording tells: after `afterMs`, at `byMs` at the latest. */
export type Onset = { readonly afterMs: number; readonly byMs: number };

/** When the tone begins, to the millisecond; a beginning that the recording does not show is none. */
export function toneOnsets(records: readonly SegmentRecord[]): number[] {
  const found: number[] = [];
  let quietSinceMs: number | undefined;
  let soundEndMs = Number.NaN;
  for (const { kind, atMs, payload } of records.toSorted((left, right) => left.atMs - right.atMs)) {
    if (kind !== 'audio') continue;
    // After a hole nobody knows what was before.
    if (!(Math.abs(atMs - soundEndMs) < 100)) quietSinceMs = undefined;
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    for (let ms = 0; ms < payload.length / 2 / samplesPerMs; ms += 1) {
      let peak = 0;
      for (let sample = 0; sample < samplesPerMs; sample += 1)
        peak = Math.max(peak, Math.abs(view.getInt16((ms * samplesPerMs + sample) * 2, true)));
      if (peak < loud) quietSinceMs ??= atMs + ms;
      else {
        if (quietSinceMs !== undefined && atMs + ms - quietSinceMs > 400) found.push(atMs + ms);
        quietSinceMs = undefined;
      }
    }
    soundEndMs = atMs + payload.length / 2 / samplesPerMs;
  }
  return found;
}

/** Between which two pictures the flash begins; the pictures are looked at in this page. */
export async function flashOnsets(page: Page, records: readonly SegmentRecord[]): Promise<Onset[]> {
  const pictures = records.filter(({ kind }) => kind === 'frame').toSorted((left, right) => left.atMs - right.atMs);
  const levels: number[] = await page.evaluate(`(async () => {
    const levels = [];
    for (const text of ${JSON.stringify(pictures.map(({ payload }) => Buffer.from(payload).toString('base64')))}) {
      const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }));
      const context = new OffscreenCanvas(8, 8).getContext('2d');
      context.drawImage(image, 0, 0, 8, 8);
      const { data } = context.getImageData(0, 0, 8, 8);
      levels.push(data.reduce((sum, value, at) => (at % 4 === 3 ? sum : sum + value), 0) / 192);
    }
    return levels;
  })()`);
  return pictures.slice(1).flatMap(({ atMs: byMs }, at) => {
    const afterMs = pictures[at]?.atMs ?? byMs;
    const begins = (levels[at] ?? 0) < bright && (levels[at + 1] ?? 0) >= bright;
    return begins && byMs - afterMs < 700 ? [{ afterMs, byMs }] : [];
  });
}

/** Runs in a page that plays such a recording, with `heard()`: notes in `flashes` and `tones` when each was seen and heard. */
export const watchFlashes = `(() => {
  globalThis.flashes = [];
  globalThis.tones = [];
  const context = new OffscreenCanvas(1, 1).getContext('2d');
  let [wasBright, quietSince] = [true, performance.now()];
  setInterval(() => {
    const now = performance.now();
    context.drawImage(document.querySelector('canvas'), 0, 0, 1, 1);
    const isBright = context.getImageData(0, 0, 1, 1).data[0] >= ${bright};
    if (isBright && !wasBright) flashes.push(now);
    wasBright = isBright;
    if (heard() < 0.1) return;
    if (now - quietSince > 400) tones.push(now);
    quietSince = now;
  }, 10);
})()`;
