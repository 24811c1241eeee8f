/** What a device proves that it holds its key for: to be enrolled, to be let in, or that it made a recording. */
export type DeviceProofPurpose = 'enrol' | 'session' | 'segment';

/**
 * What a device signs (ECDSA P-256 with SHA-256, IEEE P1363, over the UTF-8 of this text). `host` is the server as the device
 * sees it (`location.host`), so that a proof given to one server is none to another; `value` is the code, the nonce or the hash.
 */
export function deviceProofText(proof: {
  readonly purpose: DeviceProofPurpose;
  readonly host: string;
  readonly value: string;
}): string {
  return `sallyport-device/1\n${proof.purpose}\n${proof.host}\n${proof.value}`;
}

/** A public key on P-256 as one text whatever else its JWK says (RFC 7638 section 3): what its fingerprint is the hash of. */
export function deviceKeyText(jwk: { readonly x: string; readonly y: string }): string {
  return JSON.stringify({ crv: 'P-256', kty: 'EC', x: jwk.x, y: jwk.y });
}

const blocks = 6;
const bytesPerBlock = 5;

/** Six blocks of five digits out of the SHA-256 of `deviceKeyText`, for two people or two screens to compare: 99 bits. */
export function deviceFingerprint(sha256: Uint8Array): string {
  return Array.from({ length: blocks }, (_none, block) => {
    const bytes = sha256.subarray(block * bytesPerBlock, (block + 1) * bytesPerBlock);
    const number = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    return String(number % 100_000).padStart(5, '0');
  }).join(' ');
}
