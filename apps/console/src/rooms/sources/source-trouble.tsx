import { IconCircleCheck } from '@tabler/icons-react';
import { Link } from 'wouter';
import { formatCount } from '../../parts/numbers.ts';
import { searchAddress, sourceTerms } from '../../parts/source-address.ts';
import { unreadRemedy, unreadWords } from '../../parts/unread-words.ts';
import { formatTerm } from '../search/query-terms.ts';
import { refusalWords } from './refusal-words.ts';
import type { SourceDetails } from './source-queries.ts';

/** What came and was not understood, and what was not let in: why, and what to do. */
export function SourceTrouble({ source }: { readonly source: SourceDetails }) {
  const unread = bySize(source.kept_raw);
  const refused = bySize(source.refused);
  return (
    <section className="sheet" aria-labelledby="trouble">
      <h2 id="trouble">Not understood, not let in</h2>
      {unread.length + refused.length === 0 ? (
        <p className="row">
          <IconCircleCheck size={18} stroke={1.7} className="good" aria-hidden="true" /> Everything it sent was read and
          let in.
        </p>
      ) : (
        <ul className="lines">
          {unread.map(([reason, count]) => (
            <li key={`unread ${reason}`}>
              <span className="line-main">
                <span className="line-name">Kept as received: {unreadWords(reason)}</span>
                <span className="quiet small">{unreadRemedy(reason)}</span>
              </span>
              <Link
                href={searchAddress(`${sourceTerms(source)} ${formatTerm('status_detail', reason)}`)}
                className="small"
              >
                Show some
              </Link>
              <span className="number">{formatCount(count)}</span>
            </li>
          ))}
          {refused.map(([code, count]) => (
            <li key={`refused ${code}`}>
              <span className="line-main">
                <span className="line-name">Refused: {refusalWords(code).words}</span>
                <span className="quiet small">{refusalWords(code).remedy}</span>
              </span>
              <span className="number">{formatCount(count)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function bySize(counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a);
}
