import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ageProofs } from '@sallyport/identity/testing';
import { askWithFetch, createDeviceUnderTest, enrolDevice } from '@sallyport/testing/device-under-test';
import type { DeviceAsk } from '@sallyport/testing/device-under-test';
import { startMjpegCamera } from '@sallyport/testing/simulated-camera';
import type { MjpegCamera } from '@sallyport/testing/simulated-camera';
import type { Page } from 'playwright-core';
import { addCameraWithCertificate } from './testing/camera-with-certificate.ts';
import { pictureChanges } from './testing/canvas-picture.ts';
import { lookAtClip } from './testing/clip-page.ts';
import { drawnPictures, noisyPictures } from './testing/drawn-pictures.ts';
import { dragByFinger, dragByMouse } from './testing/drag.ts';
import { openRoom } from './testing/room-under-test.ts';
import type { RoomUnderTest } from './testing/room-under-test.ts';
import { startSimulatedCamera } from './testing/simulated-camera.ts';
import type { SimulatedCamera } from './testing/simulated-camera.ts';

// One story, told in order: each test goes on where the one before it stopped.
const pictures = process.env['SALLYPORT_PICTURES'];
let room: RoomUnderTest;
let page: Page;
let camera: SimulatedCamera | undefined;
let mjpeg: MjpegCamera | undefined;
let cameraId = '';
let removedId = '';
let clip = '';
let manage: DeviceAsk;
let gateTimer: NodeJS.Timeout | undefined;

before(async () => {
  room = await openRoom({ pictures, flags: ['--local-cameras'] });
  page = room.page;
  manage = askWithFetch(room.server.address(), { authorization: `Bearer ${room.server.keys().operator}` });
});

after(async () => {
  await camera?.stop();
  clearInterval(gateTimer);
  await mjpeg?.close();
  await room.end();
});

/** Everybody's last proof of who they are is an hour old. */
function letProofsAge(): void {
  ageProofs(join(room.server.dataDirectory, 'control.db'), 3_600_000);
}

/** The dialog that asks for a fresh proof names what it is for; a passkey is one. */
async function proveIt(purpose: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
  await dialog.getByText(purpose).waitFor();
  await dialog.getByRole('button', { name: 'Use a passkey' }).waitFor();
  await page.waitForFunction('document.activeElement?.textContent === "Use a passkey"');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
}

test('An empty room leads to a phone and to a network camera, whose address is looked at before it is sent', async () => {
  await room.visit('/live', 'Live');
  await page.getByRole('heading', { name: 'No camera yet' }).waitFor();
  await page.getByRole('link', { name: /Make a phone a camera/ }).waitFor();
  await room.atRest('live-empty');
  await page.getByRole('button', { name: /Add a network camera/ }).click();
  await page.getByLabel('Address').fill('file:///etc/passwd');
  await page.getByText(/begins with rtsp/).waitFor();
  await page.keyboard.press('Escape');
  await page.waitForURL((url) => !url.searchParams.has('add'));
});

test('The wall shows a moving picture, how old it is, and nothing else as live', async () => {
  const origin = room.server.address();
  const device = createDeviceUnderTest(origin);
  cameraId = await enrolDevice(device, manage, { name: 'Yard, north', place: 'Yard', site: 'Warehouse' });
  camera = await startSimulatedCamera({ origin, device, pictures: await drawnPictures(page), everyMs: 200 });
  const removed = await startMjpegCamera();
  mjpeg = removed;
  const url = removed.url;
  const added = await manage('POST', '/v1/cameras', { name: 'Old gate', place: 'Gate', site: 'Warehouse', url });
  assert.equal(added.status, 201, JSON.stringify(added.body));
  removedId = /"id":"([^"]+)"/.exec(JSON.stringify(added.body))?.[1] ?? '';
  const [still] = await noisyPictures(page, { count: 1, turnedBy: 0 });
  gateTimer = setInterval(() => removed.show(still ?? new Uint8Array()), 500);
  await room.visit('/live', 'Live');
  const tile = page.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'Yard, north' }) });
  await tile.getByText(/^(Live|Late)$/).waitFor();
  await tile.getByText(/^Picture is (▲ )?[\d.]+ m?s old$/).waitFor();
  await pictureChanges(page, 'Picture of Yard, north');
  await room.atRest('live-wall');
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
  await pictureChanges(page, 'Live picture of Yard, north');
  await page.getByRole('button', { name: 'Light on' }).click();
  await page.getByText(/^✓ Done/).waitFor();
  await page.getByLabel('What it says aloud').fill('Who is there?');
  await page.getByRole('button', { name: 'Say it' }).click();
  // The words are gone once the device has said them.
  await page.getByLabel('What it says aloud').and(page.locator(':placeholder-shown')).waitFor();
  await page.getByRole('button', { name: 'Siren…' }).click();
  await page.getByRole('button', { name: 'Do not' }).click();
  assert.match(JSON.stringify(camera?.commands), /"torch":true.*"speak":"Who is there\?"/);
  await room.atRest('live-camera');
});

