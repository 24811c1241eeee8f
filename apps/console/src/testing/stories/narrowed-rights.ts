import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { addPasskeyDevice } from '../browser.ts';
import type { RoomUnderTest } from '../room-under-test.ts';

// One story, told in order: each test goes on where the one before it stopped.
let room: RoomUnderTest;
let ada: Page;
let gus: Page;

/** One of a list to choose from, which lies over what comes below it until something else is clicked. */
async function choose(
  dialog: Locator,
  chosen: { readonly from: string; readonly name: string; readonly next: string },
): Promise<void> {
  await dialog.getByLabel(chosen.from).first().fill(chosen.name);
  await ada.getByRole('option', { name: chosen.name, exact: true }).click();
  await dialog.getByLabel(chosen.next).first().click();
}

/** Somebody with a passkey and a browser of their own. */
async function accept(link: string): Promise<Page> {
  const context = await room.browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  const other = await context.newPage();
  other.setDefaultTimeout(60_000);
  await addPasskeyDevice(context, other);
  await other.goto(new URL(`/invitation#${link.split('#')[1] ?? ''}`, ada.url()).href);
  await other.getByLabel('Password', { exact: true }).fill('copper violin summer orbit');
  await other.getByRole('button', { name: 'Continue' }).click();
  await other.getByRole('button', { name: /Use a passkey/ }).click();
  await other.getByLabel(/I have kept them/).check();
  await other.getByRole('button', { name: 'Continue' }).click();
  await other.getByRole('heading', { level: 1 }).first().waitFor();
  return other;
}

/** Told in order, in a house in which nobody waits for approval. */
export function narrowedRightsStory(house: () => Promise<RoomUnderTest>): void {
  before(async () => {
    room = await house();
    ada = room.page;
    for (const site of ['North gate', 'Yard']) {
      const body = JSON.stringify({ name: `Camera at ${site}`, site });
      const headers = { 'content-type': 'application/json' };
      const made = await room.server.askLocally({ method: 'POST', path: '/v1/devices/streams', headers, body });
      assert.ok(made.status < 300, made.text);
    }
  });

  test('Somebody is invited for one site, and may ask for more there alone', async () => {
    await room.visit('/people', 'People & access');
    await ada.getByLabel('Their name').fill('Gus');
    await ada.getByLabel('Role', { exact: true }).selectOption('guard');
    await ada.getByLabel('Only at a site').fill('North gate');
    await ada.getByRole('button', { name: 'Make a link' }).click();
    const link = ada.getByText(/invitation#/).first();
    await link.waitFor();
    await room.atRest('invite-at-a-site');
    gus = await accept((await link.textContent()) ?? '');
    await ada.reload();
    await ada.getByRole('list', { name: 'Roles of Gus at sites' }).getByText('Guard at North gate').waitFor();

    await gus.goto(new URL('/people/requests', ada.url()).href);
    await gus.getByRole('button', { name: 'Ask for a right' }).click();
    const dialog = gus.getByRole('dialog');
    await dialog.getByText('There is no role you may ask for.').waitFor();
    await dialog.getByLabel('Only at a site').fill('North gate');
    await dialog.getByLabel('Role', { exact: true }).waitFor();
    await dialog.getByLabel('Only some of what it brings').check();
    await dialog.getByLabel('change cameras').uncheck();
    await dialog.getByLabel('Why').fill('The police ask for last night');
    await dialog.getByRole('button', { name: 'Ask', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await gus.getByText(/^To take recordings out at North gate, as Analyst for 1 hour/).waitFor();
  });

  test('Whoever approves sees exactly how much it is', async () => {
    await ada.goto(new URL('/people/requests?view=inbox', ada.url()).href);
    await ada.getByRole('button', { name: 'Look and decide' }).click();
    const panel = ada.getByRole('complementary');
    await panel
      .getByText('Only this, of what the role brings: Analyst, at the site “North gate” and nowhere else.')
      .waitFor();
    await panel.getByText('Guard at North gate').waitFor();
    await room.atRest('part-of-a-role');
    await panel.getByRole('button', { name: 'Approve' }).click();
    await panel.getByText('Ada approved').waitFor();
    await gus.goto(new URL('/people/requests?view=mine', ada.url()).href);
    await gus.getByRole('button', { name: 'Take up now' }).click();
    await gus.getByText('For now you may take recordings out at North gate.').waitFor();
  });

  test('A key is made for one site and shown as that; what knows no site is not offered with it', async () => {
    await room.visit('/settings', 'Settings');
    await ada.getByRole('button', { name: 'New key' }).click();
    const dialog = ada.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Wall of the gate');
    await dialog.getByLabel('cameras:read').check();
    await dialog.getByLabel('Only at these sites').fill('North gate');
    await dialog.getByLabel('Only at these sites').press('Enter');
    await dialog.getByLabel('Only at these sites').press('Tab');
    assert.equal(await dialog.getByLabel('events:write').isDisabled(), true);
    await room.atRest('key-for-a-site');
    await dialog.getByRole('button', { name: 'Create the key' }).click();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await ada.getByText(/cameras:read · only at North gate/).waitFor();
    await room.atRest('keys-at-sites');
  });

  test('A service account is made for a site and shown as that', async () => {
    await room.visit('/people/services', 'Service accounts');
    await ada.getByRole('button', { name: 'New service account' }).first().click();
    const dialog = ada.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Recorder');
    await dialog.getByLabel('Only at these sites').fill('Yard');
    await dialog.getByLabel('Only at these sites').press('Enter');
    await dialog.getByLabel('Only at these sites').press('Tab');
    await choose(dialog, { from: 'It may', name: 'cameras:read', next: 'Name' });
    await dialog.getByRole('button', { name: 'Make the account' }).click();
    await ada.getByText(/1 permission at Yard/).waitFor();
  });

  test('Who asks, who approves and what nobody may hold together are changed where they are shown', async () => {
    await ada.goto(new URL('/people/requests?view=rules', ada.url()).href);
    await ada.getByRole('button', { name: 'Change who asks for Auditor' }).click();
    let dialog = ada.getByRole('dialog');
    await dialog.getByRole('group', { name: 'Who may ask' }).getByLabel('Guard').check();
    await dialog.getByLabel('How many approve').selectOption('2');
    await room.atRest('role-rule');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await ada.getByText('Viewer, Guard').waitFor();
    await ada.getByRole('button', { name: 'Add a rule…' }).click();
    dialog = ada.getByRole('dialog');
    await dialog.getByLabel('What it is called').fill('Watching and exporting');
    await dialog.getByLabel('Why').fill('Who watches takes nothing out');
    await choose(dialog, { from: 'Whoever has one of these', name: 'Guard', next: 'What it is called' });
    await choose(dialog, { from: 'must have none of these', name: 'Auditor', next: 'What it is called' });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await ada.getByText('Who watches takes nothing out').waitFor();
    await room.atRest('rules-edited');
    await ada.getByRole('button', { name: 'Remove “Watching and exporting”' }).click();
    await ada.getByText('Who watches takes nothing out').waitFor({ state: 'detached' });
  });

  test('Nothing is offered to whoever may ask for nothing; a refusal says what is missing and who gives it', async () => {
    // The administrator has all there is.
    await ada.getByRole('button', { name: 'Add a rule…' }).waitFor();
    assert.equal(await ada.getByRole('button', { name: 'Ask for a right' }).count(), 0);
    assert.deepEqual(room.faults, []);
    await gus.context().close();
  });
}
