import { Notice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import type { Explained } from './policy-queries.ts';

const titles: Readonly<Record<string, string>> = {
  allow: 'Yes, they may',
  needs_proof: 'Yes, after proving anew who they are',
  deny: 'No, they may not',
};

/** A decision: first the answer, then which policies and facts made it, then what would change it. */
export function ExplanationView({ explained }: { readonly explained: Explained }) {
  const { answer, reason, policies, ways, version } = explained;
  return (
    <section className="stack tight" aria-label="Why" aria-live="polite">
      <Notice tone={answer === 'allow' ? 'good' : answer === 'deny' ? 'bad' : 'warn'} title={titles[answer] ?? answer}>
        <p>{printable(reason)}</p>
      </Notice>
      {policies.map(({ id, words, effect, own, text, facts }) => (
        <details key={id} className="sheet tight">
          <summary>
            <span className="chip">{effect === 'forbid' ? 'Forbids' : 'Allows'}</span> {printable(words)}{' '}
            <span className="quiet small">{own ? `yours, version ${version}` : 'built in'}</span>
          </summary>
          {facts.length === 0 ? null : (
            <dl className="facts">
              {facts.map(({ of, name, value, known, words }) => (
                <div key={`${of}.${name}`}>
                  <dt>
                    {of}.{name}
                  </dt>
                  <dd>
                    {known ? printable(JSON.stringify(value)) : 'nobody can tell'}{' '}
                    <span className="quiet small">{printable(words)}</span>
                  </dd>
                </div>
              ))}
            </dl>
          )}
          <pre className="raw" tabIndex={0}>
            {text}
          </pre>
        </details>
      ))}
      {ways.length === 0 ? null : (
        <div>
          <h3 className="small">What would make it a yes</h3>
          <ul>
            {ways.map(({ words }) => (
              <li key={words}>{printable(words)}</li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}
