import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { RoomUnderTest } from '../room-under-test.ts';

// One story: Ada gives a program an account and a secret, and lets the command line in by the code it shows.
let room: RoomUnderTest;

async function begin(): Promise<{ user_code: string; device_code: string }> {
  const answer = await fetch(new URL('/oauth/device_authorization', room.page.url()), {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'sallyport-cli', scope: 'alerts:read health:read' }),
  });
  assert.equal(answer.status, 200);
  const { user_code, device_code }: { user_code: string; device_code: string } = JSON.parse(await answer.text());
  return { user_code, device_code };
}

/** Told in order, in a house without service accounts. */
export function machinesRoomStory(house: () => Promise<RoomUnderTest>): void {
  before(async () => {
    room = await house();
  });

  test('a program gets an account, a secret that is shown once, and is stopped', async () => {
    const { page } = room;
    await room.visit('/people/services', 'Service accounts');
    await room.atRest('services-empty');
    await page.getByRole('button', { name: 'New service account' }).click();
    const dialog = page.getByRole('dialog', { name: 'New service account' });
    await dialog.getByLabel('Name').fill('Forwarder');
    await dialog.getByLabel('What it is for').fill('Reads alerts for the help desk');
    await dialog.getByLabel('It may').first().fill('alerts:r');
    await page.getByRole('option', { name: 'alerts:read' }).click();
    // The list of choices lies over what comes below it.
    await dialog.getByLabel('Name').click();
    await dialog.getByRole('button', { name: 'Make the account' }).click();
    const panel = page.getByRole('complementary', { name: 'Service account Forwarder' });
    await panel.waitFor();
    await panel.getByRole('button', { name: 'Add a credential' }).click();
    const credential = page.getByRole('dialog', { name: 'A credential for Forwarder' });
    await credential.getByLabel('Kind').selectOption('secret');
    await credential.getByLabel('Name').fill('Production');
    await credential.getByRole('button', { name: 'Add it' }).click();
    const secret = await credential.getByText(/^sps_/).textContent();
    assert.match(secret ?? '', /^sps_[\w-]{43}$/);
    await credential.getByRole('button', { name: 'Done' }).click();
    await panel.getByText('Secret: Production').waitFor();
    assert.equal(await page.getByText(secret ?? '', { exact: true }).count(), 0);
    await room.atRest('services-account');
    await panel.getByRole('button', { name: 'Stop it' }).click();
    await panel.getByText('Stopped').waitFor();
  });

  test('the command line is let in by the code it shows, with what it asks for and from where; and ended', async () => {
    const { page } = room;
    const { user_code: code } = await begin();
    await room.visit(`/device?code=${code}`, 'Device sign-in');
    await page.getByText('Only if you started it yourself, just now').waitFor();
    await page.getByText('alerts:read, health:read').waitFor();
    await room.atRest('device-question');
    await page.getByRole('button', { name: 'Let it in', exact: true }).click();
    await page.getByText('The program is let in. You can go back to it.').waitFor();
    const { user_code: other } = await begin();
    await page.getByLabel('Code that the program shows').fill(other.toLowerCase().replace('-', ''));
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Do not let it in' }).click();
    await page.getByText('The program was not let in.').waitFor();
    await page.getByLabel('Code that the program shows').fill('BCDF-GHJK');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page
      .getByText(/Cannot find this code/)
      .first()
      .waitFor();
    await room.atRest('device-unknown-code');
  });

  test('a key is given another secret, and the list says how long the old one works', async () => {
    const { page } = room;
    await room.visit('/settings', 'Settings');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('dialog', { name: 'New API key' }).getByLabel('Name').fill('web-1');
    await page.getByRole('button', { name: 'Create the key' }).click();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Rotate web-1' }).click();
    const dialog = page.getByRole('dialog', { name: 'Rotate “web-1”' });
    await dialog.getByRole('button', { name: 'Make another secret' }).click();
    assert.match((await dialog.getByText(/^sp_/).textContent()) ?? '', /^sp_\w+$/);
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByText('the secret of before works until').waitFor();
    assert.deepEqual(room.faults, []);
  });
}
