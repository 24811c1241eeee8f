import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { lastSeenMs, setLastSeen } from '@sallyport/identity/testing';
import { freePort } from '@sallyport/testing/free-port';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import type { Browser, BrowserContext, Page, Request } from 'playwright-core';
import { addPasskeyDevice, chromiumPath, startBrowser } from './testing/browser.ts';
import { signUp } from './testing/sign-up.ts';

// One story, told in order: each test goes on where the one before it stopped.
const server = createServerUnderTest();
const idleLimitMs = 30 * 60_000;
let port = 0;
let browser: Browser;
let context: BrowserContext;
let page: Page;

const rule = `title: Planted
id: 0b0c0d0e-0000-4000-8000-000000000001
logsource: { category: test }
detection:
  selection: { Planted: 'yes' }
  condition: selection
level: high
`;

/** Notes what the feed brings, and what the page says aloud; a page says that it is hidden when it is told to. */
const listen = `(() => {
  const heard = (window.heard = { alerts: [], events: [], states: [] });
  const streams = (window.streams = []);
  window.spoken = { tones: 0, notifications: [] };
  window.EventSource = class extends EventSource {
    constructor(...given) {
      super(...given);
      streams.push(this);
      this.addEventListener('alert', ({ data }) => heard.alerts.push(JSON.parse(data).id));
      this.addEventListener('events', ({ data }) => { const { from, to, count } = JSON.parse(data); heard.events.push({ from, to, count }); });
      this.addEventListener('state', ({ data }) => heard.states.push(JSON.parse(data).state));
    }
  };
  const create = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function () { window.spoken.tones += 1; return create.call(this); };
  window.Notification = class extends EventTarget {
    static permission = 'granted';
    constructor(title) { super(); window.spoken.notifications.push(title); }
  };
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => localStorage.getItem('test.hidden') ?? 'visible' });
})()`;

type Heard = {
  readonly alerts: readonly string[];
  readonly events: readonly { readonly from: string; readonly to: string; readonly count: number }[];
  readonly states: readonly string[];
};

before(async () => {
  const chromium = chromiumPath();
  assert.ok(chromium !== undefined, 'Cannot test the console: there is no Chromium. apt-get install -y chromium');
  mkdirSync(join(server.dataDirectory, 'rules'), { recursive: true });
  writeFileSync(join(server.dataDirectory, 'rules', 'planted.yml'), rule);
  // The open tab finds the server again only at the same address.
  port = await freePort();
  await server.start('--port', String(port));
  browser = await startBrowser(chromium);
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  await context.addInitScript(listen);
  page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await addPasskeyDevice(context, page);
  await signUp(page, server.output());
  await page.goto(new URL('/alerts', page.url()).href);
  await mark('Live').waitFor();
});

after(async () => {
  await browser.close();
  await server.end();
});

const mark = (text: string) => page.locator('.rail .live-mark').filter({ hasText: text });
const row = (host: string) => page.locator('.alert-row').filter({ hasText: host });

/** One event that the rule finds, of a host of its own, and so one alert. */
async function plant(host: string): Promise<void> {
  const sent = await server.ask({
    method: 'POST',
    path: '/v1/events?source=planted',
    key: server.keys().ingest,
    headers: { 'content-type': 'application/x-ndjson' },
    body: `${JSON.stringify({ Planted: 'yes', host })}\n`,
  });
  assert.equal(sent.status, 200, sent.text);
}

/** Looks again until it is so. */
async function until<Seen>(look: () => Promise<Seen>, isSo: (seen: Seen) => boolean): Promise<Seen> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const seen = await look();
    if (isSo(seen)) return seen;
    await page.waitForTimeout(100);
  }
  throw new Error(`Waited in vain; seen last: ${JSON.stringify(await look())}`);
}

async function heard(): Promise<Heard> {
  const all: Heard = await page.evaluate('window.heard');
  return all;
}

