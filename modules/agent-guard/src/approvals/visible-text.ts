/** What may stay as it is: letters, marks, numbers, punctuation, symbols, the space, and a new line. */
const seen = /[\p{L}\p{M}\p{N}\p{P}\p{S} \n]/u;
/** Drawn as nothing, though they are letters, marks or symbols: fillers, joiners, variation selectors, the empty Braille cell. */
const blank = /[\p{Default_Ignorable_Code_Point}\u2800]/u;
/** More marks on one letter than a language needs draw over the lines around it. */
const pileOfMarks = /(\p{M}{4})(\p{M}+)/gu;

export type VisibleText = {
  readonly text: string;
  /** Signs that could not be seen, or would have moved what is around them. */
  readonly hidden: number;
};

/**
 * Text of whoever, so that a person sees all of it and nothing of it moves: what cannot be seen, turns the direction of the text or piles
 * up is written as its number, `⟨U+202E⟩`. New lines stay. What is shown has no sign that is not seen, and two texts that differ are
 * shown differently unless one of them writes out such a number itself.
 */
export function visibleText(text: string): VisibleText {
  let hidden = 0;
  const numbered = (sign: string): string => {
    hidden += 1;
    return `⟨U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
  };
  let shown = '';
  for (const sign of text) shown += seen.test(sign) && !blank.test(sign) ? sign : numbered(sign);
  return {
    text: shown.replaceAll(
      pileOfMarks,
      (_all, kept: string, more: string) => kept + Array.from(more, numbered).join(''),
    ),
    hidden,
  };
}

/** The same in one line, for names. */
export function visibleLine(text: string, longest: number): string {
  const { text: shown } = visibleText(text.length > longest ? `${text.slice(0, longest - 1)}…` : text);
  return shown.replaceAll('\n', '⟨U+000A⟩');
}
