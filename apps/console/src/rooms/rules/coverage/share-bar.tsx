import type { Verdict } from './coverage-query.ts';
import { allVerdicts } from './verdict-mark.tsx';

/** How many techniques of each verdict, as shares of one bar. The numbers stand beside it in words. */
export function ShareBar({ counts }: { readonly counts: Readonly<Record<Verdict, number>> }) {
  return (
    <span className="share-bar" aria-hidden="true">
      {allVerdicts
        .filter((verdict) => counts[verdict] > 0)
        .map((verdict) => (
          <span key={verdict} data-verdict={verdict} style={{ flexGrow: counts[verdict] }} />
        ))}
    </span>
  );
}
