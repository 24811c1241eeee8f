import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import { audiblePage } from '@sallyport/testing/audible-page';
import { createServerUnderTest, repositoryRoot } from '@sallyport/testing/server-under-test';
import { eventually } from '@sallyport/testing/waiting';
import type { Browser, Page } from 'playwright-core';
import { addPasskeyDevice, chromiumPath, picture, seriousFaults, startBrowser } from './testing/browser.ts';
import { coverableLens, makeYardFilm, startFilmingPhone } from './testing/filming-phone.ts';
import { signUp } from './testing/sign-up.ts';

// One story, told in order, in two browsers: a phone in a yard, and the console that looks through it.
const pictures = process.env['SALLYPORT_PICTURES'];
const betterModels = join(repositoryRoot, '../shared/models');
const server = createServerUnderTest(
  existsSync(join(betterModels, 'yolox_nano_416.onnx')) ? { environment: { SALLYPORT_MODELS: betterModels } } : {},
);
const faults: string[] = [];
/** When a lens that was free was covered, by the phone's own picture. */
const coveredAtMs: number[] = [];
/** When a notice with this title and its picture stood on the screen of the console, the first time. */
const paintedAtMs = new Map<string, number>();
let consoles: Browser;
let phones: Browser;
let page: Page;
let phone: Page;
let cameraPath = '';
let closedAtMs: number | undefined;

before(async () => {
  const chromium = chromiumPath();
  assert.ok(chromium !== undefined, 'Cannot test the console: there is no Chromium. apt-get install -y chromium');
  const film = join(server.directory, 'yard.mjpeg');
  makeYardFilm(film, 118);
  await server.start();
  consoles = await startBrowser(chromium);
  const context = await consoles.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  page = await context.newPage();
  const filming = await startFilmingPhone(chromium, film);
  phones = filming.browser;
  phone = await filming.phone.newPage();
  for (const [name, one] of [
    ['console', page],
    ['phone', phone],
  ] as const) {
    one.setDefaultTimeout(60_000);
    collectFaults(name, one);
  }
  phone.on('websocket', (line) => {
    closedAtMs = undefined;
    if (line.url().endsWith('/v1/cameras/send')) line.on('close', () => (closedAtMs = Date.now()));
  });
  await phone.exposeFunction('tellCovered', (atMs: number) => coveredAtMs.push(atMs));
  await phone.addInitScript(coverableLens);
  await phone.addInitScript(watchLens);
  await page.exposeFunction('tellPainted', (title: string, atMs: number) => {
    if (!paintedAtMs.has(title)) paintedAtMs.set(title, atMs);
  });
  await page.addInitScript(watchNotices);
  await context.addInitScript(audiblePage);
  await addPasskeyDevice(context, page);
  await signUp(page, server.output());
});

after(async () => {
  await phones.close();
  await consoles.close();
  await server.end();
});

function collectFaults(name: string, one: Page): void {
  one.on('pageerror', (error) => faults.push(`${name}: ${error.message}`));
  one.on('console', (message) => {
    if (/Content.Security.Policy|Permissions policy/i.test(message.text())) faults.push(`${name}: ${message.text()}`);
  });
}

/** Runs in the phone: tells the moment at which its picture turns dark. */
const watchLens = `(() => {
  let wasDark = true;
  const look = () => {
    const video = document.querySelector('video');
    if (video !== null && video.readyState >= 2) {
      const canvas = new OffscreenCanvas(16, 12).getContext('2d');
      canvas.drawImage(video, 0, 0, 16, 12);
      const pixels = canvas.getImageData(0, 0, 16, 12).data;
      const isDark = pixels.reduce((sum, value) => sum + value, 0) / pixels.length < 120;
      if (isDark && !wasDark) tellCovered(Date.now());
      wasDark = isDark;
    }
    setTimeout(look, 20);
  };
  look();
})()`;

/** Runs in the console: tells the moment at which a notice is on the screen with its picture. */
const watchNotices = `new MutationObserver(async () => {
  const notice = document.querySelector('.toast');
  const title = notice?.querySelector('a')?.textContent;
  if (!title || notice.dataset.told === title) return;
  notice.dataset.told = title;
  await notice.querySelector('img')?.decode();
  requestAnimationFrame(() => setTimeout(() => tellPainted(title, Date.now())));
}).observe(document, { childList: true, subtree: true })`;

