/** A file with one certificate as PEM, whichever of the two forms it has. */
export async function pemOfFile(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.slice(0, 65_536).arrayBuffer());
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  if (binary.includes('-----BEGIN')) return binary;
  const lines = btoa(binary).match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
