import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import { eventually } from '@sallyport/testing/waiting';
import type { Browser, Page } from 'playwright-core';
import { addPasskeyDevice, chromiumPath, seriousFaults, showIn, startBrowser, tooWide } from './testing/browser.ts';
import { signUp } from './testing/sign-up.ts';

// One story, told in order: each test goes on where the one before it stopped.
const server = createServerUnderTest();
/** Where pictures go; none are made without. */
const pictures = process.env['SALLYPORT_PICTURES'];
const rows = 5000;
let browser: Browser;
let page: Page;
const errors: string[] = [];

before(async () => {
  const chromium = chromiumPath();
  assert.ok(chromium !== undefined, 'Cannot test the console: there is no Chromium. apt-get install -y chromium');
  await server.start();
  browser = await startBrowser(chromium);
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  await addPasskeyDevice(context, page);
});

after(async () => {
  await browser.close();
  await server.end();
});

async function send(count: number, text: string): Promise<void> {
  const lines = Array.from({ length: count }, (_, at) =>
    // A host by the name of an operator of the query language.
    JSON.stringify({ message: `${text} ${at}`, host: { name: at % 5 === 4 ? 'OR' : `web${at % 5}` } }),
  );
  const sent = await fetch(new URL('/v1/events', server.address()), {
    method: 'POST',
    headers: { authorization: `Bearer ${server.keys().ingest}`, 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  });
  assert.equal(sent.status, 200);
  await server.caughtUp();
}

const list = () => page.getByRole('grid', { name: /^Events/ });
const query = () => new URL(page.url()).searchParams;
/** Waits until so many were found. */
const found = (count: string) =>
  page
    .locator('.tail-line')
    .getByText(new RegExp(`^${count} events?\\b`))
    .waitFor();
/** The lines in sight, at one moment in which all of them are there. */
function inSight(): Promise<string[]> {
  const look = async (): Promise<string[] | undefined> => {
    const lines = await page.evaluate<(string | null)[]>(
      "[...document.querySelectorAll('.event-row')].map((row) => row.ariaBusy === 'true' ? null : row.querySelector('.event-summary').innerText)",
    );
    const there = lines.filter((line) => line !== null);
    return there.length > 0 && there.length === lines.length ? there : undefined;
  };
  return eventually({ what: 'the rows in sight', timeoutMs: 60_000, everyMs: 20, look });
}

test('Until somebody signs in, the browser’s log holds no refusal', async () => {
  await page.goto(new URL('/sign-in', server.address().replace('127.0.0.1', 'localhost')).href);
  await page.getByRole('heading').first().waitFor();
  assert.deepEqual(errors, []);
  await signUp(page, server.output());
  assert.deepEqual(errors, []);
});

test('Thousands of events are a few rows in the page, and the keyboard reaches both ends', async () => {
  await send(rows, 'line');
  await page.goto(new URL('/search?q=%22line%22', page.url()).href);
  await found('5,000');
  assert.equal((await inSight())[0], `line ${rows - 1}`);
  assert.ok((await list().locator('.event-row').count()) < 60);
  await list().focus();
  await page.keyboard.press('End');
  await page.getByText('Row 5,000 of 5,000').waitFor();
  assert.equal((await inSight()).at(-1), 'line 0');
  for (const key of ['Home', 'j', 'j', 'k']) await page.keyboard.press(key);
  await page.getByText('Row 2 of 5,000').waitFor();
  await page.keyboard.press('x');
  await page.getByText('1 event marked').waitFor();
  await page.getByRole('button', { name: 'Check their seals' }).click();
  await page.getByText('All verify in this browser').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Clear' }).click();
  await list().focus();
  await page.keyboard.press('Enter');
  await page.getByRole('complementary', { name: /^Event 1\// }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('complementary', { name: /^Event 1\// }).waitFor({ state: 'detached' });
});

/** The numbers of the lines in sight, once they are about these. */
async function linesAround(wanted: number): Promise<{ first: number; lines: number[] }> {
  let first = 0;
  for (let tries = 0; tries < 600; tries += 1) {
    const lines = (await inSight()).map((line) => Number(line.split(' ')[1]));
    first = lines[0] ?? 0;
    if (Math.abs(first - wanted) < 60) return { first, lines };
    await page.waitForTimeout(50);
  }
  return assert.fail(`${first} where ${wanted} is wanted`);
}

test('A drag of the scroll bar lands anywhere, and the rows there are the right ones', async () => {
  for (const share of [0.5, 0.9, 0.1]) {
    await page.evaluate(
      `(() => { const list = document.querySelector('.event-scroll'); list.scrollTop = ${share} * (list.scrollHeight - list.clientHeight); })()`,
    );
    const { first, lines } = await linesAround(rows * (1 - share));
    assert.deepEqual(
      lines,
      lines.map((_line, at) => first - at),
    );
  }
});

test('A click adds a value to the query or takes it away, whatever the value is called, and for every alternative', async () => {
  await page.goto(new URL('/search?q=%22line%22', page.url()).href);
  await page.getByRole('button', { name: /^web1/ }).click();
  await found('1,000');
  assert.equal(query().get('q'), '"line" host:web1');
  await page.getByRole('button', { name: 'Not Host web1' }).click();
  await found('4,000');
  assert.equal(query().get('q'), '"line" -host:web1');
  await page.goto(new URL('/search?q=%22line%22%20OR%20%22nowhere%22', page.url()).href);
  await found('5,000');
  await page.getByRole('button', { name: /^OR/ }).click();
  await found('1,000');
  assert.equal(query().get('q'), '("line" OR "nowhere") host:"OR"');
});

test('A field that no event has is named at the query, and one click puts it right', async () => {
  await page.getByLabel('Query').fill('hots:web3');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await page.getByRole('alert').filter({ hasText: 'No event can have hots' }).waitFor();
  assert.equal(await page.getByLabel('Query').getAttribute('aria-invalid'), 'true');
  await page.getByRole('button', { name: 'host', exact: true }).click();
  await found('1,000');
  assert.equal(query().get('q'), 'host:web3');
});

test('Where nothing is found, it says which field no event has and which word was no operator', async () => {
  await page.getByLabel('Query').fill('raw.Nope:x and web1');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await page.getByText('Nothing found').waitFor();
  await page.getByText('no event in this time range has raw.Nope').waitFor();
  await page.getByText('“and” was searched for as a word').waitFor();
  await page.getByLabel('Query').fill('host:web3');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await found('1,000');
  assert.equal(await page.getByText('no event in this time range').count(), 0);
});

test('A search that found nothing shows what is recorded a moment later, without being asked again', async () => {
  await page.goto(new URL('/search?q=%22moments-later%22', page.url()).href);
  await page.getByText('Nothing found').waitFor();
  await send(1, 'moments-later');
  await found('1');
  await page.getByText('Nothing found').waitFor({ state: 'detached' });
  assert.deepEqual(await inSight(), ['moments-later 0']);
});

test('Columns are chosen, made wider by keyboard, and stand in the address; times are read by three clocks', async () => {
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByLabel('User', { exact: true }).check();
  await page.keyboard.press('Escape');
  await page.getByRole('columnheader', { name: /^User/ }).waitFor();
  await page.getByRole('separator', { name: 'Width of Host' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.waitForURL(/host%3A140/);
  await page.getByLabel('Another zone').selectOption('Asia/Kolkata');
  await list()
    .getByText(/\+05:30$/)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'UTC' }).click();
  await list().getByText(/UTC$/).first().waitFor();
  await page.getByRole('button', { name: 'Kolkata' }).click();
  await list()
    .getByText(/\+05:30$/)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Local' }).click();
});

test('The chart is zoomed into by keyboard alone, and the address keeps the stretch', async () => {
  await page.goto(new URL('/search', page.url()).href);
  const from = page.getByRole('slider', { name: 'From' });
  await from.focus();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('button', { name: /^Zoom to/ }).press('Enter');
  await page.waitForURL(/from=.*to=/);
  await page
    .getByText(/\d events/)
    .first()
    .waitFor();
});

test('A live list follows; while it is read nothing moves, and what came is a number to press', async () => {
  await page.goto(new URL('/search', page.url()).href);
  await page.getByLabel('Time range').selectOption('live');
  await page.getByText('Live: follows the newest').waitFor();
  await page.getByRole('button', { name: /^Own reads hidden/ }).waitFor();
  // What the server records of itself meanwhile is none of these.
  await page.goto(new URL('/search?q=host%3Aweb0', page.url()).href);
  await page.getByLabel('Time range').selectOption('live');
  await page.getByText('Live: follows the newest').waitFor();
  await send(1, 'arrives at the top');
  await list().getByText('arrives at the top').first().waitFor();
  await page.evaluate("document.querySelector('.event-scroll').scrollTop = 720");
  await page.getByText('Paused while you read').waitFor();
  const read = await inSight();
  await send(12, 'arrives meanwhile');
  const pill = page.getByRole('button', { name: '3 new', exact: true });
  // Where it does not come, what the list says of itself instead tells why.
  await pill.waitFor().catch(async (cause: unknown) => {
    const said = await page.locator('.tail-line').innerText();
    const scrolled = String(await page.evaluate("document.querySelector('.event-scroll').scrollTop"));
    assert.fail(`"3 new" did not come: ${said} (${scrolled} px down; ${String(cause)})`);
  });
  assert.deepEqual(await inSight(), read);
  await pill.click();
  await list().getByText('arrives meanwhile 10').waitFor();
  await page.getByText('Live: follows the newest').waitFor();
});

test('What a person downloads is what was found', async () => {
  await page.goto(new URL('/search?q=host%3Aweb1%20%22line%22', page.url()).href);
  await page.getByRole('button', { name: 'Export 1,000' }).click();
  const waiting = page.waitForEvent('download');
  await page.getByRole('link', { name: /NDJSON/ }).click();
  const path = await (await waiting).path();
  assert.equal(readFileSync(path, 'utf8').trim().split('\n').length, 1000);
  await page.keyboard.press('Escape');
});

test('Evidence of a search is a page that checks offline that nothing is left out, and shows when something is', async () => {
  await page.goto(new URL('/search?range=1h&q=%22line+4711%22', page.url()).href);
  await page.getByRole('button', { name: 'Evidence…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Evidence of everything in this time' });
  await dialog.getByLabel('Name the other sources too').check();
  assert.deepEqual(await seriousFaults(page, 'colours'), []);
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, 'evidence-dialog.png') });
  const waiting = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Page that verifies offline' }).click();
  const html = readFileSync(await (await waiting).path(), 'utf8');
  const offline = await browser.newContext({ offline: true });
  const reader = await offline.newPage();
  await reader.setContent(html);
  await reader.getByRole('heading', { name: 'Agrees with itself; compare the key' }).waitFor({ timeout: 60_000 });
  const key = /\nkey (\S+)\n/.exec(html)?.[1] ?? '';
  await reader.getByLabel('The log’s key, as you know it').fill(key);
  await reader.getByRole('button', { name: 'Check with this key' }).click();
  await reader.getByRole('heading', { name: 'No event of the range is left out' }).waitFor({ timeout: 60_000 });
  await reader.getByText('do not fit the query: the server said so').waitFor();
  await reader.locator('summary').filter({ hasText: 'line 4711' }).first().click();
  await reader.locator('details pre').filter({ hasText: 'line 4711' }).waitFor();
  if (pictures !== undefined) await reader.screenshot({ path: join(pictures, 'evidence-range.png'), fullPage: true });
  await reader.setContent(html.replace(/\nn \S+(?=\n)/, ''));
  await reader.getByText('This evidence does not verify').waitFor({ timeout: 60_000 });
  await offline.close();
});

