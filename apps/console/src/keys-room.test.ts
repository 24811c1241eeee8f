import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRoom } from './testing/room-under-test.ts';

test('The hierarchy is drawn and opened by keyboard; a key is suspended and used again, an epoch replaced while the page is left, both copies checked', async (context) => {
  const room = await openRoom({ pictures: process.env['SALLYPORT_PICTURES'] });
  context.after(() => room.end());
  const { page } = room;
  const picture = page.getByRole('group', { name: 'Hierarchy of keys' });
  const dialog = page.getByRole('dialog');
  await room.visit('/keys', 'Keys');
  await picture.getByRole('button', { name: /Epoch 1/ }).waitFor();
  await page.getByText('A file can be copied without a trace').waitFor();
  await room.atRest('keys');

  const group = picture.getByRole('button', { name: /Class “/ }).first();
  await group.focus();
  await page.keyboard.press('Enter');
  await page
    .getByRole('complementary')
    .getByRole('listitem')
    .getByRole('button', { name: /^audit, / })
    .first()
    .press('Enter');
  await page.getByRole('button', { name: 'Suspend…' }).click();
  await dialog.getByLabel('Why').fill('trying it out');
  await room.atRest('keys-suspend', ['light']);
  await dialog.getByRole('button', { name: 'Suspend', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('complementary').getByText('trying it out').waitFor();
  await room.atRest('keys-panel', ['dark']);
  await page.getByRole('button', { name: 'Use again…' }).click();
  await dialog.getByLabel('Why').fill('tried');
  await dialog.getByRole('button', { name: 'Use again', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  await page.getByRole('complementary').waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'New epoch…' }).click();
  await dialog.getByLabel('Why').fill('once a year');
  await dialog.getByRole('button', { name: 'Make a new epoch' }).click();
  await dialog.waitFor({ state: 'detached' });
  await room.visit('/ledger', 'Ledger');
  await room.visit('/keys', 'Keys');
  await page.getByText('A new epoch is in use').waitFor();
  await picture.getByRole('button', { name: /Epoch 2/ }).waitFor();
  await page.getByRole('button', { name: 'Check both copies' }).click();
  await page.getByText('every key opens').waitFor();
  await room.atRest('keys-epoch-two', ['light', 'dark']);

  await page.getByText('All keys').click();
  await page.getByLabel('State').selectOption('retired');
  await page.getByRole('list', { name: 'Keys', exact: true }).getByText('Epoch 1').waitFor();
  await room.atRest('keys-list', ['light']);
  assert.deepEqual(room.faults, []);
});
