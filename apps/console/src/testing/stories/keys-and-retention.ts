import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { addPasskeyDevice } from '../browser.ts';
import type { RoomUnderTest } from '../room-under-test.ts';

let room: RoomUnderTest;
let page: Page;
const dialog = () => page.getByRole('dialog');
const signedIn = (name: string) => ({
  class_uid: 3002,
  category_uid: 3,
  activity_id: 1,
  type_uid: 300_201,
  severity_id: 1,
  time: Date.now(),
  metadata: { version: '1.8.0', product: { name: 'door' } },
  user: { name },
  message: `${name} signed in`,
});

/** Says why, and goes on; the dialog is gone once it was done. */
async function confirm(reason: string, button: string): Promise<void> {
  await dialog().getByLabel('Why').fill(reason);
  await dialog().getByRole('button', { name: button, exact: true }).click();
  await dialog().waitFor({ state: 'detached' });
}

/** A second administrator with a passkey of their own, in a browser of their own. */
async function secondPerson(): Promise<Page> {
  const invited = await room.server.askLocally({
    method: 'POST',
    path: '/v1/invitations',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Bob', roles: ['admin'] }),
  });
  assert.equal(invited.status, 201, invited.text);
  const token = /invitation#([^"]+)/.exec(invited.text)?.[1] ?? '';
  const context = await room.browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  const other = await context.newPage();
  other.setDefaultTimeout(60_000);
  await addPasskeyDevice(context, other);
  await other.goto(new URL(`/invitation#${token}`, page.url()).href);
  await other.getByLabel('Password', { exact: true }).fill('copper violin summer orbit');
  await other.getByRole('button', { name: 'Continue' }).click();
  await other.getByRole('button', { name: /Use a passkey/ }).click();
  await other.getByLabel(/I have kept them/).check();
  await other.getByRole('button', { name: 'Continue' }).click();
  await other.getByRole('heading', { name: 'Overview' }).waitFor();
  return other;
}

async function sign(by: Page): Promise<void> {
  await by.getByRole('button', { name: 'Sign…' }).click();
  const exact = by.getByRole('dialog');
  await exact.getByText(/^[0-9a-f]{64}$/).waitFor();
  await exact.getByRole('button', { name: 'Sign with a passkey' }).click();
  await exact.waitFor({ state: 'detached' });
}

