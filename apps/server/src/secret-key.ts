import { randomBytes } from 'node:crypto';

/** A 32-byte key of the vault's, made on the first run. */
export async function secretKey(
  secrets: {
    open(name: string): Promise<Uint8Array | undefined>;
    seal(name: string, bytes: Uint8Array): Promise<void>;
  },
  name: string,
): Promise<Uint8Array> {
  const known = await secrets.open(name);
  if (known !== undefined) return known;
  const made = randomBytes(32);
  await secrets.seal(name, made);
  return made;
}
