import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { addPasskeyDevice, seriousFaults } from '../browser.ts';
import { moveIn } from '../move-in.ts';
import { lookAt } from '../look-at.ts';
import type { RoomUnderTest } from '../room-under-test.ts';

// One story, told in order: each test goes on where the one before it stopped.
let room: RoomUnderTest;
let ada: Page;
let bob: Page;
let nina: Page;

const hostile = 'Change 4711 <img src=x onerror="document.title=1"> of the gate';

async function go(page: Page, path: string): Promise<void> {
  await page.goto(new URL(path, ada.url()).href);
  await page.getByRole('heading', { level: 1, name: 'Requests' }).waitFor();
}

const look = (page: Page, name: string): Promise<void> => lookAt(page, name, room.pictures);

/** Both codes from the sheet that shows them once, which says what they open it with. */
async function keepCodes(page: Page, words: string): Promise<string[]> {
  const sheet = page.getByRole('dialog', { name: 'Sealed codes' });
  await sheet.getByText(words).first().waitFor();
  const codes = await sheet.locator('.sealed-code').allTextContents();
  assert.equal(codes.length, 2);
  await sheet.getByLabel('Both are on paper, in two envelopes').check();
  await sheet.getByRole('button', { name: 'Done' }).click();
  return codes;
}

