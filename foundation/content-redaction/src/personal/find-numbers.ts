import type { Confidence, Match } from '../finding.ts';
import { luhn, modulo97 } from './check-digits.ts';
import { nationalIds } from './national-ids.ts';

/** Characters beside a number in which words say what it is. */
const beside = 48;

/** Cards, accounts and numbers of states: each by its check digits, and where many numbers would pass them, by the words beside it. */
export function findNumbers(text: string): Match[] {
  return [...findDigits(text), ...findLettered(text)];
}

/** Digits in groups: a card, a number of a state, a telephone number. */
function findDigits(text: string): Match[] {
  const found: Match[] = [];
  for (const match of text.matchAll(/\+?\(?\d(?:[ ().-]{0,2}\d){6,23}/g)) {
    const [written] = match;
    const start = match.index;
    const end = start + written.length;
    if (isJoined(text, start - 1, -1) || isJoined(text, end, 1)) continue;
    const before = text.slice(Math.max(0, start - beside), start);
    const near = `${before} ${text.slice(end, end + beside)}`;
    const isPhone = written.startsWith('+');
    const piece = isPhone ? undefined : judgedPiece(written, near);
    const judged = piece ?? judgePhone(written, before);
    if (judged === undefined) continue;
    const { from = 0, to = written.length, ...rest } = judged;
    found.push({ class: 'personal', ...rest, start: start + from, end: start + to });
  }
  return found;
}

/** Of groups that stand in a row, those that are one number: a year may follow a card. The longest first. */
function judgedPiece(written: string, near: string): (Judged & { from: number; to: number }) | undefined {
  const groups = [...written.matchAll(/\d+/g)].map(({ index, 0: { length } }) => ({ from: index, to: index + length }));
  // Nobody writes one number in more groups.
  if (groups.length > maxGroups) return undefined;
  const pieces = groups
    .flatMap(({ from }, first) => groups.slice(first).map(({ to }) => ({ from, to })))
    .toSorted((a, b) => b.to - b.from - (a.to - a.from));
  for (const { from, to } of pieces.slice(0, maxPieces)) {
    const piece = written.slice(from, to);
    const digits = piece.replaceAll(/\D/g, '');
    if (digits.length < 9) break;
    const card = judgeCard(piece, digits, near);
    const judged = card?.confidence === 'high' ? card : (judgeNational(digits, near) ?? card);
    if (judged !== undefined) return { ...judged, from, to };
  }
  return undefined;
}

const maxGroups = 8;
const maxPieces = 12;

type Judged = { readonly kind: string; readonly confidence: Confidence; readonly why: string };

function judgeCard(written: string, digits: string, near: string): Judged | undefined {
  if (!isIssued(digits) || !luhn(digits) || new Set(digits).size < 2) return undefined;
  const isGrouped = /^\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}$|^\d{4}([ -])\d{6}\2\d{4,5}$/.test(written);
  const isSaid =
    /card|visa|master|amex|american express|maestro|rupay|\bpan\b|\bcc\b|payment|karte|carte|tarjeta/i.test(near);
  return {
    kind: 'payment-card',
    confidence: isGrouped || isSaid ? 'high' : 'medium',
    why: 'a payment card: its check digit fits, and its first digits are an issuer’s',
  };
}

/** First digits and lengths that issuers use (ISO/IEC 7812). */
const issuers: readonly { readonly first: RegExp; readonly lengths: readonly number[] }[] = [
  { first: /^4/, lengths: [13, 16, 19] },
  { first: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16] },
  { first: /^3[47]/, lengths: [15] },
  { first: /^(?:6011|64[4-9]|65|622)/, lengths: [16, 19] },
  { first: /^(?:30[0-5]|36|38|39)/, lengths: [14, 16, 19] },
  { first: /^35(?:2[89]|[3-8])/, lengths: [16, 19] },
  { first: /^62/, lengths: [16, 17, 18, 19] },
  { first: /^220[0-4]/, lengths: [16, 19] },
  { first: /^(?:60|508|81|82|353|356)/, lengths: [16] },
];

