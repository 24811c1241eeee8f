import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ageProofs } from '@sallyport/identity/testing';
import { openIdClientId, openIdClientSecret, startOpenIdProvider } from '@sallyport/testing/open-id-provider';
import type { BrowserContext, Page } from 'playwright-core';
import { lookAt } from '../look-at.ts';
import type { RoomUnderTest } from '../room-under-test.ts';

let room: RoomUnderTest;

async function newPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  return page;
}

const show = (page: Page, name: string): Promise<void> => lookAt(page, name, room.pictures);

/** In a house without providers; Ada looks after them. */
export function signInProviderStory(house: () => Promise<RoomUnderTest>): void {
  test('A provider is set up, tried, and lets somebody in who has no account; when they sign out there, they are out here', async () => {
    await using idp = await startOpenIdProvider();
    room = await house();
    const { page } = room;
    const context = page.context();
    const home = new URL('/', page.url()).href;

    await page.goto(`${home}people/providers`);
    await page.getByRole('heading', { name: 'Which one?' }).waitFor();
    await show(page, 'providers-choose');
    await page.getByRole('button', { name: /Another OpenID provider/ }).click();
    await page.getByLabel('Name on the button').fill('Example');
    await page.getByLabel('Issuer').fill(idp.issuer);
    await page.getByLabel('Client id').fill(openIdClientId);
    await page.getByLabel('Client secret', { exact: true }).fill(openIdClientSecret);
    await page.getByLabel('Claim with the groups').fill('groups');
    await page.getByRole('button', { name: 'Map a group' }).click();
    await page.getByLabel('Group 1, exactly').fill('soc');
    await page.getByLabel('Role of group 1').selectOption('analyst');
    await page.getByLabel('As two factors: the provider asks for them always').check();
    await page.getByText('More settings').click();
    await page.getByLabel('It is in our own network, or on this machine').check();
    await show(page, 'providers-form');
    await page.getByRole('button', { name: 'Add, to be tried first' }).click();

    // What could let the wrong people in must be meant.
    const add = page.getByRole('button', { name: 'Add, to be tried first' });
    await page.getByText('Do you mean this?').waitFor();
    assert.equal(await add.isDisabled(), true);
    await show(page, 'providers-warnings');
    await page.getByLabel(/Its word alone counts as two factors/).check();
    await page.getByLabel(/addresses of your own network/).check();
    await add.click();

    const card = page.getByRole('region', { name: 'Example' });
    const redirect = (await card.getByText(/\/sign-in\/provider\/\w+$/).textContent()) ?? '';
    const logout = (await card.getByText(/\/v1\/providers\/\w+\/logout$/).textContent()) ?? '';
    assert.ok(redirect.startsWith(home), redirect);
    idp.register({
      redirect_uris: [redirect],
      backchannel_logout_uri: logout,
      backchannel_logout_session_required: true,
    });
    idp.signInAs({ sub: 'subject-1', preferred_username: 'grace', name: 'Grace H.', groups: ['soc', 'admin'] });
    await show(page, 'providers');

    // A real sign-in that signs nobody in.
    await card.getByRole('button', { name: 'Test' }).click();
    await page.getByText(/It says of itself what the settings say/).waitFor();
    const opened = context.waitForEvent('page');
    await page.getByRole('link', { name: 'Try to sign in, in another tab' }).click();
    const tab = await opened;
    await tab.getByRole('heading', { name: 'Trial of Example' }).waitFor();
    assert.equal(new URL(tab.url()).search, '', 'the code does not stay in the address');
    await show(tab, 'provider-trial');
    await tab.close();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('A new account would be made for them').waitFor();
    assert.match(
      (await dialog
        .getByRole('listitem')
        .filter({ hasText: /^admin/ })
        .textContent()) ?? '',
      /nothing/,
    );
    await show(page, 'provider-test');
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await card.getByRole('button', { name: 'Offer it on the sign-in page' }).click();
    await card.getByText('On the sign-in page', { exact: true }).waitFor();

    // Somebody who has no account here, in a browser of their own, on their way to a page.
    const own = await newPage(await room.browser.newContext({ reducedMotion: 'reduce' }));
    await own.goto(`${home}alerts?state=new`);
    await own.getByRole('button', { name: 'Sign in with Example' }).waitFor();
    await show(own, 'sign-in-with-provider');
    await own.getByRole('button', { name: 'Sign in with Example' }).click();
    await own.getByRole('heading', { name: 'Alerts' }).waitFor();
    assert.equal(new URL(own.url()).search, '?state=new');
    const me = await own.evaluate<{
      user: { id: string; name: string; roles: string[] };
      session: { assurance: number };
    }>("fetch('/v1/session').then((response) => response.json())");
    assert.deepEqual([me.user.name, me.user.roles, me.session.assurance], ['grace', ['analyst'], 2]);

    // What must be proved, by somebody who has nothing to prove it with: they are told what is missing.
    ageProofs(join(room.server.dataDirectory, 'control.db'), 3_600_000, me.user.id);
    await own.goto(`${home}settings?tab=account&do=factor`);
    await own.getByText('with Example', { exact: true }).waitFor();
    await own.getByRole('button', { name: /An authenticator app/ }).click();
    await own.getByRole('button', { name: 'Show the code' }).click();
    const stepUp = own.getByRole('dialog', { name: 'Confirm that it is you' });
    await stepUp.getByText('Your account has nothing to prove this with').waitFor();
    await stepUp.getByText(/^Sign in again, and within ten minutes add/).waitFor();
    assert.equal(await stepUp.getByRole('button', { name: /Confirm|passkey/ }).count(), 0);
    await show(own, 'step-up-lacks-a-factor');
    await stepUp.getByRole('button', { name: 'Cancel' }).click();
    await stepUp.waitFor({ state: 'hidden' });

    // They sign out there: what is open here closes by itself.
    assert.equal(await idp.signOut(), 200);
    await own.getByRole('button', { name: 'Sign in with Example' }).waitFor();

    // The provider is away: the page says so, and the other ways are there.
    idp.answerInstead((_request, response) => response.writeHead(503).end());
    await card.getByRole('button', { name: 'Test' }).click();
    await page.getByText(/is answered with status 503/).waitFor();
    await show(page, 'provider-away');

    // What they are by its word stands apart from what they were given here.
    await page.goto(`${home}people`);
    const grace = page.getByRole('row').filter({ hasText: 'grace' });
    await grace.getByText('Analyst by the provider they sign in with').waitFor();
    assert.equal(await grace.getByLabel('Role of grace').inputValue(), '');
    await show(page, 'people-with-provided-roles');

    // A reset keeps what they sign in with elsewhere only when it is said so.
    await grace.getByRole('button', { name: 'Reset grace' }).click();
    const reset = page.getByRole('dialog', { name: 'Reset grace?' });
    const keeps = reset.getByLabel('Keep what they sign in with elsewhere: Example as grace');
    assert.equal(await keeps.isChecked(), false);
    await keeps.check();
    await show(page, 'reset-with-links');
    const linksOf = `fetch('/v1/provider-links?user=${me.user.id}').then((response) => response.json())`;
    await reset.getByRole('button', { name: 'Reset grace' }).click();
    await reset.getByRole('button', { name: 'Done' }).click();
    assert.equal((await page.evaluate<{ links: unknown[] }>(linksOf)).links.length, 1);
    await grace.getByText('Analyst by the provider they sign in with').waitFor();
    await grace.getByRole('button', { name: 'Reset grace' }).click();
    await reset.getByRole('button', { name: 'Reset grace' }).click();
    await reset.getByRole('button', { name: 'Done' }).click();
    assert.equal((await page.evaluate<{ links: unknown[] }>(linksOf)).links.length, 0);
    await grace.getByText('by the provider they sign in with').waitFor({ state: 'detached' });
    await own.context().close();
  });
}
