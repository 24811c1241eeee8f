import { useQuery } from '@tanstack/react-query';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { bundledQuery } from './policy-queries.ts';

/** What always stands: read only, changed with the product. */
export function BundledPolicies() {
  const { data, error, refetch } = useQuery(bundledQuery);
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loading heights={[44, 44, 44]} />;
  return (
    <section className="sheet stack tight" aria-label="Built-in policies">
      <p className="quiet small">
        They come with Sallyport and cannot be removed. A policy of yours can narrow what they allow. Hash:{' '}
        <code>{data.sha256.slice(0, 16)}</code>
      </p>
      <ul className="lines">
        {data.policies.map(({ id, words, effect, text }) => (
          <li key={id}>
            <details>
              <summary>
                <span className="chip">{effect === 'forbid' ? 'Forbids' : 'Allows'}</span> {words}
              </summary>
              <pre className="raw" tabIndex={0}>
                {text}
              </pre>
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}
