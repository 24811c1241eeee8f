import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import {
  addPasskeyDevice,
  chromiumPath,
  picture,
  seriousFaults,
  showIn,
  startBrowser,
  tooWide,
} from './testing/browser.ts';
import { totpCode } from './testing/totp-code.ts';

// One story, told in order: each test goes on where the one before it stopped.
const password = 'harbour lantern quiet mosaic';
/** Where pictures of every room go, in all looks. */
const pictures = process.env['SALLYPORT_PICTURES'];
const server = createServerUnderTest();
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** What the page complained of: refused by its content policy, failed, or asked of somebody else. */
const complaints: string[] = [];
/** What axe found serious in any room, and what does not fit. */
const faults: string[] = [];
let startedAtMs = 0;

before(async () => {
  const chromium = chromiumPath();
  assert.ok(chromium !== undefined, 'Cannot test the console: there is no Chromium. apt-get install -y chromium');
  await server.start();
  browser = await startBrowser(chromium);
  context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    acceptDownloads: true,
  });
  page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol !== 'blob:' && protocol !== 'data:' && hostname !== 'localhost') complaints.push(`asked ${hostname}`);
  });
});

after(async () => {
  await browser.close();
  await server.end();
});

/** Looks at the room as it stands: in light and dark, and at 320 pixels. Pictures only when somebody wants them. */
async function atRest(name: string): Promise<void> {
  if (pictures !== undefined) await picture(page, pictures, name);
  for (const scheme of ['dark', 'light'] as const) {
    await showIn(page, scheme);
    faults.push(
      ...(await seriousFaults(page, scheme === 'dark' ? 'colours' : 'all')).map(
        (fault) => `${name}, ${scheme}: ${fault}`,
      ),
    );
  }
  await page.setViewportSize({ width: 320, height: 640 });
  faults.push(...(await tooWide(page)).map((place) => `${name}, too wide: ${place}`));
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** Where the wanted file goes when a button is pressed. */
async function downloaded(press: () => Promise<void>): Promise<string> {
  const waiting = page.waitForEvent('download');
  await press();
  return (await waiting).path();
}

test('The printed link makes the first administrator, with a passkey and recovery codes', async () => {
  const link = /http:\/\/localhost:\d+\/setup#\S+/.exec(server.output())?.[0];
  assert.ok(link !== undefined, 'a link was printed');
  startedAtMs = performance.now();
  await addPasskeyDevice(context, page);
  await page.goto(link);
  await page.getByRole('heading', { name: /Create the administrator/ }).waitFor();
  await atRest('setup-account');
  await page.getByLabel('Your name').fill('Ada');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByText('Strong').waitFor();
  await page.getByRole('button', { name: 'Create the account' }).click();
  await page.getByRole('heading', { name: 'Add a second factor' }).waitFor();
  await atRest('setup-factor');
  await page.getByRole('button', { name: /Use a passkey/ }).click();
  await page.getByRole('heading', { name: 'Keep your recovery codes' }).waitFor();
  assert.equal(await page.locator('[aria-current="step"]').textContent(), 'Recovery');
  await atRest('setup-recovery');
  assert.equal(await page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').count(), 10);
  await page.getByLabel(/I have kept them/).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'You are in, Ada' }).waitFor();
  await page.getByLabel('Organisation').fill('Harbour Light');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByLabel('done').waitFor();
  await atRest('setup-path');
  await page.getByRole('button', { name: 'Go to the overview' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
});

test('The setup link is of no use a second time', async () => {
  const link = /http:\/\/localhost:\d+\/setup#\S+/.exec(server.output())?.[0] ?? '';
  const other = await browser.newContext();
  const stranger = await other.newPage();
  await stranger.goto(link);
  await stranger.getByRole('heading', { name: 'Sign in' }).waitFor();
  await other.close();
});

test('Three wrong passwords become an alert that explains itself', async () => {
  await page.getByRole('heading', { name: 'Try it' }).waitFor();
  await atRest('overview-empty');
  const other = await browser.newContext();
  const stranger = await other.newPage();
  await stranger.goto(new URL('/', page.url()).href);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await stranger.getByLabel('Name').fill('Ada');
    await stranger.getByLabel('Password', { exact: true }).fill(`wrong ${attempt}`);
    // The notice of the attempt before still stands when the button is pressed: only the answer says it was refused.
    const answered = stranger.waitForResponse(
      (answer) => new URL(answer.url()).pathname === '/v1/session' && answer.request().method() === 'POST',
    );
    await stranger.getByRole('button', { name: 'Continue' }).click();
    assert.equal((await answered).status(), 401);
    await stranger.getByRole('alert').waitFor();
    await stranger.locator('input[type="password"][value=""]').waitFor();
  }
  await other.close();
  await page.getByRole('link', { name: 'See why it fired' }).click();
  await page.getByRole('heading', { name: 'Why it fired' }).waitFor();
  await page.getByRole('heading', { name: 'Verified in this browser' }).waitFor();
  await atRest('alert-failed-sign-ins');
});

test('A replayed break-in moves the overview and fills the list', async () => {
  await page.getByRole('link', { name: 'Overview' }).first().click();
  await page.getByRole('button', { name: 'Replay it' }).click();
  await page.getByRole('link', { name: 'See what it set off' }).waitFor();
  await page
    .getByRole('listitem')
    .filter({ hasText: 'Replay a break-in' })
    .getByLabel('done')
    .waitFor({ timeout: 120_000 });
  await page
    .getByRole('link', { name: /Alerts 7/ })
    .first()
    .waitFor({ timeout: 120_000 });
  await atRest('overview');
  await page.getByRole('link', { name: 'See what it set off' }).click();
  await page.getByRole('heading', { name: 'Alerts' }).waitFor();
  const rows = page.getByRole('list', { name: 'Alerts' }).getByRole('listitem');
  await rows.nth(2).waitFor();
  await atRest('alerts');
});

test('An event of one’s own arrives with the shown command, and what is hostile in it is only text', async () => {
  await page.getByRole('link', { name: 'Overview' }).first().click();
  await page.getByRole('button', { name: 'Make a key' }).click();
  await page.getByText(/It works until/).waitFor();
  const command = await page.getByText(/curl .*\/v1\/events/).innerText();
  assert.doesNotMatch(command, /sp_/, 'the key is not in the command, which the shell remembers');
  const key = await page.getByText(/^sp_\w+$/).innerText();
  const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script> hostile-words';
  const sent = await fetch(new URL('/v1/events', server.address()), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
    body: JSON.stringify({ message: hostile, host: { name: hostile } }),
  });
  assert.equal(sent.status, 200);
  await page.getByRole('listitem').filter({ hasText: 'Send your own' }).getByLabel('done').waitFor();
  await page.goto(new URL('/search?q=%22hostile-words%22', page.url()).href);
  await page.locator('.event-row').first().click();
  await page.getByRole('heading', { name: 'Verified in this browser' }).waitFor();
  await page.getByRole('complementary').getByText('<script>document.title=2</script>').first().waitFor();
  assert.equal(await page.title(), 'Search · Sallyport');
  await page.goto(new URL('/alerts', page.url()).href);
});

