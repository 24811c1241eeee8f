import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { startMjpegCamera, testPictures } from '@sallyport/testing/simulated-camera';
import { createTestAuthority } from '@sallyport/testing/test-authority';
import { openRoom } from './testing/room-under-test.ts';

test('A camera with a certificate of its own is added once somebody has compared the fingerprint, and claims no age of its pictures', async (context) => {
  const room = await openRoom({ flags: ['--local-cameras'], pictures: process.env['SALLYPORT_PICTURES'] });
  const tls = createTestAuthority().issue({ commonName: 'camera', use: 'serverAuth' });
  const camera = await startMjpegCamera({ credentials: 'guard:hunter2', digest: { algorithm: 'SHA-256' }, tls });
  context.after(async () => {
    await room.end();
    await camera.close();
  });
  const { page } = room;
  await room.visit('/live?add=1', 'Live');
  const dialog = page.getByRole('dialog', { name: 'Add a network camera' });
  await dialog.getByLabel('Address').fill('rtsp://192.0.2.20/stream1');
  assert.ok(!(await dialog.getByRole('checkbox', { name: 'Record its sound, too' }).isChecked()));
  await dialog.getByLabel('Address').fill(camera.url);
  await dialog.getByRole('checkbox').waitFor({ state: 'detached' });
  await dialog.getByLabel('What to call it').fill('Vault');
  await dialog.getByRole('button', { name: 'Add it' }).click();
  const fingerprint = dialog.getByRole('list', { name: 'SHA-256 fingerprint of the certificate' });
  await fingerprint.waitFor();
  const shown = (await fingerprint.getByRole('listitem').allTextContents()).join(':');
  assert.equal(shown, new X509Certificate(tls.cert).fingerprint256);
  assert.equal(camera.requests(), 0, 'no password was sent');
  await room.atRest('live-trust-certificate');
  // Another address is another question.
  await dialog.getByLabel('Address').fill('https://192.0.2.20/');
  await fingerprint.waitFor({ state: 'detached' });
  await dialog.getByLabel('Address').fill(camera.url);
  await dialog.getByRole('button', { name: 'Add it' }).click();
  await dialog.getByRole('button', { name: 'Trust this certificate and add it' }).click();
  await page.getByRole('heading', { level: 1, name: 'Vault' }).waitFor();
  // Its pictures come; nobody told when they were taken, and none is said to be so and so old.
  const [picture = new Uint8Array()] = testPictures(1);
  const showing = setInterval(() => camera.show(picture), 200);
  context.after(() => clearInterval(showing));
  await page.getByText('age not known').waitFor();
  assert.equal(await page.getByText(/^Picture is /).count(), 0);
  await room.atRest('live-age-not-known', ['dark']);
  assert.deepEqual(room.faults, []);
});
