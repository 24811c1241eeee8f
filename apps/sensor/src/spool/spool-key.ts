import { makePrivateDirectory, readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import { hkdfSync } from 'node:crypto';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { SensorError } from '../errors.ts';

const keyBytes = 32;

/**
 * The key the spool is sealed under. With `credential` (what systemd decrypted for this service) it is derived from that and
 * lies on no disk; otherwise it is a file of 32 random bytes that only its owner may read, made at the first start. Against
 * root on this host neither protects; against a copied disk only the credential does. Throws `state_unusable`.
 */
export function loadSpoolKey(options: {
  readonly file: string;
  readonly credential: Uint8Array | undefined;
  readonly random: (bytes: number) => Uint8Array;
}): Buffer {
  const { file, credential, random } = options;
  if (credential !== undefined) {
    if (credential.length < 16)
      throw new SensorError(
        'state_unusable',
        `Cannot use the credential of ${credential.length} bytes: must be at least 16`,
      );
    return Buffer.from(hkdfSync('sha256', credential, Buffer.alloc(0), 'sallyport sensor spool key', keyBytes));
  }
  const known = readFileIfPresent(file);
  if (known === undefined) {
    makePrivateDirectory(dirname(file));
    const made = Buffer.from(random(keyBytes));
    writeFileDurably(file, made);
    return made;
  }
  if (known.length !== keyBytes)
    throw new SensorError(
      'state_unusable',
      `Cannot use "${file}": size is ${known.length} bytes, must be ${keyBytes}`,
      {
        hint: 'move the state directory away: the sensor then begins anew, and says so',
      },
    );
  if ((statSync(file).mode & 0o077) !== 0)
    throw new SensorError(
      'state_unusable',
      `Cannot use "${file}": others on this host may read it, must be readable by its owner alone`,
      {
        hint: `chmod 600 ${file}`,
      },
    );
  return known;
}
