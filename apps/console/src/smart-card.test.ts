import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ageProofs } from '@sallyport/identity/testing';
import { issue, listOf, type Party } from '@sallyport/identity/test-certificates';
import { freePort } from '@sallyport/testing/free-port';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { chromiumPath, picture, seriousFaults, startBrowser, tooWide } from './testing/browser.ts';
import { totpCode } from './testing/totp-code.ts';

// One story: an authority is added, a card is bound, and from then on it opens the console and proves who is there.
const doorPort = await freePort();
const server = createServerUnderTest({ environment: { SALLYPORT_CERTIFICATE_PORT: String(doorPort) } });
const pictures = process.env['SALLYPORT_PICTURES'];
const nowMs = Date.now();
let browser: Browser | undefined;
let home: string;
let root: Party;
let card: Party;
let secret = '';

before(async () => {
  const chromium = chromiumPath();
  assert.ok(chromium !== undefined, 'Cannot test the console: there is no Chromium. apt-get install -y chromium');
  await server.start();
  browser = await startBrowser(chromium);
  root = await issue(nowMs, { name: 'Example staff root', isAuthority: true });
  card = await issue(nowMs, { name: 'Ada Example', issuer: root });
});
after(async () => {
  await browser?.close();
  await server.end();
});

/** A browser whose user has put a card in, and chooses it when asked. */
async function withCard(shown: Party | undefined): Promise<{ context: BrowserContext; page: Page }> {
  assert.ok(browser !== undefined);
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    reducedMotion: 'reduce',
    ...(shown === undefined
      ? {}
      : {
          clientCertificates: [
            { origin: `https://localhost:${doorPort}`, cert: Buffer.from(shown.pem), key: Buffer.from(shown.keyPem) },
          ],
        }),
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  return { context, page };
}
async function show(page: Page, name: string): Promise<void> {
  assert.deepEqual(await seriousFaults(page), [], name);
  if (pictures !== undefined) await picture(page, pictures, name);
  await page.setViewportSize({ width: 320, height: 800 });
  assert.deepEqual(await tooWide(page), [], name);
  await page.setViewportSize({ width: 1440, height: 900 });
}

