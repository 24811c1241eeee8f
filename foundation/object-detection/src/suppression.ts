import { intersectionOverUnion } from './box.ts';
import type { Detection } from './box.ts';

/**
 * Non-maximum suppression within each label: of boxes that overlap by more than `overlap` the best is kept.
 * Best first; at most `most`, and of more than 1,000 candidates only the best are looked at, whatever a model says.
 */
export function suppressOverlaps(
  candidates: readonly Detection[],
  { overlap, most }: { readonly overlap: number; readonly most: number },
): Detection[] {
  const sorted = candidates.toSorted((one, other) => other.score - one.score).slice(0, 1000);
  const kept: Detection[] = [];
  for (const candidate of sorted) {
    if (kept.length >= most) break;
    const hidden = kept.some(
      ({ label, box }) => label === candidate.label && intersectionOverUnion(box, candidate.box) > overlap,
    );
    if (!hidden) kept.push(candidate);
  }
  return kept;
}