test('The keyboard alone goes through the alerts, and a person takes one, comments and closes it', async () => {
  const rows = page.getByRole('list', { name: 'Alerts' }).getByRole('listitem');
  await rows.first().focus();
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Why it fired' }).waitFor();
  await page.getByRole('button', { name: 'Take it' }).click();
  await page.getByRole('button', { name: 'Take it' }).waitFor({ state: 'detached' });
  await page.getByRole('textbox', { name: 'Comment' }).fill('The replay from the overview, nothing real.');
  await page.getByRole('button', { name: 'Comment' }).click();
  await page.getByRole('listitem').filter({ hasText: 'nothing real' }).waitFor();
  await page.getByRole('heading', { name: 'Verified in this browser' }).waitFor();
  await atRest('alert');
  await page.getByRole('button', { name: 'Close', exact: true }).last().click();
  await page.getByRole('button', { name: 'Reopen' }).waitFor();
});

test('The seal is green here, and red with any one bit turned over', async () => {
  await page.getByRole('link', { name: 'Try to break it' }).click();
  await page.getByRole('heading', { name: 'Every check passes' }).waitFor();
  await atRest('verify-green');
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await page.getByRole('button', { name: 'Flip a random bit' }).click();
    await page.getByRole('heading', { name: 'Does not verify' }).waitFor();
    if (attempt === 4) break;
    await page.getByRole('button', { name: 'Put it back' }).click();
    await page.getByRole('heading', { name: 'Every check passes' }).waitFor();
  }
  assert.match(page.url(), /flip=\d+\.[0-7]/);
  await atRest('verify-red');
  assert.ok(performance.now() - startedAtMs < 600_000, 'within ten minutes');
});

