import { RulePackError } from './errors.ts';

/** What the signature of a pack is over. The contents are bound by the hash of their index, which has a hash of each file. */
export type PackManifest = {
  /** Stays the same over all releases, as in `sigmahq-core`. */
  readonly name: string;
  readonly version: string;
  /** When its publisher says it was made. Later releases must say a later time. */
  readonly createdMs: number;
  /** SPDX identifier or name of the licence. */
  readonly licence: string;
  /** Where it comes from, for people. */
  readonly source: string;
  readonly files: number;
  readonly indexBytes: number;
  /** SHA-256 of the index, hex. */
  readonly indexSha256: string;
};

export const packHeading = 'sallyport-rule-pack/v1';
export const packLimits = {
  /** The whole file. */
  packBytes: 64 * 1024 * 1024,
  fileBytes: 1024 * 1024,
  files: 20_000,
  indexBytes: 16 * 1024 * 1024,
  /** What is kept of its rules and refusals, as JSON: the server holds it whole while it compares. */
  catalogueBytes: 32 * 1024 * 1024,
} as const;

/** The text that is signed. Throws `RulePackError` `pack_invalid` for a manifest that could not be read back. */
export function formatManifest(manifest: PackManifest): string {
  const text = textOf(manifest);
  if (JSON.stringify(readManifest(text)) !== JSON.stringify(ordered(manifest)))
    throw invalid('one of its values cannot be written down');
  return text;
}

/** Reads the one way to write a manifest. Throws `RulePackError` `pack_invalid`. */
export function readManifest(text: string): PackManifest {
  const lines = text.split('\n');
  const [heading, ...rest] = lines;
  if (heading !== packHeading) throw invalid(`its first line must be "${packHeading}"`);
  const value = (place: number, key: string): string => {
    const line = rest[place] ?? '';
    if (!line.startsWith(`${key} `)) throw invalid(`line ${place + 2} must begin with "${key}"`);
    return line.slice(key.length + 1);
  };
  const manifest: PackManifest = {
    name: checked(value(0, 'name'), 'name', isPackName),
    version: checked(value(1, 'version'), 'version', isPackVersion),
    createdMs: Date.parse(checked(value(2, 'created'), 'created', isTime)),
    licence: checked(value(3, 'licence'), 'licence', isLine),
    source: checked(value(4, 'source'), 'source', isLine),
    files: whole(value(5, 'files'), 'files', packLimits.files),
    indexBytes: whole(value(6, 'index-bytes'), 'index-bytes', packLimits.indexBytes),
    indexSha256: checked(value(7, 'index-sha256'), 'index-sha256', (hash) => /^[0-9a-f]{64}$/.test(hash)),
  };
  if (textOf(manifest) !== text) throw invalid('its manifest must hold these lines and nothing else');
  return manifest;
}

/** Also part of an address and of a file name. */
export function isPackName(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,63}$/.test(text);
}

export function isPackVersion(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}$/.test(text);
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) && !Number.isNaN(Date.parse(text));
}

function isLine(text: string): boolean {
  return text.length > 0 && text.length <= 500 && text.isWellFormed() && !/[\p{C}\u2028\u2029]/u.test(text);
}

function textOf(manifest: PackManifest): string {
  const { name, version, createdMs, licence, source, files, indexBytes, indexSha256 } = manifest;
  const created = new Date(createdMs).toISOString().replace('.000Z', 'Z');
  return `${packHeading}\nname ${name}\nversion ${version}\ncreated ${created}\nlicence ${licence}\nsource ${source}\nfiles ${files}\nindex-bytes ${indexBytes}\nindex-sha256 ${indexSha256}\n`;
}

function ordered(manifest: PackManifest): PackManifest {
  const { name, version, createdMs, licence, source, files, indexBytes, indexSha256 } = manifest;
  return { name, version, createdMs, licence, source, files, indexBytes, indexSha256 };
}

function checked(text: string, key: string, isSound: (text: string) => boolean): string {
  if (isSound(text)) return text;
  throw invalid(`its "${key}" is not as it must be`);
}

function whole(text: string, key: string, most: number): number {
  const number = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  throw invalid(`its "${key}" must be a number from 1 to ${most}`);
}

export function invalid(why: string, cause?: unknown): RulePackError {
  return new RulePackError('pack_invalid', `Cannot read the rule pack: ${why}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: 'build it anew with "sallyport rules pack build", or fetch it again from its publisher',
  });
}