function isIssued(digits: string): boolean {
  return issuers.some(({ first, lengths }) => lengths.includes(digits.length) && first.test(digits));
}

function judgeNational(id: string, near: string): Judged | undefined {
  for (const { kind, name, shape, isRight, words, needsWords = false } of nationalIds) {
    if (!shape.test(id) || !isRight(id)) continue;
    const isSaid = words.test(near);
    if (needsWords && !isSaid) continue;
    return {
      kind: `national-id-${kind}`,
      confidence: isSaid ? 'high' : 'medium',
      why: isSaid ? `${name}: its form fits, and words beside it say so` : `${name}: its check digits fit`,
    };
  }
  return undefined;
}

function judgePhone(written: string, before: string): (Judged & { from?: number; to?: number }) | undefined {
  const { length } = written.replaceAll(/\D/g, '');
  if (length < 7 || length > 15) return undefined;
  if (/^\+[1-9]/.test(written) && length >= 8)
    return { kind: 'phone', confidence: 'high', why: 'a telephone number with its country' };
  return callWords.test(before)
    ? { kind: 'phone', confidence: 'medium', why: 'a telephone number by the word before it' }
    : undefined;
}

const callWords =
  /phone|\btel\b|tel[.:]|mobile|\bcell\b|\bfax\b|whatsapp|\bsms\b|telefon|t[ée]l[ée]phone|m[óo]vil|handy/i;

/** What has letters in it: bank accounts, and numbers of states. */
function findLettered(text: string): Match[] {
  const found: Match[] = [];
  for (const match of text.matchAll(/(?<![A-Za-z\d])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z\d]){11,30}/g)) {
    const iban = wholeAccount(match[0]);
    if (iban === undefined) continue;
    const end = match.index + iban.length;
    if (/[A-Za-z\d]/.test(text[end] ?? '')) continue;
    found.push({
      class: 'personal',
      kind: 'iban',
      confidence: 'high',
      why: 'a bank account: its length and check digits fit its country',
      start: match.index,
      end,
    });
  }
  for (const match of text.matchAll(/(?<![A-Za-z\d])(?:[A-Z\d]{8,16}|[A-Z]{2}(?: \d{2}){3} [A-D])(?![A-Za-z\d])/g)) {
    const [written] = match;
    const id = written.replaceAll(' ', '');
    if (!/[A-Z]/.test(id) || !/\d/.test(id)) continue;
    const start = match.index;
    const end = start + written.length;
    const near = `${text.slice(Math.max(0, start - beside), start)} ${text.slice(end, end + beside)}`;
    const judged = judgeNational(id, near);
    if (judged !== undefined) found.push({ class: 'personal', ...judged, start, end });
  }
  return found;
}

/** Characters of an account in each country (SWIFT's registry). */
const lengths: Readonly<Record<string, number>> = Object.fromEntries(
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** As much of what is written as is an account; words may go on behind it. */
function wholeAccount(written: string): string | undefined {
  const length = lengths[written.slice(0, 2).toUpperCase()];
  if (length === undefined) return undefined;
  let seen = 0;
  let end = 0;
  while (end < written.length && seen < length) {
    if (/[A-Za-z\d]/.test(written[end] ?? '')) seen += 1;
    end += 1;
  }
  const account = written.slice(0, end).replaceAll(/[ -]/g, '').toUpperCase();
  if (account.length !== length) return undefined;
  return modulo97(account.slice(4) + account.slice(0, 4)) === 1 ? written.slice(0, end) : undefined;
}

/** A part of something longer: a name, a version, a decimal number, an identifier with hyphens. */
function isJoined(text: string, at: number, step: 1 | -1): boolean {
  const next = text[at] ?? '';
  if (/[A-Za-z\d_]/.test(next)) return true;
  const joins = step === -1 ? /[.:/@#-]/ : /[@#-]/;
  return joins.test(next) && /[A-Za-z\d]/.test(text[at + step] ?? '');
}
