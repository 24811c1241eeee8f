import { undoDisguises, undoEscapes, type InPlace } from './in-place.ts';
import { undoRuns } from './runs.ts';
import { placeThrough, type DecodedView } from './view.ts';

/** How much is undone at most: characters in all, in one text, texts, and one in another. */
const decodingLimits = { characters: 4_000_000, text: 1_000_000, views: 500, layers: 3 } as const;

/**
 * Every text that hides in another: base64 and its URL form, hexadecimal, gzip, percent, entities, escapes, invisible and look-alike
 * characters, up to three in each other. The text itself is not among them. `isCut` where there was more than the limits let through.
 */
export function decodedViews(text: string): { readonly views: readonly DecodedView[]; readonly isCut: boolean } {
  const views: DecodedView[] = [];
  let left: number = decodingLimits.characters;
  let isCut = false;
  const take = (characters: number): boolean => {
    left -= characters;
    return left >= 0;
  };

  const descend = (outer: Omit<DecodedView, 'isBytes'>, depth: number): void => {
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
      if (undone !== undefined) inPlace.push(undone);
    }
    const within = undoRuns(looked, take);
    isCut ||= within.isCut;
    const found: DecodedView[] = [
      ...inPlace.map(({ text: inner, encodings, replaced }) => ({
        text: inner,
        // Several that were undone in one go are one layer of the bound.
        layers: [...outer.layers, ...encodings],
        isBytes: false,
        placeOf(start: number, end: number) {
          const place = placeThrough(replaced, { start, end });
          return outer.placeOf(place.start, place.end);
        },
      })),
      ...within.runs.map(({ start, end, text: inner, encodings, isBytes }) => ({
        text: inner,
        layers: [...outer.layers, ...encodings],
        isBytes,
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
      descend(view, depth + 1);
    }
  };
  descend({ text, layers: [], placeOf: (start, end) => ({ start, end }) }, 0);
  return { views, isCut };
}
