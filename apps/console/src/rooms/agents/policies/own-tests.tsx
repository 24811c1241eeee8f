import { printable } from '../../../parts/printable.ts';
import { TestsAsJson } from '../../people/policy/tests-as-json.tsx';
import type { Checked, OwnTest } from './own-policy-queries.ts';
import { verdictWords } from './verdict-words.ts';

/** Calls with the verdict that is expected of each, as JSON; and what they come to now. */
export function OwnTests({
  tests,
  checked,
  readOnly,
  onChange,
}: {
  readonly tests: readonly OwnTest[];
  readonly checked: Checked | undefined;
  readonly readOnly: boolean;
  readonly onChange: (tests: readonly OwnTest[]) => void;
}) {
  return (
    <section className="stack tight" aria-label="Tests">
      <ul className="lines">
        {(checked?.tests ?? []).map((one) => (
          <li key={one.name} data-word={one.passed ? 'Holds' : 'Fails'}>
            <span className="line-main">
              <span className="line-name">
                <strong className="small">{one.passed ? '✓ Holds' : '✕ Fails'}</strong> {printable(one.name)}
              </span>
              {one.passed ? null : (
                <span className="quiet small">
                  {verdictWords[one.expect]} was expected; {verdictWords[one.got].toLowerCase()}:{' '}
                  {printable(one.reason)}
                </span>
              )}
            </span>
          </li>
        ))}
        {(checked?.standing ?? []).map((one) => (
          <li key={one.name} data-word={one.passed ? 'Holds' : 'Fails'}>
            <strong className="small">{one.passed ? '✓ Holds' : '✕ Fails'}</strong> {printable(one.name)}
          </li>
        ))}
      </ul>
      <TestsAsJson
        tests={tests}
        description='Each: name, pack, prompt (what the person wrote), read (what of others came in before), tool, input, and expect: "allow", "ask" or "deny"'
        readOnly={readOnly}
        onChange={onChange}
      />
    </section>
  );
}
