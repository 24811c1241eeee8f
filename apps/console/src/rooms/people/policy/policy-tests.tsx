import { printable } from '../../../parts/printable.ts';
import { TestsAsJson } from './tests-as-json.tsx';
import type { Checked, PolicyTest } from './policy-queries.ts';

/** Questions with their right answers, as JSON; and what they come to now. */
export function PolicyTests({
  tests,
  checked,
  readOnly,
  onChange,
}: {
  readonly tests: readonly PolicyTest[];
  readonly checked: Checked | undefined;
  readonly readOnly: boolean;
  readonly onChange: (tests: readonly PolicyTest[]) => void;
}) {
  return (
    <section className="stack tight" aria-label="Tests">
      <ul className="lines">
        {[...(checked?.tests ?? []), ...(checked?.standing ?? [])].map((result) => (
          <li key={result.name} data-word={result.passed ? 'Holds' : 'Fails'}>
            <strong className="small">{result.passed ? '✓ Holds' : '✕ Fails'}</strong> {printable(result.name)}
            {result.passed ? null : <span className="quiet small"> {printable(result.reason)}</span>}
          </li>
        ))}
      </ul>
      <TestsAsJson
        tests={tests}
        description='Each: name, principal, action, and expect: "allow", "deny" or "needs_proof"'
        readOnly={readOnly}
        onChange={onChange}
      />
    </section>
  );
}