test('A log signed by another key than the one this browser knows is an alarm, until somebody says why', async () => {
  await page.goBack();
  await page.getByRole('heading', { name: 'Verified in this browser' }).waitFor();
  const known: string = await page.evaluate("localStorage.getItem('sallyport.log-key.1')");
  await page.evaluate("localStorage.setItem('sallyport.log-key.1', 'sallyport/other/1+00000000+AAAA\\n1')");
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.getByRole('heading', { name: 'Does not verify' }).waitFor();
  await page.getByText(/signed by another log/).waitFor();
  await page.getByRole('button', { name: /trust the new one/ }).click();
  await page.getByRole('heading', { name: 'Verified in this browser' }).waitFor();
  const now: string = await page.evaluate("localStorage.getItem('sallyport.log-key.1')");
  assert.equal(now.split('\n')[0], known.split('\n')[0]);
});

test('A downloaded page verifies with no network, and not after a change', async () => {
  const path = await downloaded(() => page.getByRole('button', { name: 'Page that verifies offline' }).click());
  const html = readFileSync(path, 'utf8');
  const offline = await browser.newContext({ offline: true });
  const reader = await offline.newPage();
  await reader.setContent(html);
  await reader.getByRole('heading', { name: 'Agrees with itself; compare the key' }).waitFor();
  const pinned: string = await page.evaluate("localStorage.getItem('sallyport.log-key.1')");
  await reader.getByLabel('The log’s key, as you know it').fill('sallyport/other/1+00000000+AAAA');
  await reader.getByRole('button', { name: 'Check with this key' }).click();
  await reader.getByText('This evidence does not verify').waitFor();
  await reader.getByLabel('The log’s key, as you know it').fill(pinned.split('\n')[0] ?? '');
  await reader.getByRole('button', { name: 'Check with this key' }).click();
  await reader.getByText('This event is sealed in the log').waitFor();
  if (pictures !== undefined) await reader.screenshot({ path: join(pictures, 'evidence-offline.png'), fullPage: true });
  const changed = html.replace(
    /\nbody ([A-Za-z0-9+/])/,
    (_whole, first: string) => `\nbody ${first === 'A' ? 'B' : 'A'}`,
  );
  assert.notEqual(changed, html);
  await reader.setContent(changed);
  await reader.getByText('This evidence does not verify').waitFor();
  await offline.close();
});

test('Search finds, narrows by a click, and follows what comes', async () => {
  await page.getByRole('link', { name: 'Search' }).first().click();
  await page
    .getByRole('grid', { name: /^Events/ })
    .locator('.event-row')
    .first()
    .waitFor();
  await page.getByLabel('Query').fill('synthetic');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await page.getByText(/the engine took/).waitFor();
  await page.getByLabel('Query').fill('');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await page.locator('.event-row').first().waitFor();
  await page.getByRole('button', { name: 'Hide audit records' }).click();
  await page.locator('.event-row').filter({ hasText: 'Synthetic' }).first().waitFor();
  await atRest('search');
  await page.locator('.event-row').nth(2).click();
  await page.getByRole('heading', { name: 'Verified in this browser' }).waitFor();
  await atRest('search-event');
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.getByLabel('Time range').selectOption('live');
  await page.getByText('Live: follows the newest').waitFor();
  const live = page.locator('.rail .live-mark');
  await live.filter({ hasText: 'Live' }).click();
  await live.filter({ hasText: 'Paused' }).click();
  await live.filter({ hasText: 'Live' }).waitFor();
});

