import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { startMjpegCamera } from '@sallyport/testing/simulated-camera';
import { createTestAuthority } from '@sallyport/testing/test-authority';
import { noisyPictures } from './drawn-pictures.ts';
import type { RoomUnderTest } from './room-under-test.ts';

/**
 * Adds a camera that vouches for itself: who adds it compares the fingerprint, and nothing is sent to it before. Its pictures
 * come, and none is said to be so and so old, for nobody tells when they were taken.
 */
export async function addCameraWithCertificate(room: RoomUnderTest): Promise<void> {
  const { page } = room;
  const tls = createTestAuthority().issue({ commonName: 'camera', use: 'serverAuth' });
  const camera = await startMjpegCamera({ credentials: 'guard:hunter2', digest: { algorithm: 'SHA-256' }, tls });
  let showing: NodeJS.Timeout | undefined;
  try {
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
    const [picture = new Uint8Array()] = await noisyPictures(page, { count: 1, turnedBy: 0 });
    showing = setInterval(() => camera.show(picture), 200);
    await page.getByText('age not known').waitFor();
    assert.equal(await page.getByText(/^Picture is /).count(), 0);
  } finally {
    clearInterval(showing);
    await camera.close();
  }
}