/** Waits until something sounds; what Chromium's made-up microphone hears is a short tone now and then. */
async function somethingIsHeard(where: Page): Promise<void> {
  await eventually({
    what: 'something is heard',
    timeoutMs: 60_000,
    everyMs: 20,
    look: async () => (await where.evaluate<number>('heard()')) > 0.02 || undefined,
  });
}

async function visit(path: string, heading: string): Promise<void> {
  await page.goto(new URL(path, page.url()).href);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
}

async function atRest(name: string): Promise<void> {
  if (pictures !== undefined) await picture(page, pictures, `phone-as-camera-${name}`);
  assert.deepEqual(await seriousFaults(page), [], name);
}

async function phoneAtRest(name: string): Promise<void> {
  for (const colorScheme of pictures === undefined ? [] : (['light', 'dark'] as const)) {
    await phone.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const [width, height] of [
      [1440, 900],
      [390, 844],
    ] as const) {
      await phone.setViewportSize({ width, height });
      await phone.waitForTimeout(150);
      await phone.screenshot({ path: join(pictures ?? '', `phone-as-camera-${name}-${width}-${colorScheme}.png`) });
    }
  }
  assert.deepEqual(await seriousFaults(phone), [], name);
}

/** What stands on a canvas now, as a number that is another one for another picture. */
async function shown(label: string): Promise<number> {
  return page.getByRole('img', { name: label }).evaluate((element) => {
    if (!(element instanceof HTMLCanvasElement)) return 0;
    const data = element.getContext('2d')?.getImageData(0, 0, element.width, element.height).data ?? [];
    let sum = 0;
    for (let at = 0; at < data.length; at += 64) sum = (sum * 31 + (data[at] ?? 0)) % 1_000_003;
    return sum;
  });
}

/** Whether what the only camera shows is looked at, and its usual view known. */
async function isWatched(): Promise<boolean> {
  const listed = parseJson((await server.ask({ path: '/v1/cameras' })).text);
  const rows = isJsonObject(listed) && Array.isArray(listed['cameras']) ? listed['cameras'] : [];
  return rows.some((row) => isJsonObject(row) && row['watched'] === 'watched');
}

const dialog = () => page.getByRole('dialog');
const tile = () => page.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'Yard, north' }) });

test('A phone opens the code of the console, both show the same digits, and it is let in', async () => {
  await visit('/devices', 'Devices');
  await page.getByRole('button', { name: 'Enrol a device' }).first().click();
  await dialog().getByLabel('Name').fill('Yard, north');
  await dialog().getByLabel('Place').fill('Lamp post');
  await dialog().getByLabel('Site').fill('Mill');
  await dialog().getByRole('button', { name: 'Show the code' }).click();
  await dialog().getByText('Open the link instead').click();
  const link = await dialog().getByText('/field/#enrol=').innerText();
  await atRest('1-code');
  await phone.goto(link);
  await phone.getByRole('button', { name: 'Enrol this phone' }).waitFor();
  await phoneAtRest('1-invited');
  await phone.getByRole('button', { name: 'Enrol this phone' }).click();
  const onPhone = phone.locator('.fingerprint');
  await onPhone.waitFor();
  const inConsole = dialog().getByRole('img', { name: /^Fingerprint/ });
  await inConsole.waitFor();
  assert.match(await onPhone.innerText(), /^\d{5}(\s+\d{5}){5}$/);
  assert.equal(await inConsole.getAttribute('aria-label'), await onPhone.getAttribute('aria-label'));
  await atRest('2-compare');
  await phoneAtRest('2-compare');
  await dialog()
    .getByRole('button', { name: /^They are the same/ })
    .click();
  await dialog().getByText('Yard, north is let in').waitFor();
  await phone.getByRole('button', { name: 'Start filming' }).waitFor();
  await phoneAtRest('3-ready');
});

test('Its whole picture is watched for people from now on', async () => {
  const answer = await server.ask({ path: '/v1/cameras' });
  const listed = parseJson(answer.text);
  const rows = isJsonObject(listed) && Array.isArray(listed['cameras']) ? listed['cameras'] : [];
  const [row] = rows;
  const cameraId = isJsonObject(row) ? textOf(row['id']) : '';
  const path = `/v1/cameras/${cameraId}/zones`;
  const plan = parseJson((await server.ask({ path })).text);
  assert.ok(isJsonObject(plan));
  const points = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ];
  const zones = [{ id: 'yard', name: 'The yard', kind: 'watch', labels: ['person'], points }];
  const body = JSON.stringify({ ...plan, zones });
  const put = await server.ask({ method: 'PUT', path, headers: { 'content-type': 'application/json' }, body });
  assert.equal(put.status, 200, put.text);
});