/** Told in order, in a house in which nobody asked for a right yet. */
export function requestsPageStory(house: () => Promise<RoomUnderTest>): void {
  before(async () => {
    room = await house();
    ada = room.page;
    bob = await moveIn(room, 'Bob', 'admin');
    nina = await moveIn(room, 'Nina', 'analyst');
  });

  test('A right is asked for by what somebody lacks, with what it brings in words', async () => {
    await go(nina, '/people/requests?ask=1&for=keys:manage');
    const dialog = nina.getByRole('dialog');
    await dialog.getByText('You need somebody’s approval to make and end API keys.').waitFor();
    await dialog.getByText(/^Grave:/).waitFor();
    await dialog.getByText('2 people approve it.').waitFor();
    await dialog.getByLabel('Why').fill(hostile);
    await dialog.getByRole('button', { name: 'Ask', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await nina.getByText('Waits for approval: 0 of 2').waitFor();
    await nina.getByText(hostile).waitFor();
  });

  test('Two people see all there is to see and approve; the requester takes it up and sees it run', async () => {
    for (const [page, name] of [
      [ada, 'Ada'],
      [bob, 'Bob'],
    ] as const) {
      await go(page, '/people/requests');
      await page.getByRole('button', { name: 'Look and decide' }).click();
      const panel = page.getByRole('complementary');
      await panel.getByText(`“${hostile}”`).waitFor();
      await panel.getByText('Own roles').waitFor();
      await panel
        .getByText(/of 100/)
        .first()
        .waitFor();
      if (name === 'Ada') await room.atRest('request-to-decide');
      await panel.getByLabel('A note').fill('agreed by telephone');
      await panel.getByRole('button', { name: 'Approve' }).click();
      await panel.getByText(`${name} approved`).waitFor();
    }
    await go(nina, '/people/requests?view=mine');
    await nina.getByRole('button', { name: 'Take up now' }).click();
    const banner = nina.getByRole('status').filter({ hasText: 'For now you are Administrator' });
    await banner.getByRole('timer').waitFor();
    await nina.getByRole('link', { name: 'Settings' }).first().click();
    await nina.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();

    // Another window of hers, which does not hear yet that it is over: what it refuses says what is missing, and who gives it.
    const stale = await nina.context().newPage();
    stale.setDefaultTimeout(60_000);
    await stale.goto(new URL('/people', ada.url()).href);
    await stale.getByLabel('Their name').fill('Vera');
    for (const path of ['**/v1/live*', '**/v1/session']) await stale.route(path, (route) => route.abort());
    await banner.getByRole('button', { name: 'End it now' }).click();
    await banner.waitFor({ state: 'detached' });
    await stale.getByRole('button', { name: 'Make a link' }).click();
    const notice = stale.getByRole('alert').filter({ hasText: 'You may not change accounts and roles' });
    await notice.getByText('Whoever is Administrator can approve it for a time.').waitFor();
    assert.deepEqual(await seriousFaults(stale), []);
    await notice.getByRole('link', { name: 'Ask for the right to change accounts and roles' }).click();
    await stale.getByRole('dialog').getByText('You need somebody’s approval to change accounts and roles.').waitFor();
    await stale.close();
  });

  test('What was done is looked at by somebody else, and said to be proper', async () => {
    await go(ada, '/people/requests?view=inbox');
    await ada.getByRole('button', { name: 'Review' }).click();
    const panel = ada.getByRole('complementary');
    await panel.getByText(/\d+ records/).waitFor();
    await panel.getByLabel('What you found').fill('only what was asked for');
    await panel.getByRole('button', { name: 'It was proper' }).click();
    await panel.getByText('Ada found it proper: only what was asked for').waitFor();
  });

  test('The rules are read, a separation is switched off and on', async () => {
    await go(ada, '/people/requests?view=rules');
    await ada.getByText('Nobody does now.').waitFor();
    await ada.getByRole('button', { name: 'Turn off “Auditing and administering”' }).click();
    await ada.getByRole('button', { name: 'Turn on “Auditing and administering”' }).click();
    await ada.getByRole('button', { name: 'Turn off “Auditing and administering”' }).waitFor();
    await room.atRest('request-rules');
  });

  test('A break-glass account is prepared on paper, opened with both codes, and seen by everybody who must know', async () => {
    await go(ada, '/people/requests?view=break-glass');
    await ada.getByRole('button', { name: 'Prepare an account…' }).click();
    await ada.getByLabel('What it is called').fill('safe in the basement');
    await ada.getByRole('button', { name: 'Prepare it' }).click();
    const sheet = ada.getByRole('dialog', { name: 'Sealed codes' });
    const pages = sheet.getByRole('article');
    await pages.first().waitFor();
    const codes = await pages.locator('.sealed-code').allTextContents();
    assert.equal(codes.length, 2);
    await room.atRest('sealed-codes');
    await sheet.getByLabel('Both are on paper, in two envelopes').check();
    await sheet.getByRole('button', { name: 'Done' }).click();
    await ada.getByText('Sealed', { exact: true }).waitFor();
    await room.atRest('break-glass-accounts');

    const context = await room.browser.newContext({ viewport: { width: 1440, height: 900 } });
    const outside = await context.newPage();
    outside.setDefaultTimeout(60_000);
    await outside.goto(new URL('/sign-in', ada.url()).href);
    await outside.getByRole('link', { name: 'Break the glass' }).click();
    await outside.getByLabel('Code of the first envelope').fill(codes[0] ?? '');
    await outside.getByLabel('Code of the second envelope').fill((codes[1] ?? '').toLowerCase());
    await outside.getByLabel('Who you are').fill('Grace');
    await outside.getByLabel('Why').fill('Every administrator is on the same flight');
    await outside.getByRole('button', { name: 'Break the glass' }).click();
    await outside.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await outside.getByText('For now you are Administrator').waitFor();

    const alarm = ada.getByRole('alert').filter({ hasText: 'Break-glass is open' });
    await alarm.waitFor();
    await room.atRest('break-glass-open');
    await alarm.getByRole('link', { name: 'Look at it' }).click();
    await ada.getByRole('complementary').getByRole('button', { name: 'End it now' }).click();
    await alarm.waitFor({ state: 'detached' });
    await ada.getByText('is not sealed again').waitFor();
    await outside.reload();
    await outside.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  });

  test('A security key takes the place of one envelope: added, tried, and then needed to come in', async () => {
    // Ada at a desk of hers where nothing but the new key is plugged in.
    const desk = await ada.context().newPage();
    desk.setDefaultTimeout(60_000);
    const key = await addPasskeyDevice(ada.context(), desk, { transport: 'usb' });
    await go(desk, '/people/requests?view=break-glass');
    await desk.getByRole('button', { name: 'Add a security key…' }).click();
    let dialog = desk.getByRole('dialog', { name: 'A security key for “safe in the basement”' });
    await dialog.getByLabel('What it is called').fill('blue key');
    await look(desk, 'break-glass-add-key');
    await dialog.getByRole('button', { name: 'Plug it in and add it' }).click();
    await dialog.waitFor({ state: 'detached' });
    await desk.getByText('Opens with both codes, or a code and a security key.').waitFor();
    await desk.getByRole('button', { name: 'What opens it…' }).click();
    dialog = desk.getByRole('dialog', { name: 'What opens “safe in the basement”' });
    await dialog.getByLabel('A code and a security key, never the codes alone').check();
    await look(desk, 'break-glass-opening');
    await dialog.getByRole('button', { name: 'Make new codes' }).click();
    const made = await keepCodes(desk, 'With a security key of this account, and never without,');
    await desk.getByText('Opens with a code and a security key, never with the codes alone.').waitFor();
    await look(desk, 'break-glass-keys');

    await desk.getByRole('button', { name: 'Try it…' }).click();
    dialog = desk.getByRole('dialog', { name: 'Try “safe in the basement”' });
    await dialog.getByLabel('Code of the envelope').fill(made[1] ?? '');
    await look(desk, 'break-glass-try');
    await dialog.getByRole('button', { name: 'Try it' }).click();
    const codes = await keepCodes(desk, 'never without');

    // Whoever finds the key alone, or both envelopes, is not in.
    const context = await room.browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
    const outside = await context.newPage();
    outside.setDefaultTimeout(60_000);
    await key.plugInto(context, outside);
    await outside.goto(new URL('/sign-in', ada.url()).href);
    await outside.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await outside.getByText(/Cannot accept the passkey/).waitFor();
    await outside.getByRole('link', { name: 'Break the glass' }).click();
    await outside.getByLabel('Code of the first envelope').fill(codes[0] ?? '');
    await outside.getByLabel('Code of the second envelope').fill(codes[1] ?? '');
    await outside.getByLabel('Who you are').fill('Grace');
    await outside.getByLabel('Why').fill('The building is on fire');
    await outside.getByRole('button', { name: 'Break the glass' }).click();
    await outside.getByText('must be one of them and a passkey of the account').waitFor();
    // The key is what was missing: it is asked for now, and what was typed stays.
    assert.equal(await outside.getByLabel('One envelope and a security key').isChecked(), true);
    await look(outside, 'break-glass-room');
    await outside.getByRole('button', { name: 'Break the glass' }).click();
    await outside.getByText('For now you are Administrator').waitFor();
    await outside.goto(new URL('/settings?tab=account', ada.url()).href);
    await outside.getByText('with a sealed code and passkey', { exact: true }).waitFor();
    await outside.getByRole('button', { name: 'End it now' }).click();
    await outside.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();

    await desk.getByRole('button', { name: 'Remove blue key…' }).click();
    dialog = desk.getByRole('dialog', { name: 'Remove “blue key”?' });
    await dialog.getByRole('button', { name: 'Remove it' }).click();
    await dialog.getByText('Cannot remove the last passkey').waitFor();
    await desk.close();
    await Promise.all([bob, nina, outside].map((page) => page.context().close()));
    assert.deepEqual(room.faults, []);
  });
}
