import { Notice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import type { Checked, OpenDocument } from './studio-queries.ts';

/** What cannot be honoured, what to look at, and what was understood. Each line leads to its place in the text. */
export function Problems({
  checked,
  inForce,
  onLine,
}: {
  readonly checked: Checked | undefined;
  readonly inForce: OpenDocument['in_force'] | undefined;
  readonly onLine: (line: number) => void;
}) {
  if (checked === undefined) return <p className="quiet">Reading the text…</p>;
  const { refusals, warnings, rules } = checked;
  return (
    <section className="stack tight" aria-label="What was found in the text" aria-live="polite">
      {refusals.length === 0 ? (
        <Notice tone="good" title={`${plural(rules.length, 'part')} understood, nothing refused`} />
      ) : (
        <Notice tone="bad" title={`${plural(refusals.length, 'place')} cannot be honoured`} />
      )}
      <ul className="lines remarks">
        {[
          ...refusals.map((one) => ({ ...one, word: 'Refused' })),
          ...warnings.map((one) => ({ ...one, word: 'Note' })),
        ].map(({ line, code, message, word }) => (
          <li key={`${line}${code}${message}`} data-word={word}>
            <button type="button" className="plain-button" onClick={() => onLine(line)}>
              Line {line}
            </button>
            <span>
              <strong className="small">{word}</strong> {printable(message)}
            </span>
          </li>
        ))}
      </ul>
      {rules.length === 0 ? null : (
        <details>
          <summary className="small">What was understood</summary>
          <ul className="stack tight bare">
            {rules.map(({ kind, id, title, level, log_source: source, fields }) => (
              <li key={`${kind}${id}`}>
                <strong>{printable(title)}</strong>{' '}
                <span className="quiet small">
                  {[kind.replace('_', ' '), level, ...Object.values(source ?? {})]
                    .filter((part) => part !== undefined)
                    .join(' · ')}
                </span>
                <br />
                <code className="small">{printable(fields.join(', '))}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
      {inForce === undefined || (inForce.version === undefined && inForce.refusals.length === 0) ? null : (
        <div className="small quiet">
          {inForce.version === undefined ? null : `Detection has loaded version ${inForce.version}.`}
          {inForce.refusals.map(({ line, reason }) => (
            <p key={reason}>
              Not in force: {line === undefined ? '' : `line ${line}: `}
              {printable(reason)}
            </p>
          ))}
        </div>
      )}
    </section>
  );
}
