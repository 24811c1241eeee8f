/** A file with a list of revocations as the server takes it: PEM as it is, anything else as base64. */
export function listText(bytes: Uint8Array): string {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 40));
  if (start.includes('-----BEGIN')) return new TextDecoder('latin1').decode(bytes);
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}
