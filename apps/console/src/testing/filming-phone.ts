// A Chromium that films with a film: the yard of Debian's opencv-doc, and a hand over the lens when a test wants it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext } from 'playwright-core';

const yard = '/usr/share/doc/opencv-doc/examples/data/vtest.avi';

/**
 * Writes the film: people in a yard at two thirds of their pace, at most two minutes. It is to be as long as a test looks at
 * it: shown again, it is a replay, and told as one. 512×384, thirty pictures a second as Chromium plays them whatever the
 * file says. Throws when the film of Debian is not here, or ffmpeg is not.
 */
export function makeYardFilm(path: string, seconds: number): void {
  if (!existsSync(yard)) throw new Error('There is no film of a yard: apt-get install -y opencv-doc');
  const made = spawnSync(
    'ffmpeg',
    ['-v', 'error', '-i', yard]
      .concat(['-vf', 'setpts=1.5*PTS,scale=512:384,fps=30', '-t', String(seconds)])
      .concat(['-an', '-q:v', '5', '-f', 'mjpeg', path]),
    { encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`ffmpeg made no film: ${made.error?.message ?? made.stderr}`);
}

/**
 * For `addInitScript`: the page films through a lens that a hand covers and leaves, by `coverLens(true)` and
 * `coverLens(false)`. What the hand leaves of the picture is a brown blur and the noise of the sensor.
 */
export const coverableLens = `(() => {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  let isCovered = false;
  window.coverLens = (covered) => { isCovered = covered; };
  const noise = new OffscreenCanvas(700, 560);
  const drawing = noise.getContext('2d');
  const pixels = drawing.createImageData(700, 560);
  for (let at = 0; at < pixels.data.length; at += 4)
    pixels.data.set([(at * 2654435761) >>> 24, (at * 2246822519) >>> 24, (at * 3266489917) >>> 24, 12], at);
  drawing.putImageData(pixels, 0, 0);
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const stream = await open(wish);
    const [camera] = stream.getVideoTracks();
    if (camera === undefined) return stream;
    const film = Object.assign(document.createElement('video'), { muted: true, srcObject: new MediaStream([camera]) });
    await film.play();
    const canvas = Object.assign(document.createElement('canvas'), { width: film.videoWidth, height: film.videoHeight });
    const picture = canvas.getContext('2d');
    let count = 0;
    const timer = setInterval(() => {
      if (isCovered) {
        picture.fillStyle = '#4a3a2e';
        picture.fillRect(0, 0, canvas.width, canvas.height);
        count += 1;
        picture.drawImage(noise, -((count * 37) % 180), -((count * 53) % 170));
      } else picture.drawImage(film, 0, 0, canvas.width, canvas.height);
    }, 33);
    const shown = canvas.captureStream(30);
    for (const track of shown.getVideoTracks()) {
      const stop = track.stop.bind(track);
      track.stop = () => {
        clearInterval(timer);
        camera.stop();
        stop();
      };
    }
    return new MediaStream([...shown.getVideoTracks(), ...stream.getAudioTracks()]);
  };
})()`;

/** A browser whose camera shows this film, again and again from when it is opened, and a phone in it. */
export async function startFilmingPhone(
  executablePath: string,
  film: string,
): Promise<{ readonly browser: Browser; readonly phone: BrowserContext }> {
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--headless',
      '--disable-gpu',
      '--disable-background-networking',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${film}`,
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
  const phone = await browser.newContext({
    viewport: { width: 390, height: 844 },
    reducedMotion: 'reduce',
    permissions: ['camera', 'microphone'],
  });
  return { browser, phone };
}