test('The whole ledger verifies in the browser', async () => {
  await page.getByRole('link', { name: 'Ledger' }).first().click();
  await page.getByRole('button', { name: 'Verify everything' }).click();
  await page.getByRole('heading', { name: /All [\d,.]+ entries verify/ }).waitFor();
  await atRest('ledger');
});

test('People, settings and the palette are in order', async () => {
  await page.getByRole('link', { name: 'People & access' }).click();
  await page.getByRole('cell', { name: /Ada/ }).waitFor();
  await page.getByLabel('Their name').fill('Grace');
  await page.getByRole('button', { name: 'Make a link' }).click();
  await page.getByText(/Shown this once/).waitFor();
  await atRest('people');
  await page.getByText('Audit trail').click();
  await page.getByRole('table').getByRole('row').nth(3).waitFor();
  await atRest('audit');
  await page.getByRole('link', { name: 'Settings' }).first().click();
  await page.getByRole('heading', { name: 'API keys' }).waitFor();
  await atRest('settings');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Find anything' }).fill('led');
  await atRest('palette');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Ledger', exact: true }).waitFor();
});

test('Whoever is invited adds an authenticator app, and sees only what the role may', async () => {
  await page.getByRole('link', { name: 'People & access' }).click();
  await page.getByLabel('Their name').fill('Grete');
  await page.getByLabel('Role', { exact: true }).selectOption('viewer');
  await page.getByRole('button', { name: 'Make a link' }).click();
  const link = await page.getByText(/\/invitation#/).innerText();
  const other = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const guest = await other.newPage();
  await guest.goto(link);
  await guest.getByText('You join Harbour Light as viewer, invited by Ada.').waitFor();
  await guest.getByLabel('Password', { exact: true }).fill('copper violin summer orbit');
  await guest.getByRole('button', { name: 'Continue' }).click();
  await guest.getByRole('button', { name: /authenticator app/ }).click();
  await guest.getByRole('button', { name: 'Show the code' }).click();
  await guest.getByText('Cannot scan?').click();
  const secret = (await guest.getByText(/^([A-Z2-7]{4} ){3,}/).innerText()).replaceAll(' ', '');
  await guest.getByLabel(/six digits/).fill(totpCode(secret, Date.now()));
  await guest.getByRole('button', { name: 'Confirm' }).click();
  await guest.getByLabel(/I have kept them/).check();
  await guest.getByRole('button', { name: 'Continue' }).click();
  await guest.getByRole('heading', { name: 'Overview' }).waitFor();
  assert.equal(await guest.getByRole('heading', { name: 'Try it' }).count(), 0);
  await guest.getByRole('link', { name: 'Alerts' }).first().click();
  await guest.getByRole('list', { name: 'Alerts' }).getByRole('listitem').first().click();
  await guest.getByRole('heading', { name: 'Why it fired' }).waitFor();
  assert.equal(await guest.getByRole('button', { name: /Take it|Suppress/ }).count(), 0);
  await other.close();
});

test('Signing out ends the session, and the passkey alone signs in again', async () => {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await atRest('sign-in');
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByRole('heading', { name: 'People & access' }).waitFor();
});

test('Nothing was refused by the content policy, failed, or asked of another server', () => {
  assert.deepEqual(complaints, []);
});

test('In no room does axe find anything serious, and every room fits 320 pixels', () => {
  assert.deepEqual(faults, []);
});
