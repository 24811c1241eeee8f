import type { Page } from 'playwright-core';

/** Goes through the setup of a new server as its first administrator, Ada, with the passkey device the page has. */
export async function signUp(page: Page, printed: string): Promise<void> {
  const link = /http:\/\/localhost:\d+\/setup#\S+/.exec(printed)?.[0];
  if (link === undefined) throw new Error('The server has printed no setup link');
  await page.goto(link);
  await page.getByLabel('Your name').fill('Ada');
  await page.getByLabel('Password', { exact: true }).fill('harbour lantern quiet mosaic');
  await page.getByRole('button', { name: 'Create the account' }).click();
  await page.getByRole('button', { name: /Use a passkey/ }).click();
  await page.getByLabel(/I have kept them/).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'You are in, Ada' }).waitFor();
}