test('A zone is drawn by keyboard alone, then by mouse and finger, with its times, and kept', async () => {
  await page.getByRole('button', { name: 'Zones and schedule' }).press('Enter');
  await page.getByRole('button', { name: 'Add a zone' }).press('Enter');
  await page.getByLabel('Name').fill('Gate');
  const point = page.getByRole('button', { name: /^Gate, point 1 of 4, 25 % from the left/ });
  await point.press('ArrowLeft');
  await page.getByRole('button', { name: /^Gate, point 1 of 4, 24.5 % from the left/ }).press('Enter');
  await page.getByText(/^Added point 2 of 5/).waitFor();
  await page.getByRole('button', { name: /^Gate, point 3 of 5/ }).press('Delete');
  await page.getByRole('button', { name: /^Gate, point 4 of 4/ }).waitFor();
  // By mouse and by finger: the point stays under what moves it, a drag is one step back, Escape leaves it where it was.
  const first = page.getByRole('button', { name: /^Gate, point 1 of 4/ });
  const undo = page.getByRole('button', { name: 'Undo' });
  const at = async (): Promise<string> =>
    /([\d.]+ % from the left, [\d.]+ %)/.exec((await first.getAttribute('aria-label')) ?? '')?.[1] ?? '';
  const before = await at();
  await dragByMouse(page, first, { x: 60, y: 40 });
  const byMouse = await at();
  assert.notEqual(byMouse, before);
  await undo.click();
  assert.equal(await at(), before, 'one drag is one step');
  await first.press('Control+Shift+z');
  assert.equal(await at(), byMouse);
  await dragByFinger(page, first, { x: -40, y: -20 });
  assert.notEqual(await at(), byMouse);
  await first.press('Control+z');
  assert.equal(await at(), byMouse);
  await dragByMouse(page, first, { x: 30, y: 30, escape: true });
  assert.equal(await at(), byMouse);
  await page.getByRole('checkbox', { name: 'People' }).check();
  await page.getByText('At times').click();
  await page.getByText(/Every day 22:00–06:00 \(into the next day\)/).waitFor();
  await room.atRest('live-zones');
  await page.getByRole('button', { name: 'Keep the zones' }).press('Enter');
  await page.getByText('✓ Kept').waitFor();
  const kept = await manage('GET', `/v1/cameras/${cameraId}/zones`);
  assert.match(JSON.stringify(kept.body), /"name":"Gate".*"labels":\["person"\]/);
  await page.getByRole('button', { name: 'Close', exact: true }).click();
});

