import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { after, before, test } from 'node:test';
import { freePort } from '@sallyport/testing/free-port';
import { heldSocket } from '@sallyport/testing/held-socket';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, picture, seriousFaults, showIn, startBrowser, tooWide } from './testing/browser.ts';
import { totpCode } from './testing/totp-code.ts';
import { certutilMissing, installAuthority, startBrowserOf } from './testing/trusting-browser.ts';

// One story, told in order: from the guided path on this machine to somebody else's browser.
const name = 'sallyport.example.test';
const password = 'harbour lantern quiet mosaic';
const pictures = process.env['SALLYPORT_PICTURES'];
const server = createServerUnderTest();
const faults: string[] = [];
let browser: Browser;
/** Closed at the end, whatever failed. */
const others: Browser[] = [];
let page: Page;
let port = 0;
let secret = '';
let executablePath = '';

before(async () => {
  assert.equal(certutilMissing, undefined);
  executablePath = chromiumPath() ?? '';
  assert.notEqual(executablePath, '', 'Cannot test the console: there is no Chromium. apt-get install -y chromium');
  await server.start();
  port = await freePort();
  browser = await startBrowser(executablePath);
  page = await (
    await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
  ).newPage();
  page.setDefaultTimeout(60_000);
});

after(async () => {
  await Promise.all([browser, ...others].map((one) => one.close()));
  await server.end();
});

async function atRest(where: string, shown = page): Promise<void> {
  if (pictures !== undefined) await picture(shown, pictures, where);
  for (const scheme of ['dark', 'light'] as const) {
    await showIn(shown, scheme);
    faults.push(
      ...(await seriousFaults(shown, scheme === 'dark' ? 'colours' : 'all')).map(
        (fault) => `${where}, ${scheme}: ${fault}`,
      ),
    );
  }
  await shown.setViewportSize({ width: 320, height: 640 });
  faults.push(...(await tooWide(shown)).map((place) => `${where}, too wide: ${place}`));
  await shown.setViewportSize({ width: 1440, height: 900 });
}

test('The guided path opens HTTPS for others with the own authority, without a restart', async () => {
  const link = /http:\/\/localhost:\d+\/setup#\S+/.exec(server.output())?.[0];
  assert.ok(link !== undefined, 'a link was printed');
  await page.goto(link);
  await page.getByLabel('Your name').fill('Ada');
  await page.getByLabel('Password', { exact: true }).fill(password);
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
  await page.getByRole('button', { name: /Let others reach it/ }).click();
  await page.getByLabel(/Name others will type/).fill(name);
  await atRest('https-form');
  await page.getByRole('radio', { name: /A certificate you have/ }).check();
  await atRest('https-form-own');
  await page.getByRole('radio', { name: /Let’s Encrypt/ }).check();
  await atRest('https-form-acme');
  await page.getByRole('radio', { name: /own authority/ }).check();
  await page.getByText('Port and address').click();

  // What does not work is said, and changes nothing.
  await page.getByLabel('Port', { exact: true }).fill(new URL(server.address()).port);
  await page.getByLabel('Listen on').fill('127.0.0.1');
  await page.getByRole('button', { name: 'Open it for others' }).click();
  await page.getByText(/another program or listener has it/).waitFor();
  await page.getByLabel('Port', { exact: true }).fill(String(port));
  await page.getByRole('button', { name: 'Open it for others' }).click();
  await page
    .getByRole('link', { name: new RegExp(`${name}:${port}`) })
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Test it from the server' }).click();
  await page.getByRole('list', { name: 'Test of the names' }).getByText(name).waitFor();
  await atRest('https-open');
});

test('A syslog listener over TLS is opened beside it, and hears whoever trusts the authority', async () => {
  const syslogPort = await freePort();
  await page.goto(new URL('/sources/add?kind=rsyslog', page.url()).href);
  await page.getByLabel('Port', { exact: true }).fill(String(syslogPort));
  await page.getByLabel('Who may send').fill('127.0.0.0/8');
  await page.getByRole('button', { name: `Open port ${syslogPort}` }).click();
  const waiting = page.getByRole('region', { name: 'The first event' });
  await waiting.getByText('Waiting for the first event').waitFor();
  await atRest('listener-tls');
  // Who does not trust the authority sends nothing.
  using stranger = heldSocket(connect({ host: '127.0.0.1', port: syslogPort, servername: name }));
  const [refused]: unknown[] = await once(stranger, 'error');
  assert.ok(refused instanceof Error && /SELF_SIGNED|UNABLE_TO|VERIFY/.test(String(Reflect.get(refused, 'code'))));
  const ca = await (await fetch(new URL('/v1/authority.pem', server.address()))).text();
  using sender = heldSocket(connect({ host: '127.0.0.1', port: syslogPort, servername: name, ca }));
  await once(sender, 'secureConnect');
  assert.equal(sender.getProtocol(), 'TLSv1.3');
  sender.end(
    `<34>1 ${new Date().toISOString()} vault sshd 811 - - Failed password for root from 203.0.113.9 port 4 ssh2\n`,
  );
  await waiting.getByText('Received').first().waitFor();
  await waiting.getByText('vault').first().waitFor();
});

