import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';

type By = { readonly x: number; readonly y: number };

async function middleOf(target: Locator): Promise<By> {
  await target.scrollIntoViewIfNeeded();
  const box = await target.boundingBox();
  assert.ok(box !== null, 'It is to be seen');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** Presses on the middle of something, moves so many pixels in steps, and lets go; with Escape before that, if wanted. */
export async function dragByMouse(page: Page, target: Locator, by: By & { readonly escape?: boolean }): Promise<void> {
  const from = await middleOf(target);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + by.x, from.y + by.y, { steps: 5 });
  if (by.escape === true) await page.keyboard.press('Escape');
  await page.mouse.up();
}

/** The same with a finger on a screen; a second finger comes down meanwhile, and moves too. */
export async function dragByFinger(page: Page, target: Locator, by: By): Promise<void> {
  const from = await middleOf(target);
  // Not detached: with it Chromium would take the page's device for passkeys away.
  const session = await page.context().newCDPSession(page);
  const first = (part: number) => ({ id: 1, x: from.x + by.x * part, y: from.y + by.y * part });
  const second = (part: number) => ({ id: 2, x: from.x + 80 + 30 * part, y: from.y + 60 });
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: ReturnType<typeof first>[]) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints });
  await touch('touchStart', [first(0)]);
  await touch('touchMove', [first(0.5)]);
  await touch('touchStart', [first(0.5), second(0)]);
  await touch('touchMove', [first(1), second(1)]);
  await touch('touchEnd', []);
}
