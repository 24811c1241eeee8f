import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { picture, seriousFaults, tooWide } from './browser.ts';

/** Looks at a page of anybody's as it stands, and at 320 pixels. Pictures only when somebody wants them. */
export async function lookAt(page: Page, name: string, pictures: string | undefined): Promise<void> {
  assert.deepEqual(await seriousFaults(page), [], name);
  if (pictures !== undefined) await picture(page, pictures, name);
  await page.setViewportSize({ width: 320, height: 800 });
  assert.deepEqual(await tooWide(page), [], name);
  await page.setViewportSize({ width: 1440, height: 900 });
}