test('The wall shows what it films, how old the picture is, and who is in it', async () => {
  await visit('/live', 'Live');
  await phone.getByRole('button', { name: 'Start filming' }).click();
  await phone.getByRole('heading', { name: 'Filming' }).waitFor();
  await tile()
    .getByText(/^(Live|Late)$/)
    .waitFor();
  await tile()
    .getByText(/^Picture is (▲ )?[\d.]+ m?s old$/)
    .waitFor();
  const first = await shown('Picture of Yard, north');
  await eventually({
    what: 'the picture moves',
    timeoutMs: 60_000,
    look: async () => ((await shown('Picture of Yard, north')) === first ? undefined : true),
  });
  await tile()
    .getByText(/^\d+ (person|people)/)
    .waitFor();
  await atRest('4-wall');
  await phoneAtRest('4-filming');
});

test('A hand over the lens is an alert on the screen of the console, with the picture', async (context) => {
  // A lens that is covered before its usual view is known is told of by nobody.
  await eventually({
    what: 'the camera is watched',
    timeoutMs: 120_000,
    look: async () => (await isWatched()) || undefined,
  });
  await phone.evaluate('coverLens(true)');
  await eventually({
    what: 'the alert is painted',
    timeoutMs: 120_000,
    everyMs: 20,
    look: () => (paintedAtMs.has('Camera Covered') ? true : undefined),
  }).catch(async (error: unknown) => {
    context.diagnostic(`seen: ${[...paintedAtMs.keys()].join(', ')}`);
    context.diagnostic((await server.ask({ path: '/v1/alerts' })).text);
    throw error;
  });
  await phone.evaluate('coverLens(false)');
  const paintedMs = paintedAtMs.get('Camera Covered') ?? 0;
  const tookMs = paintedMs - (coveredAtMs.findLast((atMs) => atMs < paintedMs) ?? 0);
  context.diagnostic(`lens covered → alert with picture painted: ${tookMs} ms`);
  assert.ok(tookMs < 30_000, `${tookMs} ms`);
  await atRest('5-covered');
  await visit('/alerts', 'Alerts');
  await page.getByRole('button', { name: 'Camera Covered' }).first().click();
  const seen = page.getByRole('img', { name: /^Camera Covered, as Yard, north saw it/ }).first();
  await seen.evaluate((element) => (element instanceof HTMLImageElement ? element.decode() : undefined));
  assert.ok(await seen.evaluate((element) => element instanceof HTMLImageElement && element.naturalWidth > 0));
  await atRest('6-alert');
});

test('Who walks through the yard is an alert, with the picture they are in', async (context) => {
  await visit('/alerts', 'Alerts');
  await page.getByRole('button', { name: 'Person in a Watched Zone' }).first().click();
  // Who comes again while it is looked at adds the picture they were last seen in.
  const seen = page.getByRole('img', { name: /^Person in a Watched Zone, as Yard, north saw it/ }).first();
  await seen.evaluate((element) => (element instanceof HTMLImageElement ? element.decode() : undefined));
  assert.ok(await seen.evaluate((element) => element instanceof HTMLImageElement && element.naturalWidth > 0));
  context.diagnostic(/Cameras are looked at.*/.exec(server.output())?.[0] ?? 'nothing said of a model');
});

test('The page of the camera has the recording on its timeline, and the moment in it', async () => {
  await page.getByRole('link', { name: 'See it live' }).click();
  await page.getByRole('heading', { level: 1, name: 'Yard, north' }).waitFor();
  cameraPath = new URL(page.url()).pathname;
  await page.getByRole('button', { name: '10 min' }).click();
  await page.getByText(/^[1-9]\d* segments?, each sealed/).waitFor();
  await page.getByText(/moments? in words/).click();
  await page
    .getByRole('button', { name: /covered/i })
    .first()
    .waitFor();
  await page.evaluate('scrollTo(0, 0)');
  await atRest('7-camera');
});

