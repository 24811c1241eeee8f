import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ageProofs } from '@sallyport/identity/testing';
import type { Page } from 'playwright-core';
import { addPasskeyDevice } from '../browser.ts';
import { lookAt } from '../look-at.ts';
import { moveIn } from '../move-in.ts';
import type { RoomUnderTest } from '../room-under-test.ts';
import { totpCode } from '../totp-code.ts';

const password = 'copper violin summer orbit';
const newPassword = 'seven copper rivers asleep';
let room: RoomUnderTest;

/** Everybody's last proof of who they are is an hour old. */
function letProofsAge(): void {
  ageProofs(join(room.server.dataDirectory, 'control.db'), 3_600_000);
}

const show = (page: Page, name: string): Promise<void> => lookAt(page, name, room.pictures);

async function linkIn(page: Page): Promise<string> {
  const field = page.locator('.copy-field code').first();
  await field.waitFor();
  return (await field.textContent()) ?? '';
}

/** What the one who got the link does, in a browser of their own. */
async function follow(link: string): Promise<Page> {
  const context = await room.browser.newContext({ reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await addPasskeyDevice(context, page);
  await page.goto(link);
  await page.getByLabel('Password', { exact: true }).fill('eleven paper boats dancing');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: /Use a passkey/ }).click();
  await page.getByLabel(/I have kept them/).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  return page;
}

/** In a house in which somebody may still be let in, helped and shut out. */
export function ownAccountStory(house: () => Promise<RoomUnderTest>): void {
  test('Somebody looks after their own account, proves who they are when asked, and helps another back in', async () => {
    // An administrator, whose account is another one when this is over.
    room = await house();
    const page = await moveIn(room, 'Olga', 'admin');
    const home = new URL('/', page.url()).href;
    const settings = `${home}settings?tab=account`;
    await page.goto(settings);
    await page.getByRole('heading', { name: 'Second factors' }).waitFor();
    await show(page, 'account');

    // A proof that is old: the dialog names the action, takes the focus, and the request goes on by itself.
    letProofsAge();
    await page.getByRole('button', { name: 'Make new ones' }).click();
    await page.getByRole('button', { name: 'Make new codes' }).click();
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
    await dialog.getByText('To make new recovery codes').waitFor();
    const provePasskey = dialog.getByRole('button', { name: 'Use a passkey' });
    await provePasskey.waitFor();
    await page.waitForFunction('document.activeElement?.textContent === "Use a passkey"');
    await show(page, 'step-up');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    await page.getByLabel('Recovery codes').getByRole('listitem').nth(9).waitFor();
    await page.getByLabel(/I have kept them/).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('10 of 10 left').waitFor();

    // Said no: nothing happens, and the page says what is missing.
    letProofsAge();
    await page.getByRole('button', { name: 'Make new ones' }).click();
    await page.getByRole('button', { name: 'Make new codes' }).click();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText(/Cannot do this yet/).waitFor();
    await page.getByRole('button', { name: 'Keep the old ones' }).click();

    // An app beside the passkey, then a name for it.
    await page.getByRole('button', { name: 'Add one' }).click();
    assert.match(page.url(), /do=factor/);
    await page.getByLabel('Name', { exact: true }).fill('Phone');
    await show(page, 'add-factor');
    await page.getByRole('button', { name: /An authenticator app/ }).click();
    await page.getByRole('button', { name: 'Show the code' }).click();
    await provePasskey.click();
    await page.getByText('Cannot scan?').click();
    const secret = ((await page.locator('.copy-field code').first().textContent()) ?? '').replaceAll(' ', '');
    await page.getByLabel(/six digits the app shows/).fill(totpCode(secret, Date.now()));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('“Phone” is added').last().waitFor();
    await page.getByRole('button', { name: 'Rename Passkey' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Laptop');
    await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('button', { name: 'Remove Laptop' }).waitFor();

    // Whoever answers for the server and holds a passkey proves with it alone: a password that was watched must not be enough.
    letProofsAge();
    await page.getByRole('button', { name: 'Change it' }).click();
    await page.getByLabel('Current password').fill(password);
    await page.getByLabel('New password', { exact: true }).fill(newPassword);
    await page.getByRole('button', { name: 'Change the password' }).click();
    await provePasskey.waitFor();
    assert.equal(await dialog.getByRole('button', { name: 'Use password and code' }).count(), 0);
    await provePasskey.click();
    await page.getByText('Your password is changed').waitFor();
    await show(page, 'account-changed');
    await page.getByRole('button', { name: 'Remove Laptop' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove Laptop' }).click();
    await page.getByText('“Laptop” is removed').last().waitFor();
    assert.equal(await page.getByRole('button', { name: /^Remove / }).count(), 0);

    // Without one they prove with password and code, one period later than the code that was used, and get a passkey again.
    letProofsAge();
    await page.getByRole('button', { name: 'Add one' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Security key');
    await page.getByRole('button', { name: /A passkey/ }).click();
    await dialog.getByLabel('Password', { exact: true }).fill('not the password');
    await dialog.getByLabel(/Code of your/).fill('000000');
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog.getByText(/Cannot accept this/).waitFor();
    await dialog.getByLabel('Password', { exact: true }).fill(newPassword);
    await dialog.getByLabel(/Code of your/).fill(totpCode(secret, Date.now() + 30_000));
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('“Security key” is added').last().waitFor();

    // Bea joins, loses her device, and is helped.
    await page.goto(`${home}people`);
    await page.getByLabel('Their name').fill('Bea');
    await page.getByRole('button', { name: 'Make a link' }).click();
    const bea = await follow(await linkIn(page));
    await page.reload();
    await page.getByRole('button', { name: 'Reset Bea' }).click();
    await show(page, 'reset');
    await page.getByRole('dialog').getByRole('button', { name: 'Reset Bea' }).click();
    const link = await linkIn(page);
    await show(page, 'reset-link');
    await bea.reload();
    await bea.getByRole('heading', { name: 'Sign in' }).waitFor();
    const back = await follow(link);
    await back.getByRole('heading', { name: 'Overview' }).waitFor();
    await back.goto(settings);
    await back.getByRole('heading', { name: 'Second factors' }).waitFor();
    assert.equal(await back.getByRole('button', { name: 'Rename Passkey' }).count(), 1);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Disable Bea' }).click();
    await show(page, 'disable');
    await page.getByRole('dialog').getByRole('button', { name: 'Disable Bea' }).click();
    await page.getByRole('button', { name: 'Let Bea in again' }).waitFor();
    await back.reload();
    await back.getByRole('heading', { name: 'Sign in' }).waitFor();
    await Promise.all([page, bea, back].map((one) => one.context().close()));
  });
}
