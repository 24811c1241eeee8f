import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { lookAt } from '../look-at.ts';
import { moveIn } from '../move-in.ts';
import type { RoomUnderTest } from '../room-under-test.ts';
import { totpCode } from '../totp-code.ts';

let room: RoomUnderTest;

const show = (page: Page, name: string): Promise<void> => lookAt(page, name, room.pictures);

/** Somebody with the password and a code, and another program than hers. */
async function signInElsewhere(home: string, code: string): Promise<void> {
  const post = (path: string, body: object): Promise<Response> =>
    fetch(new URL(path, home), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'curl/8.5.0', origin: new URL(home).origin },
      body: JSON.stringify(body),
    });
  const begun: unknown = await (
    await post('/v1/session', { name: 'Rika', password: 'copper violin summer orbit' })
  ).json();
  const ticket = typeof begun === 'object' && begun !== null && 'ticket' in begun ? begun.ticket : undefined;
  const answer = await post('/v1/session/totp', { ticket, code });
  assert.equal(answer.status, 200, await answer.text());
}

/** In a house in which everybody uses the same browser. */
export function signInsAndRiskStory(house: () => Promise<RoomUnderTest>): void {
  test('Somebody sees where they signed in, says that one was not them, and chooses another password', async () => {
    room = await house();
    const page = await moveIn(room, 'Rika', 'admin');
    const home = new URL('/', page.url()).href;
    await page.goto(`${home}settings?tab=account`);
    await page.getByRole('heading', { name: 'Recent sign-ins' }).waitFor();
    await page.getByText('This session', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Add one' }).click();
    await page.getByRole('button', { name: /An authenticator app/ }).click();
    await page.getByRole('button', { name: 'Show the code' }).click();
    await page.getByText('Cannot scan?').click();
    const secret = ((await page.locator('.copy-field code').first().textContent()) ?? '').replaceAll(' ', '');
    await page.getByLabel(/six digits the app shows/).fill(totpCode(secret, Date.now()));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page
      .getByText(/is added/)
      .last()
      .waitFor();

    await signInElsewhere(home, totpCode(secret, Date.now() + 30_000));
    await page.goto(`${home}people/risk`);
    await page.getByRole('button', { name: 'Rika' }).click();
    const panel = page.getByRole('complementary', { name: 'Sign-ins and risk' });
    await panel.getByRole('heading', { name: 'Recent sign-ins' }).waitFor();
    await panel.getByText('First time with curl').first().waitFor();
    await show(page, 'risk');
    await page.goto(`${home}people/risk`);
    const settings = page.getByRole('region', { name: 'What a risk means' });
    await settings.getByLabel('An alert from').fill('60');
    await settings.getByLabel('A stronger factor from').fill('60');
    await settings.getByRole('button', { name: 'Who would be concerned?' }).click();
    await settings.getByText(/^It would have made (?:a|no) difference to/).waitFor();
    await show(page, 'risk-settings');
    await settings.getByRole('button', { name: 'Set it so' }).click();
    await settings.getByRole('button', { name: 'Set it so' }).waitFor({ state: 'detached' });
    assert.equal(await settings.getByLabel('An alert from').inputValue(), '60');

    await page.goto(`${home}settings?tab=account`);
    await page.getByRole('button', { name: /^This was me/ }).waitFor();
    await show(page, 'own-sign-ins');
    await page.getByRole('button', { name: /^This was not me/ }).click();
    await page.getByText('Choose another password').waitFor();
    await page.getByText('Not you, as you said').waitFor();
    await show(page, 'own-sign-ins-not-me');
    await page.goto(`${home}alerts`);
    await page.getByRole('link', { name: 'Alerts' }).waitFor({ state: 'detached' });
    await page.goto(`${home}settings?tab=account`);
    await page.getByRole('button', { name: 'Change it' }).click();
    await page.getByLabel('Current password').fill('copper violin summer orbit');
    await page.getByLabel('New password', { exact: true }).fill('seven copper rivers asleep');
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('Your password is changed').waitFor();
    await page.goto(`${home}alerts`);
    await page.getByText('this sign-in was not me').first().waitFor();
    await page.context().close();
  });
}
