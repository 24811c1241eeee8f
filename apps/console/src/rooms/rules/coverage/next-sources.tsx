import { Link } from 'wouter';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import type { CoverageMap } from './coverage-query.ts';

/** What to connect next: each counted with those before it. */
export function NextSources({ next }: { readonly next: CoverageMap['next_sources'] }) {
  if (next.length === 0) return null;
  const most = next[0]?.techniques.length ?? 1;
  return (
    <details className="sheet next-sources" open>
      <summary>
        <h2>What to connect next</h2>
        <span className="quiet small">
          The log source that opens most techniques first, each counted with those above it.
        </span>
      </summary>
      <ol>
        {next.slice(0, 6).map((source) => (
          <li key={source.words}>
            <span className="mono">{printable(source.words)}</span>
            <span className="gain" aria-hidden="true">
              <span style={{ width: `${Math.max(6, (source.techniques.length / most) * 100)}%` }} />
            </span>
            <span className="one-line">+{plural(source.techniques.length, 'technique')}</span>
            <span className="quiet small one-line">{plural(source.rules, 'rule')}</span>
            {source.recipe === undefined ? (
              <span className="quiet small">
                {source.product === 'sallyport' ? ownWords(source.service) : 'no recipe yet'}
              </span>
            ) : (
              <Link href={`/sources/add?kind=${source.recipe}`} className="small one-line">
                How to connect
              </Link>
            )}
          </li>
        ))}
      </ol>
    </details>
  );
}

/** What this product writes itself comes with what it looks after. */
function ownWords(service: string | undefined): string {
  if (service === 'camera') return 'comes with a camera';
  if (service === 'agent') return 'comes with an agent';
  return service === 'sensor' ? 'comes with a sensor' : 'written by this server';
}
