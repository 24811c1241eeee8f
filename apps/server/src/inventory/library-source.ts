import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installedLibraries, runtimeLibraries } from '@sallyport/crypto-inventory';
import type { InventorySource, LibraryAsset } from '@sallyport/crypto-inventory';

/** Where the lock file stands: the root of the installation. */
const root = join(import.meta.dirname, '..', '..', '..', '..');

/** Libraries as they are installed. They do not change while the server runs: read once. */
export function createLibrarySource(): InventorySource {
  let read: readonly LibraryAsset[] | undefined;
  return {
    name: 'libraries',
    async gather() {
      read ??= await installedLibraries({
        lockText: await readFile(join(root, 'package-lock.json'), 'utf8'),
        readPackage: (folder) => readFile(join(root, folder, 'package.json'), 'utf8').catch(() => undefined),
      });
      return [...read, ...runtimeLibraries(process.versions)];
    },
    uses: [
      { algorithm: 'aes-128-ctr-hmac-sha-1', owner: 'camera-watch', usedFor: 'SRTP of cameras that send by WebRTC' },
      { algorithm: 'aes-128-gcm', owner: 'camera-watch', usedFor: 'SRTP and DTLS of cameras that send by WebRTC' },
      { algorithm: 'hmac-sha-1', owner: 'camera-watch', usedFor: 'STUN messages, as ICE prescribes' },
    ],
  };
}
