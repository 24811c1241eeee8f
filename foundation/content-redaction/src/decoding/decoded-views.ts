import { undoDisguises, undoEscapes, type InPlace } from './in-place.ts';
import { undoRuns } from './runs.ts';
import { placeThrough, type DecodedView } from './view.ts';

/**
 * How much is undone at most: characters in all (`least` for short texts, so many times its length for others, `most`), in one text, texts,
 * and one in another. A megabyte of code or of a lockfile stays below; whoever asks takes what is above for the worst.
 */
const decodingLimits = {
  least: 4_000_000,
  times: 16,
  most: 16_000_000,
  text: 2_000_000,
  views: 8000,
  layers: 3,
} as const;

/**
 * Every text that hides in another: base64 and its URL form, hexadecimal, gzip, percent, entities, escapes, invisible and look-alike
 * characters, up to three in each other. The text itself is not among them. `isCut` where there was more than the limits let through.
 */
export function decodedViews(text: string): { readonly views: readonly DecodedView[]; readonly isCut: boolean } {
  const views: DecodedView[] = [];
  const { least, times, most } = decodingLimits;
  let left: number = Math.min(most, Math.max(least, text.length * times));
  let isCut = false;
  const take = (characters: number): boolean => {
    left -= characters;
    return left >= 0;
  };

  /** `whole`: what the same piece of the text came to already; undone in another order it comes to the same. */
  const descend = (
    outer: Omit<DecodedView, 'isBytes'>,
    { depth, whole }: { depth: number; whole: Set<string> },
  ): void => {
    if (depth >= decodingLimits.layers) return;
    const looked = outer.text.slice(0, decodingLimits.text);
    isCut ||= looked.length < outer.text.length;
    const inPlace: InPlace[] = [];
    for (const undo of [undoDisguises, undoEscapes]) {
      if (!take(looked.length)) {
        isCut = true;
        return;
      }
      const undone = undo(looked);
      if (undone === undefined || whole.has(undone.text)) continue;
      whole.add(undone.text);
      inPlace.push(undone);
    }
    const within = undoRuns(looked, take);
    isCut ||= within.isCut;
    const found: (DecodedView & { readonly isWhole: boolean })[] = [
      ...inPlace.map(({ text: inner, encodings, replaced }) => ({
        text: inner,
        // Several that were undone in one go are one layer of the bound.
        layers: [...outer.layers, ...encodings],
        isBytes: false,
        isWhole: true,
        placeOf(start: number, end: number) {
          const place = placeThrough(replaced, { start, end });
          return outer.placeOf(place.start, place.end);
        },
      })),
      ...within.runs.map(({ start, end, text: inner, encodings, isBytes }) => ({
        text: inner,
        layers: [...outer.layers, ...encodings],
        isBytes,
        isWhole: false,
        placeOf: () => outer.placeOf(start, end),
      })),
    ];
    for (const view of found) {
      if (view.text === '') continue;
      if (views.length >= decodingLimits.views) {
        isCut = true;
        return;
      }
      views.push(view);
      descend(view, { depth: depth + 1, whole: view.isWhole ? whole : new Set([view.text]) });
    }
  };
  descend({ text, layers: [], placeOf: (start, end) => ({ start, end }) }, { depth: 0, whole: new Set([text]) });
  return { views, isCut };
}