/** Each alert once, and each stretch of the feed begins where the one before it ended. */
async function assertNothingLostOrDoubled(alerts: number): Promise<void> {
  const { alerts: ids, events } = await until(heard, (all) => all.alerts.length >= alerts);
  assert.equal(ids.length, alerts);
  assert.equal(new Set(ids).size, alerts);
  assert.ok(events.length > 0);
  assert.deepEqual(
    events.slice(1).map(({ from }) => from),
    events.slice(0, -1).map(({ to }) => to),
  );
}

test('When the server comes back, an open tab goes on by itself: nothing is missed and nothing comes twice', async () => {
  await plant('before');
  await row('before').waitFor();
  assert.equal(await server.stop(), 0);
  await mark('Offline').waitFor();
  await server.start('--port', String(port));
  // These happen while the tab still waits to try again, or just after it did.
  await plant('meanwhile-1');
  await plant('meanwhile-2');
  await mark('Live').waitFor();
  for (const host of ['before', 'meanwhile-1', 'meanwhile-2']) await row(host).waitFor();
  await plant('afterwards');
  await row('afterwards').waitFor();
  assert.equal(await page.locator('.alert-row').count(), 4);
  await assertNothingLostOrDoubled(4);
});

test('A server that is killed in the middle of it is found again the same way', async () => {
  assert.deepEqual(server.kill('supervisor', 'server', 'sealer', 'store').length > 1, true);
  await mark('Offline').waitFor();
  await server.start('--port', String(port));
  await plant('after-the-kill');
  await row('after-the-kill').waitFor();
  await assertNothingLostOrDoubled(5);
});

test('A paused feed shows nothing new; resumed, it catches up with all of it, once', async () => {
  await mark('Live').click();
  await mark('Paused').waitFor();
  const before = await heard();
  for (const host of ['paused-1', 'paused-2', 'paused-3']) await plant(host);
  await server.caughtUp();
  assert.deepEqual(await heard(), before);
  assert.equal(await row('paused-1').count(), 0);
  await mark('Paused').click();
  for (const host of ['paused-1', 'paused-2', 'paused-3']) await row(host).waitFor();
  await mark('Live').waitFor();
  await assertNothingLostOrDoubled(8);
  const { states } = await heard();
  assert.deepEqual(states.slice(before.states.length), ['catching up', 'live']);
});

test('Of three open tabs one sounds, one that may; and one notifies', async () => {
  await page.evaluate(`(() => {
    localStorage.setItem('sallyport.sound', 'true');
    localStorage.setItem('sallyport.notification', 'true');
    localStorage.setItem('test.hidden', 'hidden');
  })()`);
  // Nobody has touched the other two: a browser lets them make no sound.
  const others = [await context.newPage(), await context.newPage()];
  for (const other of others) {
    await other.goto(new URL('/ledger', page.url()).href);
    await other.locator('.rail .live-mark[data-state="live"]').waitFor();
  }
  const tabs = [...others, page];
  const spoken = async (): Promise<{ tones: number; notifications: readonly string[] }[]> =>
    Promise.all(
      tabs.map(async (tab) => {
        const said: { tones: number; notifications: readonly string[] } = await tab.evaluate('window.spoken');
        return said;
      }),
    );
  for (let round = 1; round <= 4; round += 1) {
    await page.locator('.rail').getByText('Find anything').click();
    await page.keyboard.press('Escape');
    await plant(`aloud-${round}`);
    for (const tab of others) await tab.locator('.toast').waitFor();
    await row(`aloud-${round}`).waitFor();
    for (const tab of others) await tab.getByRole('button', { name: 'Dismiss' }).click({ force: true });
  }
  const tones = (all: Awaited<ReturnType<typeof spoken>>): number => all.reduce((sum, one) => sum + one.tones, 0);
  const said = await until(
    spoken,
    (all) => tones(all) >= 4 && all.flatMap(({ notifications }) => notifications).length >= 4,
  );
  assert.equal(tones(said), 4);
  assert.deepEqual(
    said.flatMap(({ notifications }) => notifications),
    Array.from({ length: 4 }, () => 'high: Planted'),
  );
  for (const tab of others) await tab.close();
});

