import type { Verdict } from './coverage-query.ts';

export const verdictWords: Readonly<Record<Verdict, { readonly word: string; readonly meaning: string }>> = {
  watched: { word: 'Watched', meaning: 'a rule looks for it and its data arrives' },
  weak: { word: 'Weak', meaning: 'data arrives, but only rules that weigh little look' },
  blind: { word: 'Blind', meaning: 'rules look for it, but none of their data arrives' },
  none: { word: 'No rule', meaning: 'nothing looks for it' },
};

/** From well to badly watched. */
export const allVerdicts: readonly Verdict[] = ['watched', 'weak', 'blind', 'none'];

/** An eye that sees, half sees, is struck out; a ring where there is none. */
const shapes: Readonly<Record<Verdict, string>> = {
  watched:
    'M8 3C4.4 3 1.7 5.6.8 8c.9 2.4 3.6 5 7.2 5s6.3-2.6 7.2-5C14.3 5.6 11.6 3 8 3Zm0 2.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6Z',
  weak: 'M8 2.2A5.8 5.8 0 1 0 8 13.8 5.8 5.8 0 0 0 8 2.2Zm0 1.7v8.2a4.1 4.1 0 0 1 0-8.2Z',
  blind:
    'M2.7 1.6 14.4 13.3l-1.1 1.1-2.3-2.3C10.1 12.7 9.1 13 8 13 4.4 13 1.7 10.4.8 8c.5-1.4 1.6-2.9 3.1-3.9L1.6 1.7ZM8 3c3.6 0 6.3 2.6 7.2 5-.4 1.1-1.2 2.3-2.3 3.2L5.9 3.3C6.6 3.1 7.3 3 8 3Z',
  none: 'M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Zm0 1.3a1.2 1.2 0 1 1 0 2.4 1.2 1.2 0 0 1 0-2.4Z',
};

/** How well a technique is watched, as a shape and a colour; the word as well unless it stands beside it. */
export function VerdictMark({ verdict, short = false }: { readonly verdict: Verdict; readonly short?: boolean }) {
  return (
    <span className="verdict" data-verdict={verdict}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={shapes[verdict]} fill="currentColor" fillRule="evenodd" />
      </svg>
      <span className={short ? 'visually-hidden' : undefined}>{verdictWords[verdict].word}</span>
    </span>
  );
}
