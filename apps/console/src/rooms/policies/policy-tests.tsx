import { JsonField } from '../../parts/json-field.tsx';
import { printable } from '../../parts/printable.ts';

/** Tests of a policy as the list they are kept as, and what each comes to now; `why` where one fails. */
export function PolicyTests<Test>({
  tests,
  results,
  description,
  readOnly,
  onChange,
}: {
  readonly tests: readonly Test[];
  readonly results: readonly { readonly name: string; readonly passed: boolean; readonly why: string }[];
  /** Which fields each has. */
  readonly description: string;
  readonly readOnly: boolean;
  readonly onChange: (tests: readonly Test[]) => void;
}) {
  return (
    <section className="stack tight" aria-label="Tests">
      <ul className="lines">
        {results.map(({ name, passed, why }) => (
          <li key={name} data-word={passed ? 'Holds' : 'Fails'}>
            <span className="line-main">
              <span className="line-name">
                <strong className="small">{passed ? '✓ Holds' : '✕ Fails'}</strong> {printable(name)}
              </span>
              {passed ? null : <span className="quiet small">{printable(why)}</span>}
            </span>
          </li>
        ))}
      </ul>
      <JsonField<Test[]>
        label="Tests of this policy"
        description={description}
        minRows={6}
        maxRows={20}
        readOnly={readOnly}
        value={tests}
        // The server looks at each; here it only must be a list.
        read={(written) => (Array.isArray(written) ? written : 'This is no list: tests stand in [ ]')}
        onChange={onChange}
      />
    </section>
  );
}
