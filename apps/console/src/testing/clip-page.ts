import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { seriousFaults, tooWide } from './browser.ts';
import { pictureChanges } from './canvas-picture.ts';

const canvas = 'The recorded pictures';

async function checked(page: Page, html: string): Promise<void> {
  await page.goto(pathToFileURL(html).href);
  await page.getByText('Entry in the log').waitFor();
}

/** One byte of the last part's recording is another one: the file as somebody would change it. */
function tamperedCopy(clip: string): string {
  const html = readFileSync(clip, 'utf8');
  const line = [...html.matchAll(/^segment \S+ (\S+)$/gm)].at(-1);
  assert.ok(line?.[1] !== undefined, 'The clip has a segment');
  const at = line.index + line[0].length - Math.floor(line[1].length / 2);
  const changed = `${html.slice(0, at)}${html[at] === 'A' ? 'B' : 'A'}${html.slice(at + 1)}`;
  const path = clip.replace(/\.html$/, '-changed.html');
  writeFileSync(path, changed);
  return path;
}

/**
 * Opens an exported clip as whoever was sent it does: from a disk, without a network. Asserts that it plays, that only the
 * key makes it more than a file that agrees with itself, and that a part that was changed is named and not shown.
 */
export async function lookAtClip(
  browser: Browser,
  given: { readonly clip: string; readonly key: string; readonly pictures: string | undefined },
): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    offline: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const asked: string[] = [];
  page.on('request', (request) => {
    if (!/^(file|blob|data):/.test(request.url())) asked.push(request.url());
  });
  const shoot = async (name: string): Promise<void> => {
    if (given.pictures !== undefined) await page.screenshot({ path: join(given.pictures, `${name}.png`) });
  };
  const atRest = async (name: string): Promise<void> => {
    for (const scheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      assert.deepEqual(await seriousFaults(page), [], `${name}, ${scheme}`);
      await shoot(`${name}-1440-${scheme}`);
    }
    await page.setViewportSize({ width: 360, height: 640 });
    assert.deepEqual(await tooWide(page), [], `${name} at 360`);
    await shoot(`${name}-360-light`);
    await page.setViewportSize({ width: 1440, height: 900 });
  };

  await checked(page, given.clip);
  await page.getByRole('heading', { name: '? Agrees with itself; compare the key' }).waitFor();
  await atRest('clip-open');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await pictureChanges(page, canvas);

  await page.getByLabel(/The log’s key/).fill(`${given.key.slice(0, -4)}AAAA`);
  await page.getByRole('button', { name: 'Check with this key' }).click();
  await page.getByRole('heading', { name: /^✗/ }).waitFor();
  await page.getByLabel(/The log’s key/).fill(given.key);
  await page.getByRole('button', { name: 'Check with this key' }).click();
  await page.getByRole('heading', { name: /^✓ All \d+ parts are sealed in the log$/ }).waitFor();
  await atRest('clip-good');

  await checked(page, tamperedCopy(given.clip));
  await page.getByRole('heading', { name: /^✗ 1 of \d+ parts of this clip do not verify$/ }).waitFor();
  const parts = page.getByRole('table').getByRole('row');
  const last = await parts.last().getByRole('cell').first().innerText();
  assert.match(last, /^✗ \d+$/);
  await page
    .getByRole('alert')
    .getByText(new RegExp(`^Part ${last.slice(2)}, .*not those that were exported`))
    .waitFor();
  const width = (await page.locator('.bar').boundingBox())?.width ?? 0;
  await page.locator('.bar').click({ position: { x: Math.max(1, width - 3), y: 10 } });
  await page.getByText(/does not verify and is not shown/).waitFor();
  await atRest('clip-changed');
  assert.deepEqual(asked, []);
  await context.close();
}