test('On a phone the live mark, the search for anything and every room are in reach, and nothing is too wide', async () => {
  for (const width of [390, 320]) {
    await page.setViewportSize({ width, height: 760 });
    for (const path of ['/', '/alerts', '/search', '/ledger', '/people', '/settings', '/verify']) {
      await page.goto(new URL(path, page.url()).href);
      await page.getByRole('heading', { level: 1 }).waitFor();
      assert.deepEqual(await tooWide(page), [], `${path} at ${width}`);
    }
    await page.locator('.top .live-mark').filter({ hasText: 'Live' }).click();
    await page.locator('.top .live-mark').filter({ hasText: 'Paused' }).click();
    await page.locator('.top .live-mark').filter({ hasText: 'Live' }).waitFor();
    await page.getByRole('button', { name: 'Find anything' }).click();
    await page.getByRole('combobox', { name: 'Find anything' }).fill('ledger');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Ledger', exact: true }).waitFor();
  }
});

test('The first press of Tab offers the way past the rooms, and axe finds nothing serious on a phone, in dark and light', async () => {
  await page.goto(new URL('/search', page.url()).href);
  await list().waitFor();
  await page.keyboard.press('Tab');
  await page.waitForFunction("document.activeElement.textContent.trim() === 'Skip to the room'");
  await page.keyboard.press('Enter');
  await page.waitForFunction("document.activeElement.id === 'room'");
  for (const scheme of ['dark', 'light'] as const) {
    await showIn(page, scheme);
    assert.deepEqual(await seriousFaults(page, scheme === 'dark' ? 'colours' : 'all'), [], scheme);
  }
  await page.emulateMedia({ forcedColors: 'active' });
  assert.deepEqual(await seriousFaults(page, 'colours'), [], 'colours of the system');
});
