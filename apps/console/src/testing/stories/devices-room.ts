import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { createDeviceUnderTest } from '@sallyport/testing/device-under-test';
import type { Page } from 'playwright-core';
import type { RoomUnderTest } from '../room-under-test.ts';

let room: RoomUnderTest;
let page: Page;
const newDevice = () => createDeviceUnderTest(room.server.address());
const dialog = () => page.getByRole('dialog');

/** Fills the form that is open, and gives the code as it stands in the link. */
async function makeCode(name: string): Promise<string> {
  await dialog().getByLabel('Name').fill(name);
  await page.keyboard.press('Enter');
  await dialog().getByText('Open the link instead').click();
  const link = await dialog().getByText('/field/#enrol=').textContent();
  return /#enrol=([\w-]{24})$/.exec(link ?? '')?.[1] ?? '';
}

/** Told in order, in a house without devices. */
export function devicesRoomStory(house: () => Promise<RoomUnderTest>): void {
  before(async () => {
    room = await house();
    page = room.page;
  });

  test('A device enrols by a code, is compared and let in without leaving the dialog, with the keyboard alone', async () => {
    await page.goto(new URL('/devices', page.url()).href);
    await page.getByRole('heading', { name: 'No device yet' }).waitFor();
    await room.atRest('devices-empty', ['light']);
    await page.getByRole('button', { name: 'Enrol a device' }).focus();
    await page.keyboard.press('Enter');
    await dialog().getByLabel('Place').fill('Pole beside the gate');
    await dialog().getByLabel('Site').fill('Mill');
    await room.atRest('devices-form', ['light']);
    const code = await makeCode('Gate, north');
    await dialog()
      .getByText(/good for 1[45]:\d\d/)
      .waitFor();
    await dialog().getByText('Only this computer can open it').waitFor();
    await room.atRest('devices-code', ['light']);

    const phone = newDevice();
    const enrolled = await phone.enrol(code, { name: 'Pixel 9', platform: 'Android 16' });
    assert.equal(enrolled.status, 200, JSON.stringify(enrolled.body));
    await page.getByRole('heading', { name: 'Is it this one?' }).waitFor();
    const blocks = dialog().getByRole('img', { name: /^Fingerprint/ });
    await blocks.waitFor();
    assert.equal(await blocks.textContent(), phone.fingerprint.replaceAll(' ', ''));
    await dialog().getByText('Pixel 9, Android 16').waitFor();
    await room.atRest('devices-decide', ['dark', 'light']);
    assert.equal((await phone.openSession()).body['code'], 'device_waiting');
    await dialog().getByRole('button', { name: 'They are the same: let it in, Gate, north' }).focus();
    await page.keyboard.press('Enter');
    await dialog().getByText('Gate, north is let in').waitFor();
    assert.match(await phone.token(), /^spd_/);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('list', { name: 'Devices that are let in' }).getByText('Pole beside the gate, Mill').waitFor();
  });

  test('One that came while nobody looked waits in the room; whose numbers differ is refused', async () => {
    await page.getByRole('button', { name: 'Enrol a device' }).click();
    const code = await makeCode('Yard');
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    const stranger = newDevice();
    const hostile = `<img src=x onerror="window.hit=1">\u202eeulb\u001b[31m ${'long'.repeat(60)}`;
    await stranger.enrol(code, { name: hostile, platform: hostile });
    await page.getByRole('heading', { name: 'Wait for your answer' }).waitFor();
    await room.atRest('devices-waiting', ['dark', 'light']);
    await page.getByRole('button', { name: 'They differ: refuse it, Yard' }).click();
    await page.getByText('1 refused or shut out').waitFor();
    assert.equal((await stranger.openSession()).body['code'], 'device_revoked');
  });

  test('A code that is withdrawn is no code any more', async () => {
    await page.getByRole('button', { name: 'Enrol a device' }).click();
    const code = await makeCode('Barn');
    await dialog().getByRole('button', { name: 'Withdraw the code' }).click();
    await page.getByRole('heading', { name: 'Enrol a device' }).waitFor();
    const late = await newDevice().enrol(code);
    assert.deepEqual([late.status, late.body['code']], [404, 'enrolment_unknown']);
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
  });

  test('A device is renamed, and shut out after the room has said what that means', async () => {
    await page.getByRole('button', { name: 'Change Gate, north' }).click();
    await dialog().getByLabel('Name').fill('Gate, east');
    await room.atRest('devices-change', ['light']);
    await dialog().getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Shut out Gate, east' }).click();
    await dialog().getByText('within two seconds').waitFor();
    await room.atRest('devices-revoke', ['light']);
    await dialog().getByRole('button', { name: 'Shut Gate, east out' }).click();
    await dialog().waitFor({ state: 'detached' });
    await page.getByText('2 refused or shut out').click();
    await page.getByRole('list', { name: 'Devices that were shut out' }).getByText('Gate, east').waitFor();
    await room.atRest('devices-end', ['light']);
  });

  test('Nothing went wrong in the page, and no text of a device ran', async () => {
    assert.deepEqual(room.faults, []);
    assert.equal(await page.evaluate('window.hit'), undefined);
  });
}