test('An authority is added, a card is bound, opens the console, and proves who is there', async () => {
  const { page } = await withCard(card);
  const link = /http:\/\/localhost:\d+\/setup#\S+/.exec(server.output())?.[0] ?? '';
  await page.goto(link);
  await page.getByLabel('Your name').fill('Ada');
  await page.getByLabel('Password', { exact: true }).fill('harbour lantern quiet mosaic');
  await page.getByRole('button', { name: 'Create the account' }).click();
  await page.getByRole('button', { name: /Use an authenticator app/ }).click();
  await page.getByRole('button', { name: 'Show the code' }).click();
  await page.getByText('Cannot scan?').click();
  secret = (await page.locator('.copy-field code').innerText()).replaceAll(' ', '');
  await page.getByLabel('The six digits the app shows now').fill(totpCode(secret, Date.now()));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByLabel(/I have kept them/).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'You are in, Ada' }).waitFor();

  // From now on by TLS: only there are browsers asked for a certificate.
  const port = await freePort();
  const opened = await server.askLocally({
    method: 'PUT',
    path: '/v1/settings/https',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      enabled: true,
      names: ['sallyport.example.test'],
      host: '127.0.0.1',
      port,
      certificate: 'authority',
    }),
  });
  assert.match(opened.text, /"state":"open"/);
  home = `https://localhost:${port}/`;
  await page.goto(home);
  await page.getByLabel('Name').fill('Ada');
  await page.getByLabel('Password', { exact: true }).fill('harbour lantern quiet mosaic');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Code').fill(totpCode(secret, Date.now() + 30_000));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();

  await page.goto(`${home}people/certificates`);
  await page.getByRole('heading', { name: 'No authority yet' }).waitFor();
  await page.getByRole('button', { name: 'Add an authority' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Staff cards');
  await page.getByLabel('Its certificates, as PEM').fill(root.pem);
  await page.getByLabel('By the user principal name, as Windows smart cards have it').check();
  await show(page, 'smart-cards-form');
  await page.getByLabel('No: only certificates that were bound').check();
  await page.getByRole('button', { name: 'Add it, switched off' }).click();
  const authority = page.getByRole('region', { name: 'Staff cards' });
  await authority.getByText('Nobody can sign in with it yet').waitFor();
  await authority.locator('input[type=file]').setInputFiles({
    name: 'staff.crl',
    mimeType: 'application/pkix-crl',
    // Its next one is due tomorrow.
    buffer: Buffer.from(
      await listOf(root, nowMs, { fromMs: nowMs - 20 * 86_400_000, toMs: nowMs + 86_400_000 }),
      'base64',
    ),
  });
  await authority.getByText('The list of Example staff root is in force').waitFor();
  await authority.getByText('A list of revocations is good only until').waitFor();
  await authority.getByRole('button', { name: 'Accept its certificates' }).click();
  await authority.getByText('Accepted', { exact: true }).waitFor();
  await page.getByLabel('Somebody’s certificate, as PEM').fill(card.pem);
  await page.getByRole('button', { name: 'Look at it' }).click();
  await page.getByText('It is good, and opens no account').waitFor();
  await show(page, 'smart-cards');

  await page.goto(`${home}settings?tab=account&do=factor`);
  await page.getByRole('button', { name: /A smart card or certificate/ }).waitFor();
  await show(page, 'smart-card-add');
  await page.getByPlaceholder(/Laptop/).fill('Staff card');
  await page.getByRole('button', { name: /A smart card or certificate/ }).click();
  await page.getByText('From now on you can sign in with it').waitFor();
  assert.equal(new URL(page.url()).hash, '', 'the ticket does not stay in the address');
  await page.getByRole('button', { name: 'Back to your account' }).click();
  await page.getByText(/“Ada Example”, issued by Example staff root/).waitFor();
  await show(page, 'smart-card-own');

  // Whoever hands out cards binds one for somebody else, from a file, and takes it away.
  const guestCard = await issue(nowMs, { name: 'Guest', issuer: root, toMs: nowMs + 5 * 86_400_000 });
  const enrolling = await issue(nowMs, { name: 'Bo Example', issuer: root });
  await page.goto(`${home}people?tab=users`);
  await page.getByLabel('Their name').fill('Bo');
  await page.getByRole('button', { name: 'Make a link' }).click();
  const invitation = new URL(await page.locator('.copy-field code').first().innerText());
  await page.goto(`${home}people?tab=users`);
  await page.getByRole('button', { name: 'Cards of Ada' }).click();
  const cards = page.getByRole('dialog', { name: 'Cards of Ada' });
  await cards.getByText('Staff card').waitFor();
  await cards.locator('input[type=file]').setInputFiles({
    name: 'guest.cer',
    mimeType: 'application/pkix-cert',
    buffer: Buffer.from(guestCard.der),
  });
  await cards.getByLabel('What to call it').fill('Spare card');
  await cards.getByRole('button', { name: 'Bind it to Ada' }).click();
  await cards.getByText(/expires soon/).waitFor();
  await show(page, 'smart-card-desk');
  await cards.getByRole('button', { name: 'Remove Spare card…' }).click();
  await cards.getByRole('button', { name: 'Remove Spare card', exact: true }).click();
  await cards.getByText('Spare card', { exact: true }).waitFor({ state: 'hidden' });

  // Somebody invited has a card and nothing else: it is their first factor.
  const { page: theirs } = await withCard(enrolling);
  await theirs.goto(new URL(`${invitation.pathname}${invitation.hash}`, home).href);
  await theirs.getByLabel('Password', { exact: true }).fill('copper window seldom orchard');
  await theirs.getByRole('button', { name: 'Continue' }).click();
  await theirs.getByRole('button', { name: /Use a smart card or certificate/ }).waitFor();
  await show(theirs, 'smart-card-enrol');
  await theirs.getByRole('button', { name: /Use a smart card or certificate/ }).click();
  await theirs.getByLabel(/I have kept them/).check();
  await theirs.getByRole('button', { name: 'Continue' }).click();
  await theirs.getByRole('heading', { name: 'Overview' }).waitFor();

  // Another browser, with the card in its reader, on its way to a page.
  const { page: other, context } = await withCard(card);
  await other.goto(`${home}alerts?state=new`);
  await other.getByRole('button', { name: 'Use a smart card or certificate' }).waitFor();
  await show(other, 'smart-card-sign-in');
  await other.getByRole('button', { name: 'Use a smart card or certificate' }).click();
  await other.getByRole('heading', { name: 'Alerts' }).waitFor();
  assert.equal(new URL(other.url()).search, '?state=new');
  const me = await other.evaluate<{ session: { assurance: number; methods: string[]; browser_key: string | null } }>(
    "fetch('/v1/session').then((response) => response.json())",
  );
  assert.deepEqual([me.session.assurance, me.session.methods], [3, ['certificate']]);
  assert.notEqual(me.session.browser_key, null, 'the session is bound to the key of this browser');

  // Ten minutes later something grave is done: in a window of its own, and the page goes on by itself.
  ageProofs(join(server.dataDirectory, 'control.db'), 3_600_000);
  await other.goto(`${home}settings?tab=account`);
  await other.getByRole('button', { name: 'Rename Staff card' }).waitFor();
  await other.getByRole('button', { name: 'Make new ones' }).click();
  await other.getByRole('button', { name: 'Make new codes' }).click();
  const dialog = other.getByRole('dialog', { name: 'Confirm that it is you' });
  await dialog.getByText('Another window opens').waitFor();
  await show(other, 'smart-card-step-up');
  const window = context.waitForEvent('page');
  await dialog.getByRole('button', { name: 'Use a smart card or certificate' }).click();
  await window;
  await dialog.waitFor({ state: 'hidden' });

  // A browser without a card is told what to try.
  const { page: empty } = await withCard(undefined);
  await empty.goto(home);
  await empty.getByRole('button', { name: 'Use a smart card or certificate' }).click();
  await empty.getByText('Your browser showed no certificate').waitFor();
  await show(empty, 'smart-card-none');
});
