import { readFileSync } from 'node:fs';

/**
 * The certificate of the authority that a file was named for; null where the file cannot be read or holds none: an agent may have taken
 * it away, or emptied it, and Node takes an empty text for no authority named, and believes every public one.
 */
export function serverAuthority(file: string): string | null {
  try {
    const text = readFileSync(file, 'utf8');
    return text.includes('-----BEGIN CERTIFICATE-----') ? text : null;
  } catch {
    return null;
  }
}
