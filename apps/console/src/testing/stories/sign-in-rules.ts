import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { freePort } from '@sallyport/testing/free-port';
import { startMailServer } from '@sallyport/testing/mail-server';
import type { MailServer } from '@sallyport/testing/mail-server';
import type { RoomUnderTest } from '../room-under-test.ts';

// One story, told in order: each test goes on where the one before it stopped.
let room: RoomUnderTest;
let mail: MailServer;

/** Told in order, in a house in which nobody signed in with a passkey yet, and everybody has one. */
export function signInRulesStory(house: () => Promise<RoomUnderTest>): void {
  before(async () => {
    room = await house();
    mail = await startMailServer({ port: await freePort() });
  });

  after(async () => {
    await mail.close();
  });

  test('Sign-in shows what each role must show, and a change says whom it asks for more before it is made', async () => {
    const { page } = room;
    await room.visit('/people/sign-in-rules', 'Sign-in');
    await page.getByRole('button', { name: 'Change how Guard signs in' }).click();
    await page.getByText('Passkey required').click();
    await page.getByText('Everybody has what you ask for').waitFor();
    await room.atRest('sign-in-rules-change');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('a passkey or smart card, nothing less').first().waitFor();
    await room.atRest('sign-in-rules');
  });

  test('Passkeys are restricted with a preview, and without FIDO metadata the page says what is missing', async () => {
    const { page } = room;
    const section = page.getByRole('region', { name: 'Passkeys and security keys' });
    await section.getByText('Any make; none is asked to prove it.').waitFor();
    await section.getByText('./sallyport passkeys import-metadata blob.jwt').waitFor();
    await section.getByRole('button', { name: 'Change which passkeys are accepted' }).click();
    assert.ok(await section.getByRole('checkbox', { name: 'Only authenticators that prove their make' }).isDisabled());
    await section.getByRole('checkbox', { name: 'Administrator' }).click();
    await section.getByLabel('Never these makes').fill('11111111-2222-3333-4444-55555555555');
    await section.getByRole('alert').waitFor();
    await section.getByLabel('Never these makes').fill('11111111-2222-3333-4444-555555555555');
    await section.getByText(/Nobody has a passkey yet|stay good/).waitFor();
    await room.atRest('passkey-policy-change');
    await section.getByRole('button', { name: 'Save', exact: true }).click();
    await section.getByText('No synced passkeys for Administrator.').waitFor();
    await section.getByText('Never 1 named make.').waitFor();
    await room.atRest('passkey-policy');
  });

  test('Codes by e-mail are set up with a test that really arrives, and are called weak', async () => {
    const { page } = room;
    await page.getByText('weak: only for roles that allow them').waitFor();
    await page.getByLabel('Mail server').fill('127.0.0.1');
    await page.getByLabel('Port').fill(String(mail.port));
    await page.getByRole('combobox', { name: 'Encryption' }).click();
    await page.getByRole('option', { name: 'None (this machine only)' }).click();
    await page.getByRole('textbox', { name: 'From', exact: true }).fill('gate@acme.example');
    await page.getByRole('switch', { name: 'Codes by e-mail' }).focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Save e-mail' }).click();
    await page.getByLabel('Address for a test').fill('ada@example.org');
    await page.getByRole('button', { name: 'Send a test' }).first().click();
    await page.getByText('It was taken').waitFor();
    assert.deepEqual(mail.messages.at(-1)?.to, ['ada@example.org']);
    await room.atRest('codes-by-email');
  });

  test('One’s own address is added with the code that comes there, and taken away', async () => {
    const { page } = room;
    await room.visit('/settings?tab=account', 'Settings');
    const section = page.getByRole('region', { name: 'Where we may write to you' });
    await section.getByText('Nowhere yet.').waitFor();
    await section.getByLabel('E-mail address').fill('ada@example.org');
    await section.getByRole('button', { name: 'Send a code there' }).click();
    await section.getByText('We sent eight digits to').waitFor();
    const [, one = '', two = ''] = /(\d{4}) (\d{4})/.exec(mail.messages.at(-1)?.text ?? '') ?? [];
    assert.equal(one.length + two.length, 8);
    await room.atRest('own-address-code');
    await section.getByLabel('The code').fill(`${one} ${two}`);
    await section.getByRole('button', { name: 'Add it' }).click();
    await section.getByText('ada@example.org was added').waitFor();
    await room.atRest('own-addresses');
    await section.getByRole('button', { name: 'Remove ada@example.org' }).click();
    await section.getByText('Nowhere yet.').waitFor();
  });

  test('A sign-in with a passkey is recorded with what the authenticator says of itself', async () => {
    const { page } = room;
    await page.getByRole('button', { name: 'Sign out' }).first().click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByRole('button', { name: 'Sign out' }).first().waitFor();
    const facts = (): Promise<unknown> =>
      page.evaluate(async () => {
        const answer = await fetch('/v1/audit?action=session.sign-in', { headers: { 'x-sallyport': '1' } });
        const { entries }: { entries: { details: { passkey?: unknown } }[] } = await answer.json();
        return entries.find((entry) => entry.details.passkey !== undefined)?.details.passkey;
      });
    // Found as soon as the store has it.
    let found = await facts();
    while (found === undefined) found = await facts();
    assert.deepEqual(
      { ...Object(found), aaguid: typeof Object(found).aaguid },
      {
        aaguid: 'string',
        attestation: 'none',
        attested: false,
        synced: false,
        backed_up: false,
        make: null,
        user_verified: true,
        verdict: 'accepted',
      },
    );
  });
}
