import type { Answer } from '../../../api/call.ts';
import { printable } from '../../../parts/printable.ts';
import { useScopeWords } from './scope-words.ts';

/** What somebody agrees to, word for word. */
export function OwnTexts({ texts }: { readonly texts: Answer<'GET /v1/agents/policies/versions/{version}'>['texts'] }) {
  const scopeWords = useScopeWords();
  return (
    <details>
      <summary>Its texts</summary>
      {texts.length === 0 ? <p className="quiet">It holds no document: the packs decide alone.</p> : null}
      {texts.map(({ id, name, scope, text }) => (
        <section key={id} className="stack tight" aria-label={printable(name)}>
          <h3 className="small">
            {printable(name)} <span className="chip">{scopeWords(scope)}</span>
          </h3>
          <pre className="pack-diff" tabIndex={0} aria-label={`${printable(name)}, its text`}>
            {text.split('\n').map(printable).join('\n')}
          </pre>
        </section>
      ))}
    </details>
  );
}
