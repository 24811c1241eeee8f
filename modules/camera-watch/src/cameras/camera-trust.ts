import { CameraWatchError } from '../errors.ts';
import { fingerprintFrom, isSecureAddress, type ConnectCamera } from './camera-connection.ts';

/**
 * Which certificate is trusted from now on: the one that is given; the one that was, as long as the camera is at the same
 * address and nobody takes it back (`null`); else none but what authorities vouch for. Throws `camera_url_refused` where
 * one is given for an address that shows none.
 */
export function trustedFingerprint(
  url: URL,
  given: string | null | undefined,
  before?: { readonly url: URL; readonly fingerprint: string | undefined },
): string | undefined {
  if (typeof given === 'string' && !isSecureAddress(url))
    throw new CameraWatchError('camera_url_refused', 'Cannot trust a certificate here: must be https or rtsps');
  if (given !== undefined) return given === null ? undefined : fingerprintFrom(given);
  return before?.url.protocol === url.protocol && before.url.host === url.host ? before.fingerprint : undefined;
}

/**
 * Looks at the certificate of a camera while whoever adds it is there to judge. Rejects with `camera_certificate_untrusted`
 * or `camera_certificate_changed`. A camera that is not reached now is looked at when it is.
 */
export async function lookAtCertificate(
  connect: ConnectCamera,
  { url, fingerprint }: { readonly url: URL; readonly fingerprint: string | undefined },
): Promise<void> {
  if (!isSecureAddress(url)) return;
  try {
    (await connect({ url, fingerprint, signal: new AbortController().signal })).destroy();
  } catch (error) {
    if (!(error instanceof CameraWatchError) || error.code !== 'camera_input_failed') throw error;
  }
}
