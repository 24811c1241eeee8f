import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { askWithFetch, createDeviceUnderTest, enrolDevice } from '@sallyport/testing/device-under-test';
import type { DeviceAsk } from '@sallyport/testing/device-under-test';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import type { Browser, Page } from 'playwright-core';
import {
  addPasskeyDevice,
  chromiumPath,
  picture,
  seriousFaults,
  showIn,
  startBrowser,
  tooWide,
} from './testing/browser.ts';
import { drawnPictures } from './testing/drawn-pictures.ts';
import { signUp } from './testing/sign-up.ts';
import { startSimulatedCamera } from './testing/simulated-camera.ts';
import type { SimulatedCamera } from './testing/simulated-camera.ts';

// One story, told in order: each test goes on where the one before it stopped.
const pictures = process.env['SALLYPORT_PICTURES'];
const server = createServerUnderTest();
const faults: string[] = [];
let browser: Browser;
let page: Page;
let camera: SimulatedCamera | undefined;
let cameraId = '';
let manage: DeviceAsk;

before(async () => {
  const chromium = chromiumPath();
  assert.ok(chromium !== undefined, 'Cannot test the console: there is no Chromium. apt-get install -y chromium');
  await server.start();
  manage = askWithFetch(server.address(), { authorization: `Bearer ${server.keys().operator}` });
  browser = await startBrowser(chromium);
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    acceptDownloads: true,
  });
  page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('Failed to load resource')) faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  await addPasskeyDevice(context, page);
  await signUp(page, server.output());
});

after(async () => {
  await camera?.stop();
  await browser.close();
  await server.end();
});

async function visit(path: string, heading: string): Promise<void> {
  await page.goto(new URL(path, page.url()).href);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
}

/** Looks at the page as it stands, in light and dark and at 320 pixels. Pictures only when somebody wants them. */
async function atRest(name: string): Promise<void> {
  if (pictures !== undefined) await picture(page, pictures, name);
  for (const scheme of ['dark', 'light'] as const) {
    await showIn(page, scheme);
    assert.deepEqual(await seriousFaults(page), [], `${name}, ${scheme}`);
  }
  await page.setViewportSize({ width: 320, height: 640 });
  assert.deepEqual(await tooWide(page), [], `${name} at 320`);
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** What stands on a canvas now, as a number that is another one for another picture. */
async function shown(label: string): Promise<number> {
  const canvas = page.getByRole('img', { name: label });
  return canvas.evaluate((element) => {
    if (!(element instanceof HTMLCanvasElement)) return 0;
    const data = element.getContext('2d')?.getImageData(0, 0, element.width, element.height).data ?? [];
    let sum = 0;
    for (let at = 0; at < data.length; at += 64) sum = (sum * 31 + (data[at] ?? 0)) % 1_000_003;
    return sum;
  });
}

async function changes(label: string): Promise<void> {
  const before = await shown(label);
  for (let turn = 0; turn < 1200; turn += 1) {
    if ((await shown(label)) !== before) return;
    await page.waitForTimeout(50);
  }
  assert.fail(`${label} stands still`);
}

test('An empty room leads to a phone and to a network camera, whose address is looked at before it is sent', async () => {
  await visit('/live', 'Live');
  await page.getByRole('heading', { name: 'No camera yet' }).waitFor();
  await page.getByRole('link', { name: /Make a phone a camera/ }).waitFor();
  await atRest('live-empty');
  await page.getByRole('button', { name: /Add a network camera/ }).click();
  await page.getByLabel('Address').fill('file:///etc/passwd');
  await page.getByText(/begins with rtsp/).waitFor();
  await page.keyboard.press('Escape');
  await page.waitForURL((url) => !url.searchParams.has('add'));
});

test('The wall shows a moving picture, how old it is, and nothing else as live', async () => {
  const origin = server.address();
  const device = createDeviceUnderTest(origin);
  cameraId = await enrolDevice(device, manage, { name: 'Yard, north', place: 'Yard', site: 'Warehouse' });
  camera = await startSimulatedCamera({ origin, device, pictures: await drawnPictures(page), everyMs: 200 });
  await visit('/live', 'Live');
  const tile = page.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'Yard, north' }) });
  await tile.getByText(/^(Live|Late)$/).waitFor();
  await tile.getByText(/^Picture is (▲ )?[\d.]+ m?s old$/).waitFor();
  await changes('Picture of Yard, north');
  await atRest('live-wall');
  await page.getByRole('link', { name: 'Yard, north' }).focus();
  await page.keyboard.press('f');
  await page.getByRole('application', { name: /Wall over the whole screen/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/tile=/);
  await page.keyboard.press('Backspace');
  await page.waitForURL((url) => !url.searchParams.has('tile'));
  await page.getByRole('button', { name: 'Leave' }).click();
  await page.waitForURL((url) => !url.searchParams.has('guard'));
});

