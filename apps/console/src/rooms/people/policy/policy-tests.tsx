import { Textarea } from '@mantine/core';
import { useState } from 'react';
import { Notice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
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
  const [written, setWritten] = useState(() => JSON.stringify(tests, null, 2));
  const [fault, setFault] = useState<string>();
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
      <Textarea
        label="Tests of this policy"
        description='Each: name, principal, action, and expect: "allow", "deny" or "needs_proof"'
        classNames={{ input: 'hunt-text' }}
        autosize
        minRows={6}
        maxRows={20}
        spellCheck={false}
        readOnly={readOnly}
        value={written}
        onChange={(event) => {
          const json = event.currentTarget.value;
          setWritten(json);
          const read = readTests(json);
          setFault(typeof read === 'string' ? read : undefined);
          if (typeof read !== 'string') onChange(read);
        }}
      />
      {fault === undefined ? null : <Notice tone="bad" title={fault} />}
    </section>
  );
}

/** The server looks at each; here it only must be a list. */
function readTests(json: string): PolicyTest[] | string {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value : 'This is no list: tests stand in [ ]';
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : 'it cannot be read'}`;
  }
}
