import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { addPasskeyDevice } from './browser.ts';
import type { RoomUnderTest } from './room-under-test.ts';

/** Somebody with a role, a passkey and a browser of their own, who stands in the overview. */
export async function moveIn(room: RoomUnderTest, name: string, role: string): Promise<Page> {
  const invited = await room.server.askLocally({
    method: 'POST',
    path: '/v1/invitations',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, roles: [role] }),
  });
  assert.equal(invited.status, 201, invited.text);
  const token = /invitation#([^"]+)/.exec(invited.text)?.[1] ?? '';
  const context = await room.browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  room.watch(context);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await addPasskeyDevice(context, page);
  await page.goto(new URL(`/invitation#${token}`, room.page.url()).href);
  await page.getByLabel('Password', { exact: true }).fill('copper violin summer orbit');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: /Use a passkey/ }).click();
  await page.getByLabel(/I have kept them/).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  return page;
}
