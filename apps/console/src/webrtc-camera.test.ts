import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import { eventually } from '@sallyport/testing/waiting';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { addPasskeyDevice, chromiumPath, picture, seriousFaults } from './testing/browser.ts';
import { makeYardFilm, startFilmingPhone } from './testing/filming-phone.ts';
import { signUp } from './testing/sign-up.ts';

// A program that sends by WHIP with one fixed key, as OBS does: here it is a browser, which speaks WebRTC just as well.
const pictures = process.env['SALLYPORT_PICTURES'];
const server = createServerUnderTest();
let browser: Browser;
let sending: BrowserContext;
let page: Page;
let sender: Page;
let key = '';
let camera = '';
let h264Place = '';

before(async () => {
  const chromium = chromiumPath();
  assert.ok(chromium !== undefined, 'Cannot test the console: there is no Chromium. apt-get install -y chromium');
  const film = join(server.directory, 'yard.mjpeg');
  // The film is made while the server starts.
  const started = server.start();
  makeYardFilm(film, 3);
  await started;
  // One browser for both: the console and the program have nothing in common but the server.
  ({ browser, phone: sending } = await startFilmingPhone(chromium, film));
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await addPasskeyDevice(context, page);
  await signUp(page, server.output());
});

after(async () => {
  await browser.close();
  await server.end();
});

type Sent = { readonly status: number; readonly place: string; readonly text: string };

/** In the page: sends its camera and microphone, and keeps the connection as `connection`. */
async function send(from: Page, codec: 'VP8' | 'H264'): Promise<Sent> {
  const result: Sent = await from.evaluate(`(async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
    globalThis.connection = new RTCPeerConnection();
    for (const track of stream.getTracks()) connection.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
    const codecs = RTCRtpSender.getCapabilities('video').codecs;
    const [video] = connection.getTransceivers().filter(({ sender }) => sender.track.kind === 'video');
    video.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType === 'video/${codec}'));
    await connection.setLocalDescription();
    const response = await fetch('/v1/cameras/whip', {
      method: 'POST',
      headers: { authorization: 'Bearer ${key}', 'content-type': 'application/sdp' },
      body: connection.localDescription.sdp,
    });
    const text = await response.text();
    if (response.status === 201) await connection.setRemoteDescription({ type: 'answer', sdp: text });
    return { status: response.status, place: response.headers.get('location') ?? '', text };
  })()`);
  return result;
}

async function askAsSender(method: string, path: string): Promise<number> {
  return sender.evaluate(
    `fetch(${JSON.stringify(path)}, { method: '${method}', headers: { authorization: 'Bearer ${key}' } }).then(({ status }) => status)`,
  );
}

/** The row of the camera; empty when there is none. */
async function row(): Promise<JsonObject> {
  const { status, text } = await server.ask({ path: `/v1/cameras/${camera}` });
  const read = parseJson(text);
  return status === 200 && isJsonObject(read) ? read : {};
}

async function untilRow(what: string, isSo: (row: JsonObject) => boolean): Promise<JsonObject> {
  return eventually({
    what,
    describe: () => server.output().slice(-2000),
    timeoutMs: 60_000,
    look: async () => {
      const found = await row();
      return isSo(found) ? found : undefined;
    },
  });
}

/** A picture that came after this was called: of the session that was begun before. */
async function untilPicture(): Promise<void> {
  const fromMs = Date.now();
  await untilRow(
    'it sends',
    ({ state, last_frame_ms: lastMs }) => state === 'live' && typeof lastMs === 'number' && lastMs > fromMs,
  );
}

const dialog = () => page.getByRole('dialog');

test('The console makes a key for a program that sends by WHIP, and shows it once', async () => {
  await page.goto(new URL('/devices', page.url()).href);
  await page.getByRole('heading', { level: 1, name: 'Devices' }).waitFor();
  await page.getByRole('button', { name: 'Enrol a device' }).first().click();
  await dialog().getByLabel('Name').fill('Studio');
  await dialog().getByLabel('What it is').selectOption({ label: 'Program or box that sends by WHIP' });
  await dialog().getByLabel('Site').fill('Mill');
  await dialog().getByRole('button', { name: 'Make a key' }).click();
  key = await dialog().getByText(/^sps_/).innerText();
  assert.match(await dialog().getByText('/v1/cameras/whip').innerText(), /^http:\/\/localhost:\d+\/v1\/cameras\/whip$/);
  assert.deepEqual(await seriousFaults(page), []);
  if (pictures !== undefined) await picture(page, pictures, 'webrtc-camera-1-key');
  await dialog().getByRole('button', { name: 'Done' }).click();
  await page.getByText('Program or box that sends by WHIP').waitFor();
  const { text } = await server.ask({ path: '/v1/cameras' });
  const read = parseJson(text);
  const [found] = isJsonObject(read) && Array.isArray(read['cameras']) ? read['cameras'] : [];
  assert.ok(isJsonObject(found));
  assert.deepEqual([found['name'], found['kind'], found['state']], ['Studio', 'whip', 'offline']);
  camera = textOf(found['id']);
});

test('It sends H.264 by WebRTC, and the wall shows it', async () => {
  sender = await sending.newPage();
  await sender.goto(`${server.address()}/field/`);
  const sent = await send(sender, 'H264');
  assert.equal(sent.status, 201, sent.text);
  h264Place = sent.place;
  assert.match(sent.text, /^a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 \d+ typ host/m);
  assert.match(sent.text, /^a=rtpmap:\d+ H264\/90000$/m);
  await untilRow('pictures of people', ({ objects }) => isJsonObject(objects) && Number(objects['person']) > 0);
  await page.goto(new URL('/live', page.url()).href);
  const tile = page.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'Studio' }) });
  await tile.getByText(/^(Live|Late)$/).waitFor();
  if (pictures !== undefined) await picture(page, pictures, 'webrtc-camera-2-wall');
});

test('A second session takes the place of the first, and who hangs up is offline', async () => {
  const second = await send(sender, 'VP8');
  assert.equal(second.status, 201, second.text);
  assert.equal(await askAsSender('DELETE', h264Place), 404);
  assert.equal(await askAsSender('GET', second.place), 405);
  await untilPicture();
  await sender.evaluate('connection.close()');
  await untilRow('it is offline', ({ state }) => state === 'offline');
  assert.match(server.output(), /the sender hung up/);
  assert.equal(await askAsSender('DELETE', second.place), 404);
});

test('Revoked, it is cut off at once and may not come back', async (context) => {
  assert.equal((await send(sender, 'VP8')).status, 201);
  await untilPicture();
  const startMs = performance.now();
  const { status } = await server.ask({ method: 'POST', path: `/v1/devices/${camera}/revoke` });
  assert.equal(status, 200);
  context.diagnostic(`revoked in ${String(Math.round(performance.now() - startMs))} ms`);
  const { status: gone } = await server.ask({ path: `/v1/cameras/${camera}/picture` });
  assert.equal(gone, 404);
  assert.equal((await send(sender, 'VP8')).status, 401);
});