test('A picture that stands still is marked as old, and live again when it moves', async () => {
  camera?.freeze(true);
  await page.getByText(/^Not live: /).waitFor();
  await page.getByText(/last seen \d+ s ago/).waitFor();
  camera?.freeze(false);
  await page.getByText(/^Not live: /).waitFor({ state: 'detached' });
});

test('The page of a camera shows it large, and what a command did is told by the device', async () => {
  await page.getByRole('link', { name: 'Yard, north' }).press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Yard, north' }).waitFor();
  await changes('Live picture of Yard, north');
  await page.getByRole('button', { name: 'Light on' }).click();
  await page.getByText(/^✓ Done/).waitFor();
  await page.getByLabel('What it says aloud').fill('Who is there?');
  await page.getByRole('button', { name: 'Say it' }).click();
  // The words are gone once the device has said them.
  await page.getByLabel('What it says aloud').and(page.locator(':placeholder-shown')).waitFor();
  await page.getByRole('button', { name: 'Siren…' }).click();
  await page.getByRole('button', { name: 'Do not' }).click();
  assert.match(JSON.stringify(camera?.commands), /"torch":true.*"speak":"Who is there\?"/);
  await atRest('live-camera');
});

test('A zone is drawn by keyboard alone, with its times, and kept', async () => {
  await page.getByRole('button', { name: 'Zones and schedule' }).press('Enter');
  await page.getByRole('button', { name: 'Add a zone' }).press('Enter');
  await page.getByLabel('Name').fill('Gate');
  const point = page.getByRole('button', { name: /^Gate, point 1 of 4, 25 % from the left/ });
  await point.press('ArrowLeft');
  await page.getByRole('button', { name: /^Gate, point 1 of 4, 24.5 % from the left/ }).press('Enter');
  await page.getByText(/^Added point 2 of 5/).waitFor();
  await page.getByRole('button', { name: /^Gate, point 3 of 5/ }).press('Delete');
  await page.getByRole('button', { name: /^Gate, point 4 of 4/ }).waitFor();
  await page.getByRole('checkbox', { name: 'People' }).check();
  await page.getByText('At times').click();
  await page.getByText(/Every day 22:00–06:00 \(into the next day\)/).waitFor();
  await atRest('live-zones');
  await page.getByRole('button', { name: 'Keep the zones' }).press('Enter');
  await page.getByText('✓ Kept').waitFor();
  const kept = await manage('GET', `/v1/cameras/${cameraId}/zones`);
  assert.match(JSON.stringify(kept.body), /"name":"Gate".*"labels":\["person"\]/);
  await page.getByRole('button', { name: 'Close', exact: true }).click();
});

test('What was recorded is played back from the timeline, with the seal of its segment', async () => {
  await page.waitForFunction(
    `fetch('/v1/cameras/${cameraId}/timeline?from_ms=' + (Date.now() - 600000) + '&to_ms=' + Date.now()).then((answer) => answer.json()).then(({ segments }) => segments.length > 0)`,
    undefined,
    { polling: 500 },
  );
  await page.getByRole('button', { name: '10 min' }).click();
  await page.getByText(/^[1-9]\d* segments?, each sealed/).click();
  await page.getByRole('button', { name: 'Play from here' }).last().click();
  await page.waitForURL(/at=\d+/);
  await page
    .getByRole('button', { name: /^Seal of 1\/\d+/ })
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await changes('Recording of Yard, north');
  await page.getByRole('button', { name: 'Pause' }).click();
  const address = page.url();
  await page.getByRole('slider', { name: /Moment shown/ }).press('ArrowLeft');
  await page.waitForURL((url) => url.href !== address);
  await page.getByRole('button', { name: 'Export a clip…' }).click();
  await page.getByText(/proves, without this server/).waitFor();
  await atRest('live-playback');
  await page.getByLabel('Why').fill('Asked for by the insurance');
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Make the file' }).click(),
  ]);
  assert.match(file.suggestedFilename(), /^clip-yard-north-\d{8}-\d{6}Z\.html$/);
  await page.getByText(/^✓ Saved/).waitFor();
  await page.getByRole('button', { name: 'Back to live' }).click();
});

test('A moment is looked at in the queue, by keyboard, and taken off it', async () => {
  await camera?.stop();
  camera = undefined;
  await visit('/live/review', 'Review');
  const first = page.locator('.moment-row').first();
  await first.waitFor({ timeout: 60_000 });
  await atRest('live-review');
  const moment = await first.getAttribute('data-moment');
  await first.focus();
  await page.keyboard.press('x');
  await page.locator(`[data-moment="${moment ?? ''}"]`).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Seen', exact: true }).first().click();
  await page.getByText('✓ seen by Ada').waitFor();
});

test('Nothing was refused by the content policy, and no page failed', () => {
  assert.deepEqual(faults, []);
});
