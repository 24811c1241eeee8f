import { keyTitle, purposeName } from '../keys/key-words.ts';
import type { Intent } from './destructions-query.ts';

/** The keys of an intent by name, with why one of them survives. */
export function KeyNames({ keys, kept }: { readonly keys: Intent['keys']; readonly kept: Intent['kept'] }) {
  const whyKept = new Map(kept.map(({ keyId, why }) => [keyId, why]));
  return (
    <ul className="key-names" tabIndex={0} aria-label="Keys">
      {keys.map(({ id, label, purpose }) => (
        <li key={id}>
          {label === '' ? purposeName(purpose) : keyTitle({ level: 'data', version: 1, purpose: undefined, label })}{' '}
          <code className="quiet">{id.slice(0, 8)}</code>
          {whyKept.has(id) ? <span className="warn small"> kept: {whyKept.get(id)}</span> : null}
        </li>
      ))}
    </ul>
  );
}
