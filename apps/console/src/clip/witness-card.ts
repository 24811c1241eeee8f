import type { SegmentVerdict } from '@sallyport/camera-watch/clip';
import { printable } from '../parts/printable.ts';
import { element } from './element.ts';
import { dateTime } from './words.ts';

type Seen = { readonly name: string; readonly parts: number; readonly firstMs: number; readonly lastMs: number };

/** Who outside had seen the parts, by the keys that stand in the clip; each key once. */
function witnessesOf(verdicts: readonly SegmentVerdict[]): ReadonlyMap<string, Seen> {
  const seen = new Map<string, Seen>();
  for (const verdict of verdicts) {
    if (!verdict.ok) continue;
    for (const { name, verifierKey, cosignedAtMs } of verdict.proof.witnesses) {
      const known = seen.get(verifierKey);
      seen.set(verifierKey, {
        name,
        parts: (known?.parts ?? 0) + 1,
        firstMs: Math.min(known?.firstMs ?? Infinity, cosignedAtMs),
        lastMs: Math.max(known?.lastMs ?? -Infinity, cosignedAtMs),
      });
    }
  }
  return seen;
}

/** Cosignatures verify under keys that stand in the file: whose they are is the reader's to know. */
export function witnessCard(verdicts: readonly SegmentVerdict[]): HTMLElement {
  const title = element('h2', {}, 'Who has seen it outside');
  const seen = witnessesOf(verdicts);
  if (seen.size === 0)
    return element(
      'section',
      {},
      title,
      element('p', {}, 'Nobody: only the log itself vouches for when its parts were recorded.'),
    );
  const entries = [...seen].flatMap(
    ([key, { name, parts, firstMs, lastMs }]): readonly (readonly [string, string])[] => [
      ['Witness', printable(name)],
      ['Has cosigned', `${parts} of ${verdicts.length} parts, ${wordsOf(firstMs, lastMs)}`],
      ['Its key', key],
    ],
  );
  return element(
    'section',
    {},
    title,
    element(
      'p',
      {},
      'If each key is the one you know the witness by, it had by then seen the log with these parts in it: they were neither changed nor put there later.',
    ),
    element('dl', {}, ...entries.flatMap(([term, value]) => [element('dt', {}, term), element('dd', {}, value)])),
  );
}

/** A witness may state any time that a calendar has a name for. */
function wordsOf(firstMs: number, lastMs: number): string {
  return firstMs === lastMs ? `at ${dateTime(firstMs)} UTC` : `${dateTime(firstMs)} to ${dateTime(lastMs)} UTC`;
}