/** Told in order, in a house whose destruction waits for nothing. */
export function keysAndRetentionStory(house: () => Promise<RoomUnderTest>): void {
  before(async () => {
    room = await house();
    page = room.page;
  });

  test('The hierarchy of keys is opened by keyboard; a key is suspended and used again', async () => {
    const picture = page.getByRole('group', { name: 'Hierarchy of keys' });
    const panel = page.getByRole('complementary');
    await room.visit('/keys', 'Keys');
    await picture.getByRole('button', { name: /Epoch 1/ }).waitFor();
    await page.getByText('A file can be copied without a trace').waitFor();
    await room.atRest('keys');
    await picture.getByRole('button', { name: 'Class “audit”' }).focus();
    await page.keyboard.press('Enter');
    await panel
      .getByRole('button', { name: /^audit, / })
      .first()
      .press('Enter');
    await page.getByRole('button', { name: 'Suspend…' }).click();
    await confirm('trying it out', 'Suspend');
    await panel.getByText('trying it out').waitFor();
    await room.atRest('keys-panel', ['dark']);
    await page.getByRole('button', { name: 'Use again…' }).click();
    await confirm('tried', 'Use again');
    // Nothing has the focus, as when what had it went with a dialog.
    await page.evaluate('document.activeElement.blur()');
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
  });

  test('An epoch is replaced while the page is left; both copies are checked; the inventory says how it knows', async () => {
    await page.getByRole('button', { name: 'New epoch…' }).click();
    await confirm('once a year', 'Make a new epoch');
    await room.visit('/ledger', 'Ledger');
    await room.visit('/keys', 'Keys');
    await page.getByText('A new epoch is in use').waitFor();
    await page.getByRole('button', { name: /Epoch 2/ }).waitFor();
    await page.getByRole('button', { name: 'Check both copies' }).click();
    await page.getByText('every key opens').waitFor();
    await page.getByText('All keys').click();
    await page.getByLabel('State').selectOption('retired');
    await page.getByRole('list', { name: 'Keys', exact: true }).getByText('Epoch 1').waitFor();
    await page.getByText('Inventory', { exact: true }).click();
    await page.getByRole('heading', { name: 'Inventory' }).waitFor();
    await page
      .getByText(/^Read just now from/)
      .first()
      .waitFor();
    await room.atRest('keys-inventory', ['dark']);
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CycloneDX (CBOM)' }).click(),
    ]);
    assert.equal(file.suggestedFilename(), 'sallyport.cbom.cdx.json');
  });

  test('What names a person is declared, the person found and an erasure asked for', async () => {
    const elsewhere = join(room.server.directory, 'kept-elsewhere');
    mkdirSync(elsewhere);
    const archive = await room.server.askLocally({
      method: 'PUT',
      path: '/v1/archive/settings',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ place: { kind: 'directory', path: elsewhere } }),
    });
    assert.equal(archive.status, 200, archive.text);
    await room.visit('/retention', 'Retention');
    await page.getByRole('list', { name: 'Classes' }).getByText('audit', { exact: true }).waitFor();
    await room.atRest('retention-classes');
    await page.getByText('Personal data', { exact: true }).click();
    await page.getByText('Nothing is declared').waitFor();
    await page.getByRole('switch', { name: 'Seal user names for each person' }).press('Space');
    await page.getByText(/with a key of their own/).waitFor();
    const sent = await room.server.ask({
      method: 'POST',
      path: '/v1/events',
      headers: { 'content-type': 'application/json' },
      key: room.server.keys().ingest,
      body: JSON.stringify(signedIn('mallory')),
    });
    assert.ok(sent.status < 300, sent.text);
    await room.server.caughtUp();
    await room.visit('/entities', 'Entities');
    await page.getByText('Person', { exact: true }).first().click();
    await page.getByRole('button', { name: 'mallory' }).press('Enter');
    const panel = page.getByRole('complementary', { name: 'mallory' });
    await panel.getByText('still learning', { exact: false }).waitFor();
    await panel.getByRole('img', { name: /^Activity: / }).waitFor();
    await room.atRest('entities', ['dark']);
    await panel.press('Escape');
    await panel.waitFor({ state: 'detached' });
    await room.visit('/retention', 'Retention');
    await page.getByText('Personal data', { exact: true }).click();
    await page.getByLabel('Name', { exact: true }).fill('mallory');
    await page.getByRole('button', { name: 'Find', exact: true }).click();
    await page.getByText('1 entry names this person').waitFor();
    await room.atRest('retention-person', ['light']);
    await page.getByRole('button', { name: 'Hold this person…' }).click();
    await dialog().getByLabel('Name of the case').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'They ask for erasure…' }).click();
    await confirm('ticket 118', 'Ask for the erasure');
    await page.getByRole('button', { name: 'Steps and signatures' }).click();
    await page.getByText('Nobody can sign a destruction yet').waitFor();
  });

  test('Two people enrol and sign the same list with a passkey each; it is destroyed, kept elsewhere and certified', async () => {
    await page.getByRole('button', { name: 'Enrol my passkey' }).click();
    await page.getByText('A second person is missing').waitFor();
    const bob = await secondPerson();
    await bob.goto(page.url());
    await bob.getByRole('button', { name: 'Enrol my passkey' }).click();
    await sign(page);
    await page.getByText('You have signed.').waitFor();
    await room.atRest('retention-signed', ['dark']);
    await sign(bob);
    await bob.context().close();
    // The page moves by itself while it is open.
    await page.getByText('nobody can bring them back here').waitFor();
    const certificate = page.getByRole('button', { name: 'Download the certificate' });
    await certificate.waitFor();
    await room.atRest('retention-destroyed', ['light']);
    const [file] = await Promise.all([page.waitForEvent('download'), certificate.click()]);
    assert.match(file.suggestedFilename(), /^destruction-[0-9a-f]{32}\.json$/);
    await page.getByText('Personal data', { exact: true }).click();
    await page.getByRole('list', { name: 'Requests' }).getByText('Erasure: a person').waitFor();
    await room.visit('/entities?kind=user', 'Entities');
    // What was learnt goes with the person; those who erased them stay.
    await page.getByRole('button', { name: 'Bob' }).waitFor();
    await page.getByRole('button', { name: 'mallory' }).waitFor({ state: 'detached' });
  });

  test('A hold is placed by one person, and a shorter keeping waits for two', async () => {
    await room.visit('/retention', 'Retention');
    await page.getByText('Holds', { exact: true }).click();
    await page.getByRole('button', { name: 'Place a hold' }).click();
    await dialog().getByLabel('Name').fill('Case 7');
    await dialog().getByLabel('audit').check();
    await confirm('an inquiry', 'Place it');
    await page.getByRole('list', { name: 'Legal holds' }).getByText('all days, also those to come').waitFor();
    await page.getByText('Classes', { exact: true }).click();
    await page.getByRole('button', { name: 'Change how long events is kept' }).click();
    await dialog().getByLabel(/^Days/).fill('400');
    await dialog().getByText('two people sign it').waitFor();
    await room.atRest('retention-change', ['dark']);
    await confirm('more than a year is not needed', 'Ask for it');
    await page
      .getByRole('region', { name: 'Keep class “events” 400 days' })
      .getByText('Nobody has signed', { exact: true })
      .waitFor();
    assert.deepEqual(room.faults, []);
  });
}
