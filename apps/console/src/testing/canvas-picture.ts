import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

/** What stands on a canvas now, as a number that is another one for another picture. */
async function shown(page: Page, label: string): Promise<number> {
  const canvas = page.getByRole('img', { name: label });
  return canvas.evaluate((element) => {
    if (!(element instanceof HTMLCanvasElement)) return 0;
    const data = element.getContext('2d')?.getImageData(0, 0, element.width, element.height).data ?? [];
    let sum = 0;
    for (let at = 0; at < data.length; at += 64) sum = (sum * 31 + (data[at] ?? 0)) % 1_000_003;
    return sum;
  });
}

/** Resolves when another picture is painted. */
export async function pictureChanges(page: Page, label: string): Promise<void> {
  const before = await shown(page, label);
  for (let turn = 0; turn < 1200; turn += 1) {
    if ((await shown(page, label)) !== before) return;
    await page.waitForTimeout(50);
  }
  assert.fail(`${label} stands still`);
}
