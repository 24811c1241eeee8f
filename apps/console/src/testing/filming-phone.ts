// A Chromium that films with a film: the yard of Debian's opencv-doc, and a hand over the lens now and then.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext } from 'playwright-core';

const yard = '/usr/share/doc/opencv-doc/examples/data/vtest.avi';

const everySeconds = 30;

/**
 * Writes the film: people in a yard, from `coveredFrom` to `coveredTo` (in seconds) of each half minute nothing but the brown
 * blur of a hand, then the yard again until `seconds`: as long as a test looks at it, or it is a replay. 512×384, thirty pictures a second as Chromium plays them whatever the file says. Throws when the
 * film of Debian is not here, or ffmpeg is not.
 */
export function makeYardFilm(
  path: string,
  film: { readonly seconds: number; readonly coveredFrom: number; readonly coveredTo: number },
): void {
  if (!existsSync(yard)) throw new Error('There is no film of a yard: apt-get install -y opencv-doc');
  const covered = `enable='between(mod(t,${everySeconds}),${film.coveredFrom},${film.coveredTo})'`;
  const filter = `scale=512:384,drawbox=color=0x4a3a2e:t=fill:${covered},noise=alls=6:allf=t:${covered},fps=30`;
  const made = spawnSync(
    'ffmpeg',
    ['-v', 'error', '-i', yard, '-t', String(film.seconds), '-vf', filter, '-an', '-q:v', '5', '-f', 'mjpeg', path],
    { encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`ffmpeg made no film: ${made.error?.message ?? made.stderr}`);
}

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
