import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import type { Browser } from 'playwright-core';
import { addPasskeyDevice, chromiumPath, startBrowser } from './testing/browser.ts';

const password = 'harbour lantern quiet mosaic';
const server = createServerUnderTest();
let browser: Browser;

before(async () => {
  const chromium = chromiumPath();
  assert.ok(chromium !== undefined, 'Cannot test the console: there is no Chromium. apt-get install -y chromium');
  await server.start();
  browser = await startBrowser(chromium);
});

after(async () => {
  await browser.close();
  await server.end();
});

test('Who closes the window before the second factor goes on by signing in, and nobody else gets further', async () => {
  const link = /http:\/\/localhost:\d+\/setup#\S+/.exec(server.output())?.[0];
  assert.ok(link !== undefined, 'a link was printed');
  const first = await browser.newPage();
  await first.goto(link);
  await first.getByLabel('Your name').fill('Ada');
  await first.getByLabel('Password', { exact: true }).fill(password);
  await first.getByRole('button', { name: 'Create the account' }).click();
  await first.getByRole('heading', { name: 'Add a second factor' }).waitFor();
  assert.equal(await first.locator('[aria-current="step"]').textContent(), 'Second factor');
  // Not now is an answer, too.
  await first.getByRole('button', { name: 'Go on later, by signing in' }).click();
  await first.getByRole('heading', { name: 'Sign in' }).waitFor();
  await first.context().close();

  const context = await browser.newContext();
  const page = await context.newPage();
  await addPasskeyDevice(context, page);
  await page.goto(new URL('/', link).href);
  await page.getByRole('link', { name: 'Sign in to go on' }).click();
  await page.getByLabel('Name').fill('Ada');
  await page.getByLabel('Password', { exact: true }).fill('not the password at all');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText(/Cannot sign in/).waitFor();
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: /Use a passkey/ }).click();
  await page.getByLabel(/I have kept them/).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/');
});
