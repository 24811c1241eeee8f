import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { addPasskeyDevice } from '../browser.ts';
import type { RoomUnderTest } from '../room-under-test.ts';

// One story, told in order: each test goes on where the one before it stopped.
let room: RoomUnderTest;
let ada: Page;
let rosa: Page;

async function askLocally(method: string, path: string, body: object): Promise<string> {
  const answer = await room.server.askLocally({
    method,
    path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.ok(answer.status < 300, answer.text);
  return answer.text;
}

/** Told in order. */
export function rolesAtSitesStory(house: () => Promise<RoomUnderTest>): void {
  before(async () => {
    room = await house();
    ada = room.page;
    for (const site of ['North gate', 'South gate'])
      await askLocally('POST', '/v1/devices/streams', { name: `Camera of ${site}`, site });
    const invited = await askLocally('POST', '/v1/invitations', {
      name: 'Rosa',
      roles: [],
      site_roles: [{ role: 'viewer', site: 'North gate' }],
    });
    const context = await room.browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
    rosa = await context.newPage();
    rosa.setDefaultTimeout(60_000);
    await addPasskeyDevice(context, rosa);
    await rosa.goto(new URL(`/invitation#${/invitation#([^"]+)/.exec(invited)?.[1] ?? ''}`, ada.url()).href);
    await rosa.getByLabel('Password', { exact: true }).fill('copper violin summer orbit');
    await rosa.getByRole('button', { name: 'Continue' }).click();
    await rosa.getByRole('button', { name: /Use a passkey/ }).click();
    await rosa.getByLabel(/I have kept them/).check();
    await rosa.getByRole('button', { name: 'Continue' }).click();
    await rosa.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  test('An administrator gives a role at a site, with the sites there are to choose from, and takes one away', async () => {
    await ada.goto(new URL('/people', ada.url()).href);
    await ada.getByRole('list', { name: 'Roles of Rosa at sites' }).getByText('Viewer at North gate').waitFor();
    await ada.getByRole('button', { name: 'Give Rosa a role at a site' }).click();
    const dialog = ada.getByRole('dialog');
    await dialog.getByLabel('Role').selectOption('guard');
    await dialog.getByLabel('Site').fill('North');
    await dialog.getByText('Nothing stands at “North” yet.').waitFor();
    await dialog.getByLabel('Site').fill('North gate');
    await dialog.getByText('It counts for the cameras').waitFor();
    await room.atRest('role-at-site');
    await dialog.getByRole('button', { name: 'Give the role' }).click();
    await ada.getByRole('list', { name: 'Roles of Rosa at sites' }).getByText('Guard at North gate').waitFor();
    await ada.getByRole('button', { name: 'Take Viewer at North gate from Rosa' }).click();
    await ada
      .getByRole('list', { name: 'Roles of Rosa at sites' })
      .getByText('Viewer at North gate')
      .waitFor({ state: 'detached' });
    await room.atRest('roles-at-sites');
    assert.deepEqual(room.faults, []);
  });

  test('Whoever is a guard of one gate finds the rooms of what stands there, and nothing of the other gate', async () => {
    await rosa.goto(new URL('/', ada.url()).href);
    const rail = rosa.getByRole('navigation').first();
    await rail.getByRole('link', { name: 'Live' }).waitFor();
    for (const name of ['Alerts', 'Search', 'Devices'])
      assert.equal(await rail.getByRole('link', { name }).count(), 1, name);
    for (const name of ['Rules', 'Sources', 'Ledger', 'Keys'])
      assert.equal(await rail.getByRole('link', { name, exact: true }).count(), 0, name);
    await rosa.goto(new URL('/devices', ada.url()).href);
    await rosa.getByText('Camera of North gate').first().waitFor();
    assert.equal(await rosa.getByText('Camera of South gate').count(), 0);
    await rosa.context().close();
  });
}