test('A clip of it is checked without the server: by the command line, and by itself', async () => {
  await page
    .getByRole('button', { name: /covered/i })
    .first()
    .click();
  await page.waitForURL(/at=\d+/);
  // It plays by itself from where it was clicked, waits where nothing is sealed yet, and goes on.
  await page.getByRole('button', { name: 'Sound', exact: true }).click();
  await somethingIsHeard(page);
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByRole('button', { name: 'Export a clip…' }).click();
  await page.getByLabel('Why').fill('Somebody covered the lens');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Make the file' }).click(),
  ]);
  const clipFile = join(server.directory, download.suggestedFilename());
  await download.saveAs(clipFile);
  await page.getByText(/^✓ Saved/).waitFor();
  await atRest('8-export');
  const overview = parseJson((await server.ask({ path: '/v1/overview' })).text);
  const ledger = isJsonObject(overview) && isJsonObject(overview['ledger']) ? overview['ledger'] : {};
  const key = textOf(ledger['verifier_key']);
  const verified = spawnSync(
    process.execPath,
    [join(repositoryRoot, 'apps/cli/src/main.ts'), 'clip', 'verify', clipFile, '--key', key],
    { encoding: 'utf8', env: { ...server.environment } },
  );
  assert.equal(verified.status, 0, verified.stderr);
  assert.match(verified.stdout, /✔ verified with the key you gave/);
  const clip = await page.context().newPage();
  collectFaults('clip', clip);
  await clip.goto(pathToFileURL(clipFile).href);
  await clip.getByRole('heading', { name: /^\? Agrees with itself/ }).waitFor();
  await clip.getByLabel('The log’s key').fill(key);
  await clip.getByRole('button', { name: 'Check with this key' }).click();
  await clip.getByRole('heading', { name: /^✓ All \d+ parts are sealed in the log/ }).waitFor();
  await clip.getByRole('button', { name: 'Sound', exact: true }).click();
  await clip.getByRole('button', { name: 'Play', exact: true }).click();
  await somethingIsHeard(clip);
  await clip.getByRole('button', { name: 'Pause', exact: true }).click();
  await clipAtRest(clip);
  await clip.close();
});

/** A page without the console's colours to switch. */
async function clipAtRest(clip: Page): Promise<void> {
  for (const colorScheme of pictures === undefined ? [] : (['light', 'dark'] as const)) {
    await clip.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const [width, height] of [
      [390, 844],
      [1440, 900],
    ] as const) {
      await clip.setViewportSize({ width, height });
      await clip.screenshot({
        path: join(pictures ?? '', `phone-as-camera-9-clip-${width}-${colorScheme}.png`),
        fullPage: true,
      });
    }
  }
  assert.deepEqual(await seriousFaults(clip), [], 'clip');
}

test('Shut out in the console, the phone says so and is cut off', async (context) => {
  await visit('/devices', 'Devices');
  await page.getByRole('button', { name: 'Shut out Yard, north' }).click();
  await dialog().getByText('within two seconds').waitFor();
  await atRest('10-shut-out');
  assert.equal(closedAtMs, undefined);
  const saidAtMs = phone
    .getByRole('heading', { name: 'This phone was removed' })
    .waitFor()
    .then(() => Date.now());
  const pressedAtMs = Date.now();
  await dialog().getByRole('button', { name: 'Shut Yard, north out' }).click();
  const saidAfterMs = (await saidAtMs) - pressedAtMs;
  const closedAfterMs =
    (await eventually({ what: 'the line is closed', timeoutMs: 60_000, look: () => closedAtMs })) - pressedAtMs;
  context.diagnostic(`shut out → line closed: ${closedAfterMs} ms, the phone says so: ${saidAfterMs} ms`);
  assert.ok(closedAfterMs < 30_000 && saidAfterMs < 30_000);
  await phone.getByText('Its keys and all recordings on it were erased').waitFor();
  await phoneAtRest('11-removed');
  await visit('/live', 'Live');
  await page.getByRole('heading', { name: 'No camera yet' }).waitFor();
  // What it recorded before is no secret of the device.
  await visit(cameraPath, 'Yard, north');
  await page.getByText('This camera was removed').waitFor();
  await page.getByText(/^[1-9]\d* segments?, each sealed/).waitFor();
  await atRest('12-after');
});

test('Nothing was refused by a content policy, and no page failed', () => {
  assert.deepEqual(faults, []);
});