test('A camera that was turned is told, until somebody says on purpose that this is its view', async (context) => {
  const origin = room.server.address();
  const device = createDeviceUnderTest(origin);
  const id = await enrolDevice(device, manage, { name: 'Back door', place: 'Yard', site: 'Warehouse' });
  const before = await noisyPictures(page, { count: 60, turnedBy: 0 });
  const turned = await noisyPictures(page, { count: 200, turnedBy: 200 });
  const door = await startSimulatedCamera({ origin, device, pictures: before, everyMs: 250 });
  context.after(() => door.stop());
  // Who sends the same pictures again, as these after fifteen seconds, is told of that instead.
  door.freeze(true);
  await page.goto(new URL(`/live/${id}`, page.url()).href);
  door.freeze(false);
  await pictureChanges(page, 'Live picture of Back door');
  // Ten pictures that were looked at have to be learnt first, and on a busy machine not each is.
  await door.sent(30);
  door.show(turned);
  await page.getByText('The camera looks elsewhere than before').waitFor();
  await room.atRest('live-moved');
  await page.getByRole('button', { name: 'This is the new view…' }).click();
  letProofsAge();
  await page.getByRole('button', { name: 'Yes, learn what it shows now' }).click();
  await proveIt('To have a camera learn a new view');
  await page.getByText(/^✓ This is its view from now on/).waitFor();
  await page.getByText('The camera looks elsewhere than before').waitFor({ state: 'detached' });
  await page.goto(new URL(`/live/${cameraId}`, page.url()).href);
  await page.getByRole('heading', { level: 1, name: 'Yard, north' }).waitFor();
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
  // By itself, and it says so.
  await page.getByText('Playing from here.').waitFor();
  await pictureChanges(page, 'Recording of Yard, north');
  await page.getByRole('button', { name: 'Pause' }).click();
  const address = page.url();
  await page.getByRole('slider', { name: /Moment shown/ }).press('ArrowLeft');
  await page.waitForURL((url) => url.href !== address);
  await page.getByRole('button', { name: 'Export a clip…' }).click();
  await page.getByText(/proves, without this server/).waitFor();
  await room.atRest('live-playback');
  await page.getByLabel('Why').fill('Asked for by the insurance');
  // A proof that is old: who closes the dialog has no file; who proves it has one, without asking again.
  letProofsAge();
  await page.getByRole('button', { name: 'Make the file' }).click();
  const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
  await dialog.getByText('To export a clip').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText(/Cannot do this yet/).waitFor();
  await page.getByRole('button', { name: 'Make the file' }).click();
  const [file] = await Promise.all([page.waitForEvent('download'), proveIt('To export a clip')]);
  assert.match(file.suggestedFilename(), /^clip-yard-north-\d{8}-\d{6}Z\.html$/);
  await page.getByText(/^✓ Saved/).waitFor();
  await page.getByRole('button', { name: 'Back to live' }).click();
  clip = join(room.server.directory, 'clip.html');
  await file.saveAs(clip);
});

test('The clip, opened from a disk without a network, plays, verifies by the key, and names the part that was changed', async () => {
  const { body } = await manage('GET', '/v1/ledger');
  const key = /"verifier_key":"([^"]+)"/.exec(JSON.stringify(body))?.[1] ?? '';
  await lookAtClip(room.browser, { clip, key, pictures });
});

test('A camera that was removed keeps its name, says since when, and plays what it recorded', async () => {
  clearInterval(gateTimer);
  assert.equal((await manage('DELETE', `/v1/cameras/${removedId}`)).status, 204);
  await room.visit(`/live/${removedId}?last=600000`, 'Old gate');
  await page.getByText('Gate · Warehouse').waitFor();
  await page.getByText(/^Removed on .*Network camera/).waitFor();
  await page.getByText(/^[1-9]\d* segments?, each sealed/).click();
  await room.atRest('live-removed');
  await page.getByRole('button', { name: 'Play from here' }).last().click();
  await page
    .getByRole('button', { name: /^Seal of 1\/\d+/ })
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Export a clip…' }).click();
  await page.getByLabel('Why').fill('Asked for by the insurance');
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Make the file' }).click(),
  ]);
  assert.match(file.suggestedFilename(), /^clip-old-gate-/);
});

test('A moment is looked at in the queue, by keyboard, and taken off it', async () => {
  await camera?.stop();
  camera = undefined;
  await room.visit('/live/review', 'Review');
  const first = page.locator('.moment-row').first();
  await first.waitFor({ timeout: 60_000 });
  await room.atRest('live-review');
  const moment = await first.getAttribute('data-moment');
  await first.focus();
  await page.keyboard.press('x');
  await page.locator(`[data-moment="${moment ?? ''}"]`).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Seen', exact: true }).first().click();
  await page.getByText('✓ seen by Ada').waitFor();
});

test('A camera with a certificate of its own is added once its fingerprint was compared, and claims no age of its pictures', async () => {
  await addCameraWithCertificate(room);
});

test('Nothing was refused by the content policy, and no page failed', () => {
  assert.deepEqual(room.faults, []);
});
