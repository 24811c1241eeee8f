import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { addPasskeyDevice } from './browser.ts';
import type { RoomUnderTest } from './room-under-test.ts';

/** Somebody with a role, a passkey and a browser of their own, who stands in the overview. */
export async function moveIn(room: RoomUnderTest, name: string, role: string): Promise<Page> {
  const link = await invite(room, name, role);
  const context = await room.browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  room.watch(context);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await addPasskeyDevice(context, page);
  await accept(page, link);
  return page;
}

/** The link for somebody with a role. */
export async function invite(room: RoomUnderTest, name: string, role: string): Promise<string> {
  const invited = await room.server.askLocally({
    method: 'POST',
    path: '/v1/invitations',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, roles: [role] }),
  });
  assert.equal(invited.status, 201, invited.text);
  const token = /invitation#([^"]+)/.exec(invited.text)?.[1] ?? '';
  return new URL(`/invitation#${token}`, room.page.url()).href;
}

/** What the one who got the link does, with the passkey device the page has. */
export async function accept(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByLabel('Password', { exact: true }).fill('copper violin summer orbit');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: /Use a passkey/ }).click();
  await page.getByLabel(/I have kept them/).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}
