import { Textarea } from '@mantine/core';
import { useState } from 'react';
import { Notice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
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
  const [written, setWritten] = useState(() => JSON.stringify(tests, null, 2));
  const [fault, setFault] = useState<string>();
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
      <Textarea
        label="Tests of this policy"
        description='Each: name, pack, prompt (what the person wrote), read (what of others came in before), tool, input, and expect: "allow", "ask" or "deny"'
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
function readTests(json: string): OwnTest[] | string {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value : 'This is no list: tests stand in [ ]';
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : 'it cannot be read'}`;
  }
}
