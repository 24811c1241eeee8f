import { hash } from 'node:crypto';
import { isSealedBody, openSealedText, sealedSaltBytes, tokensOf } from '@sallyport/contracts';

/** What opens the commitment of one sealed string of a body: SHA-256(salt ‖ plain). `plain` is JSON text. */
export type EvidenceOpening = { readonly salt: Uint8Array; readonly plain: Uint8Array };
/** In the order in which the sealed strings stand; undefined: erased, or kept back. */
export type EvidenceOpenings = readonly (EvidenceOpening | undefined)[];

/** As many as one body may have. */
export const maxOpenings = 1100;
const closedText = '"[sealed]"';
const none = '-';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type OpenedBody = {
  /** JSON; not parsed. */
  readonly text: string;
  /** Strings the log commits to without anybody here being able to read them. */
  readonly closed: number;
};

/**
 * The text of a body with what the openings say in the place of its sealed strings, `[sealed]` where there is none. Undefined when an
 * opening is not what the body commits to, or there are not as many as sealed strings. Throws on what is not UTF-8.
 */
export function openWith(body: Uint8Array, openings: EvidenceOpenings | undefined): OpenedBody | undefined {
  const text = utf8.decode(body);
  if (!isSealedBody(body)) return (openings?.length ?? 0) > 0 ? undefined : { text, closed: 0 };
  if (openings !== undefined && openings.length !== tokensOf(text).length) return undefined;
  let at = 0;
  let closed = 0;
  let isFalse = false;
  const openedText = openSealedText(text, ({ commitment }) => {
    const opening = openings?.[at];
    at += 1;
    if (opening === undefined) {
      closed += 1;
      return closedText;
    }
    const content = Buffer.concat([opening.salt, opening.plain]);
    if (opening.salt.length !== sealedSaltBytes || !hash('sha256', content, 'buffer').equals(commitment))
      isFalse = true;
    return utf8.decode(opening.plain);
  });
  return isFalse ? undefined : { text: openedText, closed };
}

/** `opening` salt plain, both base64, or `opening -`; a line each. */
export function formatOpenings(openings: EvidenceOpenings | undefined): string {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return (openings ?? [])
    .map((opening) => `opening ${opening === undefined ? none : `${base64(opening.salt)} ${base64(opening.plain)}`}\n`)
    .join('');
}

/** Of such lines, what follows the name. Throws. */
export function parseOpenings(lines: readonly string[]): EvidenceOpenings | undefined {
  if (lines.length === 0) return undefined;
  return lines.map((line): EvidenceOpening | undefined => {
    if (line === none) return undefined;
    const [salt, plain, ...rest] = line.split(' ');
    if (salt === undefined || plain === undefined || rest.length > 0)
      throw new Error('An opening must be a salt and a text');
    return { salt: Buffer.from(salt, 'base64'), plain: Buffer.from(plain, 'base64') };
  });
}

/** The same in one word: SALT:TEXT or `-` for each, commas between. */
export function formatOpeningList(openings: EvidenceOpenings | undefined): string {
  return formatOpenings(openings).trimEnd().replaceAll('opening ', '').replaceAll(' ', ':').replaceAll('\n', ',');
}

/** Reads what `formatOpeningList` writes. Throws. */
export function parseOpeningList(text: string): EvidenceOpenings | undefined {
  return parseOpenings(text.split(',').map((one) => one.replace(':', ' ')));
}