test('A browser that does not trust the authority refuses the address', async () => {
  const stranger = await startBrowserOf(join(server.directory, 'stranger'), { executablePath, names: [name] });
  others.push(stranger);
  const visit = await stranger.newPage();
  await assert.rejects(visit.goto(`https://${name}:${port}/`), /ERR_CERT_AUTHORITY_INVALID/);
  await stranger.close();
});

test('The trust page needs no account, shows the fingerprint and the reader’s own system, and its file is the authority', async () => {
  const stranger = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  const reader = await stranger.newPage();
  reader.setDefaultTimeout(60_000);
  await reader.goto(new URL('/trust', server.address()).href);
  await reader.getByRole('heading', { name: 'Trust this server' }).waitFor();
  const shownPairs = reader.getByRole('list', { name: 'SHA-256 fingerprint' }).getByRole('listitem');
  await shownPairs.nth(31).waitFor();
  const pairs = await shownPairs.allInnerTexts();
  const told = await server.askLocally({ path: '/v1/settings/https' });
  assert.ok(told.text.includes(pairs.join(':')) && pairs.length === 32, pairs.join(':'));
  await reader.getByRole('link', { name: 'Debian, Ubuntu' }).and(reader.locator('[aria-current]')).waitFor();
  await atRest('trust', reader);
  for (const system of ['Windows', 'macOS', 'Fedora, RHEL', 'Firefox', 'Android', 'iPhone, iPad']) {
    await reader.getByRole('link', { name: system, exact: true }).click();
    await reader.getByRole('link', { name: `Download for ${system}` }).waitFor();
    assert.match(reader.url(), /system=/);
  }
  await stranger.close();
  const pem = await (await fetch(new URL('/v1/authority.pem', server.address()))).text();
  installAuthority(join(server.directory, 'trusting'), pem);
});

test('A browser that trusts the authority opens the address and signs in, with a cookie no plain HTTP can set', async () => {
  const home = join(server.directory, 'trusting');
  const trusting = await startBrowserOf(home, { executablePath, names: [name] });
  others.push(trusting);
  const context = await trusting.newContext({ viewport: { width: 1440, height: 900 } });
  const visit = await context.newPage();
  visit.setDefaultTimeout(60_000);
  const answer = await visit.goto(`https://${name}:${port}/`);
  assert.equal((await answer?.securityDetails())?.protocol, 'TLS 1.3');
  assert.match(answer?.headers()['strict-transport-security'] ?? '', /max-age/);
  await visit.getByLabel('Name').fill('Ada');
  await visit.getByLabel('Password', { exact: true }).fill(password);
  await visit.getByRole('button', { name: 'Continue' }).click();
  // The code before was used up.
  await visit.getByLabel('Code').fill(totpCode(secret, Date.now() + 30_000));
  await visit
    .getByRole('button', { name: /Continue|Sign in/ })
    .last()
    .click();
  await visit.getByRole('heading', { name: 'Overview' }).waitFor();
  const [cookie] = await context.cookies();
  assert.deepEqual(
    [cookie?.name, cookie?.secure, cookie?.httpOnly, cookie?.sameSite],
    ['__Host-sallyport', true, true, 'Strict'],
  );
  await visit.goto(`https://${name}:${port}/settings`);
  await visit.getByRole('heading', { name: 'HTTPS for others' }).waitFor();
  await visit.getByText('Names', { exact: true }).waitFor();
  await trusting.close();
});

test('Whoever restarts the server finds HTTPS open, and an invitation leads to it', async () => {
  await server.stop();
  await server.start();
  const state = await server.askLocally({ path: '/v1/settings/https' });
  assert.match(state.text, /"state":"open"/);
  const invited = await server.askLocally({
    method: 'POST',
    path: '/v1/invitations',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Bo', roles: ['viewer'] }),
  });
  assert.ok(invited.text.includes(`https://${name}:${port}/invitation#`), invited.text);
});

test('Nothing here is hard to use without a mouse, without sight, or on a small screen', () => {
  assert.deepEqual(faults, []);
});
