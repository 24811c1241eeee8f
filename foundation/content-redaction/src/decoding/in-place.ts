import { characterAt, decodePercentRun, decodeReference, signNames } from '@sallyport/character-escapes';
import type { Encoding } from '../finding.ts';
import type { Replaced } from './view.ts';

export type InPlace = { readonly text: string; readonly encodings: readonly Encoding[]; readonly replaced: Replaced };

/** Percent, entities and escapes undone where they stand; undefined where there is none. */
export function undoEscapes(text: string): InPlace | undefined {
  return replaceAll(text, escaped, (piece) => {
    if (piece.startsWith('%')) return { encoding: 'percent', text: decodePercentRun(piece) };
    if (piece.startsWith('&')) return { encoding: 'entities', text: decodeReference(piece, signNames) };
    return { encoding: 'escapes', text: escape(piece) };
  });
}

/** Characters that show nothing taken out, and those that look like others put back; undefined where there is none. */
export function undoDisguises(text: string): InPlace | undefined {
  if (!/[^\u0000-\u007f]/.test(text)) return undefined;
  return replaceAll(text, disguised, (piece) =>
    invisible.test(piece) ? { encoding: 'invisible', text: '' } : { encoding: 'look-alikes', text: plain(piece) },
  );
}

const escaped =
  /(?:%[\da-f]{2}){1,64}|&(?:#x[\da-f]{1,6}|#\d{1,7}|[a-z]{2,8});|\\(?:u\{[\da-f]{1,6}\}|u[\da-f]{4}|x[\da-f]{2}|[nrt"'/\\])/gi;
const invisible = /^[\p{Default_Ignorable_Code_Point}\p{Cf}]+$/u;
/** Letters of other scripts are only taken for Latin beside Latin ones or digits: Greek and Russian words stay what they are. */
const disguised =
  /[\p{Default_Ignorable_Code_Point}\p{Cf}]{1,64}|[\uff01-\uff5e\u{1d400}-\u{1d7ff}\u2460-\u24ff\u2010-\u2015\u2024\u2044\u2215\u29f8\ufe52\u3002\ufe6b\u00a0\u2000-\u200a\u3000]|(?<=[\w-])[\u0370-\u03ff\u0400-\u04ff\u0530-\u058f\u13a0-\u13ff]|[\u0370-\u03ff\u0400-\u04ff\u0530-\u058f\u13a0-\u13ff](?=[\w-])/gu;

function replaceAll(
  text: string,
  pattern: RegExp,
  decode: (piece: string) => { readonly encoding: Encoding; readonly text: string | undefined },
): InPlace | undefined {
  const replaced: Replaced = { out: [], outEnd: [], at: [], end: [] };
  const encodings = new Set<Encoding>();
  const parts: string[] = [];
  let length = 0;
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    const [piece] = match;
    const decoded = decode(piece);
    if (decoded.text === undefined || decoded.text === piece) continue;
    parts.push(text.slice(from, match.index), decoded.text);
    length += match.index - from;
    replaced.out.push(length);
    length += decoded.text.length;
    replaced.outEnd.push(length);
    replaced.at.push(match.index);
    replaced.end.push(match.index + piece.length);
    from = match.index + piece.length;
    encodings.add(decoded.encoding);
  }
  if (encodings.size === 0) return undefined;
  parts.push(text.slice(from));
  return { text: parts.join(''), encodings: [...encodings], replaced };
}

function escape(piece: string): string | undefined {
  const sign = piece[1] ?? '';
  if (sign === 'u' || sign === 'x' || sign === 'U' || sign === 'X')
    return characterAt(Number.parseInt(piece.replaceAll(/[\\ux{}]/gi, ''), 16));
  return sign === 'n' || sign === 'r' ? '\n' : sign === 't' ? '\t' : sign;
}

/** Latin letters that these are drawn like, and compatibility forms. */
function plain(piece: string): string {
  return looksLike.get(piece) ?? piece.normalize('NFKC');
}

const looksLike: ReadonlyMap<string, string> = new Map(
  [
    ['АВЕЅІЈКМНОРСТУХԌԚԜаеоѕіјрсухԁԛԝһӏѵ', 'ABESIJKMHOPCTYXGQWaeosijpcyxdqwhlv'],
    ['ΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορυικχ', 'ABEZHIKMNOPTYXavopuikx'],
    ['ՍՏՕհոսօցզ', 'USOhnuogq'],
    ['ᎠᎡᎢᎪᎬᎳᎷᎻᏀᏃᏒᏔᏚᏞᏢᏟᎫ', 'DRTAEWMHGZRWSLPCJ'],
    ['‐‑‒–—―', '------'],
    ['․﹒。', '...'],
    ['⁄∕⧸', '///'],
  ].flatMap(([from = '', to = '']) =>
    Array.from(from).map((letter, index): [string, string] => [letter, Array.from(to)[index] ?? letter]),
  ),
);
