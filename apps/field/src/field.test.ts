import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { newPhone, startPhoneBrowser } from './testing/phone-browser.ts';

// One story, told in order: what is the phone's alone. The console's side of it, and what becomes of the picture, tells
// apps/console/src/phone-as-camera.test.ts.
const server = createServerUnderTest();
const faults: string[] = [];
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
  page = await phone.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (/Content.Security.Policy|Permissions policy/i.test(message.text())) faults.push(message.text());
  });
});

after(async () => {
  await browser.close();
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
  const path = `/v1/cameras/${deviceId}/timeline?from_ms=${Date.now() - 300_000}&to_ms=${Date.now() + 60_000}`;
  const late = await rowOf(path, 'segments', (row) => row['late'] === true);
  assert.ok(Number(late['frames']) > 5);
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

test('No page asked for anything its policy forbids, and none failed', () => {
  assert.deepEqual(faults, []);
});
