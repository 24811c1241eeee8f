import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { audiblePage } from '@sallyport/testing/audible-page';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { builtPage, changeServiceWorker, lookForUpdate, makeVersion, tear } from './testing/another-version.ts';
import { openFieldFront } from './testing/field-front.ts';
import type { FieldFront } from './testing/field-front.ts';
import { flashingCamera, flashOnsets, toneOnsets, watchFlashes } from './testing/flash-and-beep.ts';
import { keptSegments } from './testing/kept-segments.ts';
import { newPhone, startPhoneBrowser } from './testing/phone-browser.ts';

// One story, told in order: what is the phone's alone. The console's side of it, and what becomes of the picture, tells
// apps/console/src/phone-as-camera.test.ts.
const server = createServerUnderTest();
const faults: string[] = [];
const fronts: FieldFront[] = [];
let browser: Browser;
let phone: BrowserContext;
let page: Page;
let origin = '';
let deviceId = '';
let link = '';

before(async () => {
  await server.start();
  // The name its certificate would have; and a secure context without one.
  origin = server.address().replace('127.0.0.1', 'localhost');
  browser = await startPhoneBrowser();
  phone = await newPhone(browser);
  await phone.addInitScript(flashingCamera);
  page = await phone.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (/Content.Security.Policy|Permissions policy/i.test(message.text())) faults.push(message.text());
  });
});

after(async () => {
  await browser.close();
  for (const front of fronts) await front.end();
  await server.end();
});

