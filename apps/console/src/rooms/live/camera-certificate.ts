import { Problem } from '../../api/problem.ts';

/** A certificate that a person must judge before a camera is added. */
export type CameraCertificate = {
  /** SHA-256, upper case, colons between the bytes. */
  readonly fingerprint: string;
  /** It is another one than the one that was judged a moment ago. */
  readonly wasChanged: boolean;
};

const codes = new Map([
  ['camera_certificate_untrusted', false],
  ['camera_certificate_changed', true],
]);

/** What the server asks to be judged; undefined when something else is the matter. */
export function untrustedCertificate(error: unknown): CameraCertificate | undefined {
  if (!(error instanceof Problem)) return undefined;
  const wasChanged = codes.get(error.code);
  const fingerprint = error.details.get('tls_fingerprint');
  if (wasChanged === undefined || typeof fingerprint !== 'string') return undefined;
  return { fingerprint, wasChanged };
}
