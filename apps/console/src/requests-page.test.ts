import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { addPasskeyDevice } from './testing/browser.ts';
import { openRoom } from './testing/room-under-test.ts';
import type { RoomUnderTest } from './testing/room-under-test.ts';

// One story, told in order: each test goes on where the one before it stopped.
let room: RoomUnderTest;
let ada: Page;
let bob: Page;
let nina: Page;

const hostile = 'Change 4711 <img src=x onerror="document.title=1"> of the gate';

before(async () => {
  room = await openRoom({ pictures: process.env['SALLYPORT_PICTURES'] });
  ada = room.page;
  bob = await moveIn('Bob', 'admin');
  nina = await moveIn('Nina', 'analyst');
});

after(async () => {
  await room.end();
});

/** Somebody with a passkey and a browser of their own. */
async function moveIn(name: string, role: string): Promise<Page> {
  const invited = await room.server.askLocally({
    method: 'POST',
    path: '/v1/invitations',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, roles: [role] }),
  });
  assert.equal(invited.status, 201, invited.text);
  const token = /invitation#([^"]+)/.exec(invited.text)?.[1] ?? '';
  const context = await room.browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  const other = await context.newPage();
  other.setDefaultTimeout(60_000);
  await addPasskeyDevice(context, other);
  await other.goto(new URL(`/invitation#${token}`, ada.url()).href);
  await other.getByLabel('Password', { exact: true }).fill('copper violin summer orbit');
  await other.getByRole('button', { name: 'Continue' }).click();
  await other.getByRole('button', { name: /Use a passkey/ }).click();
  await other.getByLabel(/I have kept them/).check();
  await other.getByRole('button', { name: 'Continue' }).click();
  await other.getByRole('heading', { name: 'Overview' }).waitFor();
  return other;
}

async function go(page: Page, path: string): Promise<void> {
  await page.goto(new URL(path, ada.url()).href);
  await page.getByRole('heading', { level: 1, name: 'Requests' }).waitFor();
}

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
  await banner.getByRole('button', { name: 'End it now' }).click();
  await banner.waitFor({ state: 'detached' });
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
  assert.deepEqual(room.faults, []);
});
