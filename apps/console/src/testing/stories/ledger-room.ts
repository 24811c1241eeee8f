import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createWitnessUnderTest } from '@sallyport/testing/witness-under-test';
import type { RoomUnderTest } from '../room-under-test.ts';

/** In a house without a witness and an archive. */
export function ledgerRoomStory(house: () => Promise<RoomUnderTest>): void {
  test('Without a witness the room says so; one is added, asked, given the key of the log, and cosigns; seals then say who has seen it', async (context) => {
    const room = await house();
    const witness = await createWitnessUnderTest('witness.example/w1');
    context.after(() => witness.end());
    await witness.serve();
    const { page } = room;
    await room.visit('/ledger', 'Ledger');
    await page.getByText('Without a witness, nobody can notice when everything is put back together').waitFor();
    await room.atRest('ledger-no-witness', ['light']);

    await page.getByRole('button', { name: 'Add a witness' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add a witness' });
    await dialog.getByLabel('Its address').fill('https://169.254.169.254');
    await dialog.getByLabel('Its key').fill(witness.verifierKey);
    await dialog.getByRole('button', { name: 'Add and ask it' }).click();
    await dialog.getByText('it leads where no witness is').waitFor();
    await room.atRest('ledger-add-witness', ['dark']);
    await dialog.getByLabel('Its address').fill(witness.url());
    await dialog.getByRole('button', { name: 'Add and ask it' }).click();
    const answered = page.getByRole('dialog', { name: 'witness.example/w1 is added' });
    await answered.getByText('Does not know the log', { exact: true }).waitFor();
    await answered.getByRole('button', { name: 'Done' }).click();
    await page.getByText('Not witnessed yet').waitFor();

    const row = page.getByRole('list', { name: 'Witnesses' }).getByRole('listitem');
    const key = /'(.+)'/.exec((await row.locator('code').textContent()) ?? '')?.[1] ?? '';
    await witness.trust(key);
    await row.getByRole('button', { name: 'Ask now' }).click();
    await row.getByText('Cosigns', { exact: true }).waitFor();
    await room.atRest('ledger-witnessed');

    // An entry it has seen says so, on its seal and in a page that needs no server.
    await page.goto(new URL('/verify?at=1/0', page.url()).href);
    await page.getByRole('heading', { name: 'Every check passes' }).waitFor();
    await page.getByText(/Seen outside by witness\.example\/w1/).waitFor();

    await witness.kill();
    await room.visit('/ledger', 'Ledger');
    await row.getByRole('button', { name: 'Ask now' }).click();
    await row.getByText('Does not answer').waitFor();
    await row.getByText('nothing listens there').waitFor();
    await row.getByRole('button', { name: 'Remove witness.example/w1' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click();
    await page.getByText('Without a witness, nobody can notice').waitFor();

    // A copy elsewhere: a place in the data itself is refused, another one taken, filled and read back.
    const archive = page.getByRole('region', { name: 'Archive' });
    await archive.getByText('Nothing is kept elsewhere').waitFor();
    await archive.getByRole('button', { name: 'Set up an archive' }).click();
    const place = page.getByRole('dialog', { name: 'Where the ledger is archived' });
    await room.atRest('ledger-set-archive', ['light']);
    await place.getByText('Directory', { exact: true }).click();
    await place.getByLabel('Directory on the server').fill(room.server.dataDirectory);
    await place.getByRole('button', { name: 'Try it and save' }).click();
    await place.getByText('must be apart from the data directory').waitFor();
    const elsewhere = join(room.server.directory, 'elsewhere');
    mkdirSync(elsewhere);
    await place.getByLabel('Directory on the server').fill(elsewhere);
    await place.getByRole('button', { name: 'Try it and save' }).click();
    await archive.getByRole('button', { name: 'Archive now' }).click();
    await archive.getByText(/^[1-9]\d* of \d+ entries/).waitFor();
    await archive.getByRole('button', { name: 'Read every byte back' }).click();
    await archive.getByText(/^All [1-9]\d* files are as they were kept/).waitFor();
    await room.atRest('ledger-archived');
    assert.deepEqual(room.faults, []);
  });
}