test('With eight windows open every one still loads, and one that is looked at again has missed nothing', async () => {
  await page.evaluate("localStorage.removeItem('test.hidden')");
  const open = 'window.streams.filter((source) => source.readyState < 2).length';
  const others: Page[] = [];
  for (let opened = 0; opened < 7; opened += 1) {
    const other = await context.newPage();
    await other.goto(new URL('/alerts', page.url()).href);
    await other.locator('.alert-row').first().waitFor();
    await lookAway(other);
    others.push(other);
    // The third hidden one has to wait its turn.
    if (opened >= 2)
      await until(
        async () => Number(await other.evaluate(open)),
        (count) => count === 0,
      );
  }
  const listening = async (): Promise<number> =>
    (await Promise.all(others.map(async (other) => Number(await other.evaluate(open))))).reduce(
      (sum, one) => sum + one,
    );
  assert.equal(await listening(), 2);
  await plant('eight-windows');
  await row('eight-windows').waitFor();
  // One of the two is closed: another takes its place.
  await others.shift()?.close();
  await until(listening, (count) => count === 2);
  const last = others.at(-1);
  assert.ok(last !== undefined);
  await lookAt(last);
  await last.locator('.alert-row').filter({ hasText: 'eight-windows' }).waitFor();
  const ids: readonly string[] = await last.evaluate('window.heard.alerts');
  assert.equal(new Set(ids).size, ids.length);
  for (const other of others) await other.close();
});

test('A tab that nobody touches is signed out at the idle limit, though it goes on asking; so is a hidden one that only listens', async () => {
  await page.evaluate("localStorage.removeItem('test.hidden')");
  await page.goto(new URL('/search?range=live', page.url()).href);
  await page.locator('.event-row[aria-busy="false"]').first().waitFor();
  const hidden = await context.newPage();
  await hidden.addInitScript("Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })");
  await hidden.goto(new URL('/settings', page.url()).href);
  await hidden.locator('.rail .live-mark[data-state="live"]').waitFor();
  const control = join(server.dataDirectory, 'control.db');
  const wasSeen = (agoMs: number): void => setLastSeen(control, Date.now() - agoMs);
  await background(page, 1);
  wasSeen(idleLimitMs - 60_000);
  const lastSeen = lastSeenMs(control);
  await background(page, 6);
  assert.equal(lastSeenMs(control), lastSeen);
  assert.ok((await page.locator('.event-row').count()) > 0);
  wasSeen(idleLimitMs + 1000);
  for (const tab of [page, hidden]) {
    await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.equal(await tab.locator('.rail').count(), 0);
  }
  assert.equal(await page.locator('.event-row').count(), 0);
  assert.equal(new URL(page.url()).pathname, '/search');
});

/** The window is behind another from now on, as far as its page can tell. */
async function lookAway(from: Page): Promise<void> {
  await from.evaluate(`(() => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
    document.dispatchEvent(new Event('visibilitychange'));
  })()`);
}

async function lookAt(at: Page): Promise<void> {
  await at.evaluate(`(() => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'visible' });
    document.dispatchEvent(new Event('visibilitychange'));
  })()`);
}

/** Resolves once the page has asked so often by itself, with nothing in between that says somebody is there. */
async function background(from: Page, times: number): Promise<void> {
  let inARow = 0;
  const isOne = (request: Request): boolean => {
    if (!request.url().includes('/v1/') || request.url().includes('/v1/live')) return false;
    inARow = request.headers()['x-sallyport-background'] === '1' ? inARow + 1 : 0;
    return inARow >= times;
  };
  await from.waitForRequest(isOne);
}
