import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import type { Browser, Page } from 'playwright-core';
import { addPasskeyDevice, chromiumPath, startBrowser } from './testing/browser.ts';
import { signUp } from './testing/sign-up.ts';

// An event in which every field is an attack, that a rule finds: it is shown in every room, and is text in each.
const server = createServerUnderTest();
const faults: string[] = [];
let browser: Browser;
let page: Page;

const rule = `title: Planted
id: 0b0c0d0e-0000-4000-8000-000000000001
logsource: { category: test }
detection:
  selection: { Planted: 'yes' }
  condition: selection
level: high
`;

/** Runs when it is ever taken for markup, hides what stands beside it, and turns a terminal red. */
const attack = (field: string): string =>
  `${field}<img src=x onerror="window.hit='${field}'"><script>window.hit='${field}'</script>"'\`><a href="javascript:window.hit='${field}'">${field}-words</a>\u001b[31m\u202e`;

const hostile = {
  class_uid: 1007,
  category_uid: 1,
  type_uid: 100_701,
  activity_id: 1,
  severity_id: 3,
  time: 1,
  Planted: 'yes',
  message: attack('message'),
  device: { hostname: attack('host'), name: attack('device'), ip: attack('ip'), type_id: 0 },
  actor: { user: { name: attack('user'), uid: attack('uid') }, process: { name: attack('parent'), pid: 1 } },
  process: {
    name: attack('process'),
    cmd_line: attack('command'),
    file: { path: attack('path'), name: attack('file'), type_id: 1 },
  },
  src_endpoint: { ip: attack('source') },
  dst_endpoint: { hostname: attack('target') },
  metadata: {
    version: '1.8.0',
    product: { name: attack('product'), vendor_name: attack('vendor') },
    log_name: attack('log'),
    event_code: attack('code'),
  },
  unmapped: { [attack('key')]: attack('value') },
};

before(async () => {
  const chromium = chromiumPath();
  assert.ok(chromium !== undefined, 'Cannot test the console: there is no Chromium. apt-get install -y chromium');
  mkdirSync(join(server.dataDirectory, 'rules'), { recursive: true });
  writeFileSync(join(server.dataDirectory, 'rules', 'planted.yml'), rule);
  await server.start();
  browser = await startBrowser(chromium);
  const context = await browser.newContext({ acceptDownloads: true });
  page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('dialog', (dialog) => {
    faults.push(dialog.message());
    void dialog.dismiss();
  });
  await addPasskeyDevice(context, page);
  await signUp(page, server.output());
  const sent = await server.ask({
    method: 'POST',
    path: '/v1/events?source=hostile',
    key: server.keys().ingest,
    headers: { 'content-type': 'application/x-ndjson', 'user-agent': 'x\u009b31m forged' },
    body: `${JSON.stringify(hostile)}\nnot json ${attack('garbage')}\n`,
  });
  assert.equal(sent.status, 200, sent.text);
  await server.caughtUp();
});

after(async () => {
  await browser.close();
  await server.end();
});

/** Nothing ran, no markup was made of it, and nothing that cannot be seen stands in the page. */
async function harmless(room: string): Promise<void> {
  assert.equal(await page.evaluate('window.hit ?? null'), null, room);
  assert.equal(await page.locator('img[src="x"], a[href^="javascript:"]').count(), 0, room);
}

async function visit(path: string): Promise<void> {
  await page.goto(new URL(path, page.url()).href);
  await page.locator('h1').first().waitFor();
}

test('In the list and the panel of alerts a hostile event is text, with what cannot be seen written out', async () => {
  await visit('/alerts');
  const row = page.getByRole('list', { name: 'Alerts' }).getByRole('listitem').filter({ hasText: 'Planted' });
  await row.getByText('host<img src=x').waitFor();
  const text = await row.innerText();
  assert.match(text, /\\u\{1b\}\[31m\\u\{202e\}/);
  assert.doesNotMatch(text, /[\u001b\u202e]/);
  await row.click();
  await page.getByRole('heading', { name: 'Why it fired' }).waitFor();
  await page.getByRole('heading', { name: /^The event/ }).waitFor();
  await page.getByText('message<img src=x').first().waitFor();
  await harmless('alerts');
  await page.getByRole('button', { name: 'Suppress…' }).click();
  await page.getByText('Only on host<img').waitFor();
  await harmless('suppress');
  await page.keyboard.press('Escape');
});

test('In search, its fields and its live tail, and on the overview, a hostile event is text', async () => {
  await visit('/search?q=%22message-words%22');
  await page.locator('.event-row').first().click();
  await page.getByRole('heading', { name: 'Verified in this browser' }).waitFor();
  await harmless('search');
  await visit('/search?q=host:*');
  await page.locator('.event-row').first().waitFor();
  await harmless('search by host');
  await visit('/');
  await page.getByText('hostile').first().waitFor();
  await harmless('overview');
});

test('A filter from a link, and a name nobody has, are text too', async () => {
  await visit(`/alerts?host=${encodeURIComponent(attack('link'))}&q=${encodeURIComponent(attack('typed'))}`);
  await page.getByText('link<img src=x').first().waitFor();
  await harmless('alerts by link');
  await visit(`/search?q=${encodeURIComponent('hots:x')}`);
  await page
    .getByText(/No event can have/)
    .first()
    .waitFor();
  await visit(`/search?q=${encodeURIComponent(`"${attack('q').replaceAll('"', '')}"`)}`);
  await harmless('search by link');
});

test('Its exports are files with safe names, in which no cell is a formula', async () => {
  await visit('/alerts');
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).click();
  const file = await download;
  assert.match(file.suggestedFilename(), /^alerts-[a-z0-9-]+\.csv$/);
  const text = readFileSync(await file.path(), 'utf8');
  assert.match(text, /"host<img src=x/);
  assert.doesNotMatch(text, /[\u001b\u202e]/);
  const events = await page.evaluate<string>(
    "fetch('/v1/events/export?format=csv').then(async (answer) => answer.headers.get('content-disposition') + await answer.text())",
  );
  assert.match(events, /^attachment; filename="events-[a-z0-9-]+\.csv"/);
  assert.doesNotMatch(events, /[\u001b\u202e]/);
});

test('Alerts are chosen by keyboard, what will happen is said first, and then it does', async () => {
  await visit('/alerts?state=new');
  const rows = page.getByRole('list', { name: 'Alerts' }).getByRole('listitem');
  await rows.first().focus();
  await page.keyboard.press('x');
  const bar = page.getByRole('region', { name: 'Selected alerts' });
  await bar.getByRole('button', { name: 'Take 1' }).click();
  await bar.getByText(/Take: 1 alert with 1 finding go to “Acknowledged” and are yours/).waitFor();
  await harmless('bulk');
  await bar.getByRole('button', { name: 'Take 1 alert' }).click();
  await bar.waitFor({ state: 'detached' });
  await visit('/alerts?state=acknowledged');
  await rows.filter({ hasText: 'Planted' }).waitFor();
});

test('Whatever an event or a header holds, each line of the server stays one line', () => {
  assert.doesNotMatch(server.output().replaceAll('\n', ''), /[\u0000-\u0008\u000b-\u001f\u202e]/);
  assert.doesNotMatch(server.output(), /^(?:host|user|message)<img/m);
});

test('Nothing was refused by the content policy or failed', () => {
  assert.deepEqual(
    faults.filter((text) => !text.includes('400')),
    [],
  );
});