async function ask(method: string, path: string, body?: JsonObject): Promise<JsonObject> {
  const answer = await server.ask({
    method,
    path,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
  const read = parseJson(answer.text === '' ? '{}' : answer.text);
  return isJsonObject(read) ? read : {};
}

const heading = (name: string) => page.getByRole('heading', { name });
const sentence = async (text: RegExp) => page.locator('.state').getByText(text).waitFor();
const button = (name: string) => page.getByRole('button', { name });

/** Looks again until a row of the API is as wanted. */
async function rowOf(path: string, list: string, isWanted: (row: JsonObject) => boolean): Promise<JsonObject> {
  for (let attempt = 0; attempt < 1200; attempt += 1) {
    const rows = (await ask('GET', path))[list];
    const found: readonly JsonValue[] = Array.isArray(rows) ? rows : [];
    const row = found.filter((candidate) => isJsonObject(candidate)).find((candidate) => isWanted(candidate));
    if (row !== undefined) return row;
    await page.waitForTimeout(100);
  }
  throw new Error(`Waited in vain for a row of ${path}: ${JSON.stringify(await ask('GET', path))}`);
}

const timelinePath = (): string =>
  `/v1/cameras/${deviceId}/timeline?from_ms=${Date.now() - 300_000}&to_ms=${Date.now() + 60_000}`;

const cameraRow = (isWanted: (row: JsonObject) => boolean) =>
  rowOf('/v1/cameras', 'cameras', (row) => row['id'] === deviceId && isWanted(row));

test('An invited phone keeps its code in no history, waits, and may film once it is approved', async () => {
  const made = await ask('POST', '/v1/devices/enrolments', { name: 'Yard gate', kind: 'phone', place: 'Yard' });
  link = new URL(`/field/#enrol=${textOf(made['code'])}`, origin).href;
  await page.goto(link);
  await button('Enrol this phone').click();
  await heading('Compare the fingerprint').waitFor();
  assert.equal(new URL(page.url()).hash, '');
  const waiting = await rowOf('/v1/devices', 'devices', (row) => row['state'] === 'waiting');
  deviceId = textOf(waiting['id']);
  await ask('POST', `/v1/devices/${deviceId}/approve`);
  await button('Start filming').waitFor();
});

test('A code is good for one phone', async () => {
  const another = await newPhone(browser);
  const other = await another.newPage();
  await other.goto(link);
  await other.getByRole('button', { name: 'Enrol this phone' }).click();
  await other.getByText('Another device has used this code').waitFor();
  await another.close();
});

test('It says that it films, obeys where it can, and says where it cannot', async () => {
  await button('Start filming').click();
  await heading('Filming').waitFor();
  await sentence(/Picture and sound go to/);
  assert.equal(await page.title(), '● Filming – Sallyport camera');
  await cameraRow((row) => row['state'] === 'live' && Number(row['per_second']) > 1);
  const siren = await ask('POST', `/v1/cameras/${deviceId}/commands`, { siren: true });
  assert.equal(siren['state'], 'done');
  await page.getByText('The siren was switched on from the console').waitFor();
  // No light on this machine: said, and not pretended.
  const torch = await ask('POST', `/v1/cameras/${deviceId}/commands`, { torch: true });
  assert.equal(torch['state'], 'refused');
});

test('Without a network it goes on filming; what it kept is sealed, and reaches the server afterwards', async () => {
  await phone.setOffline(true);
  await sentence(/No connection/);
  await page.evaluate(`(async () => {
    const video = document.querySelector('video');
    const from = video.currentTime;
    while (video.currentTime < from + 4.5) await new Promise((painted) => requestAnimationFrame(painted));
  })()`);
  await button('Stop filming').click();
  await page.getByText(/recordings? waiting to be sent/).waitFor();
  const stored: string = await page.evaluate(`(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await (await root.getDirectoryHandle('recordings')).getDirectoryHandle('waiting');
    let text = '';
    for await (const handle of folder.values()) text += await (await handle.getFile()).text();
    return text;
  })()`);
  assert.ok(stored.length > 10_000);
  assert.doesNotMatch(stored, /SPSEG1|\0\u0010JFIF/);
  // The page itself opens without a network too, and still knows what waits.
  await page.reload();
  await page.getByText(/recordings? waiting to be sent/).waitFor();
  await phone.setOffline(false);
  await rowOf(timelinePath(), 'segments', (row) => row['late'] === true && Number(row['frames']) > 10);
});

test('Sound stands in the recording where its picture is, sent at once or later', async (context) => {
  const kept = await keptSegments(server, { id: deviceId, sinceMs: Date.now() - 300_000 });
  const records = kept.flatMap((segment) => segment.records);
  const tones = toneOnsets(records);
  const apart = (await flashOnsets(page, records)).flatMap(({ afterMs, byMs }) => {
    const near = tones.filter((toneMs) => Math.abs(toneMs - byMs) < 500);
    // How far outside of the time in which the flash began the tone did.
    return near.map((toneMs) => Math.max(0, toneMs - byMs) - Math.max(0, afterMs - toneMs));
  });
  context.diagnostic(`the tone begins before (−) or after the flash, ms: ${apart.join(' ')}`);
  assert.ok(apart.length >= 2, `${tones.length} tones`);
  for (const ms of apart) assert.ok(Math.abs(ms) <= 300, `${ms} ms`);
});

test('Played from an exported clip, sound and picture are together', async (context) => {
  const last = (await keptSegments(server, { id: deviceId, sinceMs: Date.now() - 300_000 })).at(-1);
  const clip = await server.ask({
    path: `/v1/cameras/${deviceId}/clips`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ from_ms: last?.startedMs ?? 0, to_ms: last?.endedMs ?? 0, reason: 'To hear it' }),
  });
  assert.equal(clip.status, 200, clip.text.slice(0, 300));
  const file = join(server.directory, 'clip.html');
  writeFileSync(file, clip.text);
  const reader = await browser.newContext();
  await reader.addInitScript(audiblePage);
  const played = await reader.newPage();
  await played.goto(pathToFileURL(file).href);
  await played.getByRole('button', { name: 'Sound' }).click();
  await played.evaluate(watchFlashes);
  await played.getByRole('button', { name: 'Play', exact: true }).click();
  await played.getByRole('button', { name: 'Pause', exact: true }).waitFor();
  // Three of each are enough; over, it offers to play again.
  const isEnough = (): Promise<boolean> => played.evaluate('flashes.length >= 3 && tones.length >= 3');
  const again = played.getByRole('button', { name: 'Play', exact: true });
  while (!(await isEnough()) && !(await again.isVisible())) await played.waitForTimeout(100);
  const { flashes, tones }: { flashes: number[]; tones: number[] } = await played.evaluate('({ flashes, tones })');
  const apart = tones.flatMap((toneMs) =>
    flashes.map((flashMs) => toneMs - flashMs).filter((ms) => Math.abs(ms) < 500),
  );
  context.diagnostic(`the tone is heard before (−) or after the flash is seen, ms: ${apart.map(Math.round).join(' ')}`);
  assert.ok(apart.length >= 2, `${flashes.length} flashes, ${tones.length} tones`);
  await reader.close();
});

