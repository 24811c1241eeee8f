/** What a person who reads a text does not see, and a model does. */
export const hiddenKinds = [
  'zero_width',
  'bidi',
  'tag',
  'variation_selector',
  'terminal',
  'control',
  'comment',
  'white_space',
] as const;
export type HiddenKind = (typeof hiddenKinds)[number];

export type HiddenText = {
  readonly kind: HiddenKind;
  /** UTF-16 units from the beginning. */
  readonly start: number;
  readonly length: number;
  /** What it is or says, in signs that are seen. */
  readonly shown: string;
};

export const maxFound = 200;
const longestShown = 300;

/**
 * In the order in which they are tried. White space first: it takes a whole run, so that none of the others begins anew at each of its
 * signs. A comment that never closes reaches to the end, as a browser reads it.
 */
const patterns: readonly (readonly [HiddenKind, RegExp])[] = [
  ['white_space', /\s{40,}|(?:[^\S\n]{0,39}\n){6,}/y],
  [
    'terminal',
    /\u001b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]?|\][^\u0007\u001b]{0,2000}(?:\u0007|\u001b\\)?|.?)|\u009b[0-?]{0,64}[ -/]{0,8}[@-~]?/y,
  ],
  ['comment', /<!--[^]*?(?:-->|$)/y],
  ['tag', /[\u{e0000}-\u{e007f}]+/uy],
  ['variation_selector', /\p{Variation_Selector}+/uy],
  ['bidi', /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/uy],
  // What Unicode would not have drawn at all (Default_Ignorable_Code_Point), but for the kinds above; an empty cell of braille.
  ['zero_width', /(?:(?![\p{Variation_Selector}\p{Bidi_Control}\u{e0000}-\u{e007f}])[\p{DI}\u2800])+/uy],
  ['control', /(?:(?![\t\n\r\u001b\u009b])[\p{Cc}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\ufff9-\ufffb])+/uy],
];
/** One sign of any of them: where there is none, there is nothing to look for. */
const beginsOne = /(?![\t\n\r])[\p{C}\p{DI}\p{Zl}\p{Zp}\u2800]|<!--|\s{6}/u;

/** Where something hides, from the beginning on; at most 200 places. Signs that spell a script or an emoji are not told of. Linear in the text. */
export function hiddenText(text: string): HiddenText[] {
  const found: HiddenText[] = [];
  if (!beginsOne.test(text)) return found;
  let at = 0;
  while (at < text.length && found.length < maxFound) {
    const next = matchAt(text, at);
    if (next === undefined) {
      at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
      continue;
    }
    const { kind, said } = next;
    if (!isSpelling(text, at, said)) found.push({ kind, start: at, length: said.length, shown: shownOf(kind, said) });
    at += said.length;
  }
  return found;
}

function matchAt(text: string, at: number): { readonly kind: HiddenKind; readonly said: string } | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const said = pattern.exec(text)?.[0];
    if (said !== undefined && said !== '') return { kind, said };
  }
  return undefined;
}

/** Scripts in which a joiner between letters changes how they are written. */
const joined =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Mongolian}\p{M}]$/u;
const flags = new Set(['gbeng', 'gbsct', 'gbwls']);

/** Joiners inside a script or an emoji, the colour of an emoji, the letters of a flag, another shape of an ideograph. */
function isSpelling(text: string, at: number, said: string): boolean {
  const before = text.slice(Math.max(0, at - 4), at);
  if (said === '\u200c') return joined.test(before);
  if (said === '\u200d')
    return joined.test(before) || /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]$/u.test(before);
  if (said === '\ufe0e' || said === '\ufe0f') return /\p{Emoji}$/u.test(before);
  if (/^[\u{e0100}-\u{e01ef}]$/u.test(said)) return /\p{Script=Han}$/u.test(before);
  return before.endsWith('\u{1f3f4}') && said.endsWith('\u{e007f}') && flags.has(tagged(said.slice(0, -2)));
}

function shownOf(kind: HiddenKind, said: string): string {
  switch (kind) {
    case 'tag':
      return `${counted(said)} that spell "${plain(tagged(said))}"`;
    case 'variation_selector': {
      const bytes = codePoints(said).map(selected);
      return bytes.length < 4
        ? codes(said)
        : `${counted(said)} that can spell "${plain(Buffer.from(bytes).toString())}"`;
    }
    case 'comment':
      return plain(said);
    case 'white_space':
      return `${said.length} signs of white space`;
    case 'terminal':
      return plain(said.replace(/^\u001b/, 'ESC ').replace(/^\u009b/, 'CSI '));
    case 'zero_width':
    case 'bidi':
    case 'control':
      return codes(said);
  }
}

function codePoints(said: string): number[] {
  return Array.from(said, (sign) => sign.codePointAt(0) ?? 0);
}

function tagged(said: string): string {
  return codePoints(said)
    .map((code) => String.fromCodePoint(code & 0x7f))
    .join('');
}

/** Which of 256: how bytes are smuggled behind a single sign. */
function selected(code: number): number {
  return code >= 0xe0100 ? (code - 0xe0100 + 16) & 0xff : code & 0x0f;
}

function counted(said: string): string {
  return `${codePoints(said).length} unseen signs`;
}

function codes(said: string): string {
  const all = codePoints(said);
  const shown = all.slice(0, 8).map((code) => `U+${code.toString(16).toUpperCase().padStart(4, '0')}`);
  return `${shown.join(' ')}${all.length > shown.length ? ` and ${all.length - shown.length} more` : ''}`;
}

/** In signs that are seen, so that what tells of hidden text hides none. */
function plain(text: string): string {
  return text
    .slice(0, longestShown)
    .toWellFormed()
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}\p{DI}\ufffd]/gu, '·');
}