test('Its keys cannot be taken out, by the page itself either', async () => {
  const taken: string[] = await page.evaluate(`(async () => {
    const opening = indexedDB.open('sallyport-field');
    await new Promise((done) => (opening.onsuccess = done));
    const reading = opening.result.transaction('keys').objectStore('keys').get('phone');
    await new Promise((done) => (reading.onsuccess = done));
    opening.result.close();
    const { signing, recording } = reading.result;
    const tried = [[signing.privateKey, 'jwk'], [signing.privateKey, 'pkcs8'], [recording, 'raw'], [recording, 'jwk']];
    return Promise.all(tried.map(([key, form]) => crypto.subtle.exportKey(form, key).then(() => 'taken', (error) => error.name)));
  })()`);
  assert.deepEqual(
    taken,
    Array.from({ length: 4 }, () => 'InvalidAccessError'),
  );
});

test('Revoked while it films, it has neither keys nor recordings left, and knows it afterwards', async () => {
  await button('Start filming').click();
  await cameraRow((row) => row['state'] === 'live');
  await ask('POST', `/v1/devices/${deviceId}/revoke`);
  await heading('This phone was removed').waitFor();
  assert.equal(await page.evaluate("document.querySelector('video')"), null);
  await page.getByText('Its keys and all recordings on it were erased').waitFor();
  const left = await page.evaluate(`(async () => {
    const names = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) names.push(name);
    return [names, await indexedDB.databases()];
  })()`);
  assert.deepEqual(left, [[], []]);
  await page.reload();
  await heading('This phone was removed').waitFor();
});

const versionsKept = (): Promise<string[]> => page.evaluate('caches.keys()');
const versionShown = (): Promise<string | undefined> =>
  page.evaluate(`document.querySelector('meta[name="version"]')?.content`);
const pageSince = (): Promise<number> => page.evaluate('performance.timeOrigin');

test('A new version of the page waits while it films, takes over when filming is over, and the old one goes', async () => {
  const front = await openFieldFront(server.address());
  fronts.push(front);
  front.serve(builtPage);
  const made = await ask('POST', '/v1/devices/enrolments', { name: 'Back door', kind: 'phone' });
  await page.goto(`http://localhost:${front.port}/field/#enrol=${textOf(made['code'])}`);
  await button('Enrol this phone').click();
  const waiting = await rowOf('/v1/devices', 'devices', (row) => row['state'] === 'waiting');
  deviceId = textOf(waiting['id']);
  await ask('POST', `/v1/devices/${deviceId}/approve`);
  await button('Start filming').click();
  await cameraRow((row) => row['state'] === 'live');
  await page.evaluate('navigator.serviceWorker.ready');
  const [onlyVersion] = await versionsKept();
  const since = await pageSince();

  const next = join(server.directory, 'two');
  makeVersion('two', next);
  front.serve(next);
  assert.equal(await lookForUpdate(page), 'installed');
  assert.equal((await versionsKept()).length, 2);
  // It goes on as it was, with what belongs to it: the server has its files no longer.
  await button('Other camera').click();
  await heading('Filming').waitFor();
  await cameraRow((row) => row['state'] === 'live' && Number(row['per_second']) > 1);
  assert.equal(await pageSince(), since);
  assert.equal(await versionShown(), undefined);
  // Another page of the same browser takes nothing away from the one that films.
  const other = await phone.newPage();
  await other.goto(`http://localhost:${front.port}/field/`);
  await other.getByText('A new version of this page is here').waitFor();
  assert.equal((await versionsKept()).length, 2);
  await other.close();

  const stoppedMs = Date.now();
  await button('Stop filming').click();
  await page.locator('meta[name="version"][content="two"]').waitFor({ state: 'attached' });
  await button('Start filming').waitFor();
  const left = await versionsKept();
  assert.equal(left.length, 1);
  assert.notEqual(left[0], onlyVersion);

  // One that cannot be had whole is none.
  const torn = join(server.directory, 'three');
  makeVersion('three', torn);
  tear(torn);
  front.serve(torn);
  assert.equal(await lookForUpdate(page), 'redundant');
  assert.deepEqual(await versionsKept(), left);
  // Nor does it take away what it shares with the version that is here.
  tear(next);
  changeServiceWorker(next);
  front.serve(next);
  assert.equal(await lookForUpdate(page), 'redundant');
  await phone.setOffline(true);
  await page.reload();
  await button('Start filming').waitFor();
  assert.equal(await versionShown(), 'two');
  assert.deepEqual(await versionsKept(), left);
  await phone.setOffline(false);
  await button('Start filming').click();
  await cameraRow((row) => row['state'] === 'live');
  // What lies between was stopped by somebody, and is told so.
  const off = await rowOf(timelinePath(), 'gaps', (row) => Number(row['from_ms']) > stoppedMs - 1000);
  assert.equal(off['why'], 'camera_off');
});

test('No page asked for anything its policy forbids, and none failed', () => {
  assert.deepEqual(faults, []);
});
