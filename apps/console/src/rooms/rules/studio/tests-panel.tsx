import { Button, NativeSelect, TextInput } from '@mantine/core';
import { JsonField } from '../../../parts/json-field.tsx';
import { printable } from '../../../parts/printable.ts';
import type { RuleTestDraft } from './rule-test-draft.ts';
import { testsIn } from './rule-test-draft.ts';
import type { Checked } from './studio-queries.ts';

type Result = Checked['tests'][number];

const emptyTest: RuleTestDraft = {
  name: 'A new test',
  expect: 'match',
  event: { EventID: 1, Channel: 'Microsoft-Windows-Sysmon/Operational', Image: 'C:\\Windows\\System32\\example.exe' },
};

/** Events, and what the rule is to say of each. They run with every change. */
export function TestsPanel({
  tests,
  results,
  readOnly,
  onChange,
}: {
  readonly tests: readonly RuleTestDraft[];
  readonly results: readonly Result[];
  readonly readOnly: boolean;
  readonly onChange: (tests: readonly RuleTestDraft[]) => void;
}) {
  return (
    <section className="stack tight" aria-label="Tests">
      <p className="quiet small">
        An event as its source writes it, or one of the ledger. For a correlation: events, each with after_seconds. All
        must hold before the rule can be staged.
      </p>
      {tests.map((test, place) => (
        <OneTest
          // Names may be the same; tests stay where they are.
          key={place}
          test={test}
          result={results[place]?.name === test.name ? results[place] : undefined}
          readOnly={readOnly}
          onChange={(changed) => onChange(tests.map((one, at) => (at === place ? changed : one)))}
          onRemove={() => onChange(tests.filter((_, at) => at !== place))}
        />
      ))}
      {readOnly ? null : (
        <div>
          <Button
            variant="default"
            size="xs"
            disabled={tests.length >= 50}
            onClick={() => onChange([...tests, emptyTest])}
          >
            Add a test
          </Button>
        </div>
      )}
    </section>
  );
}

function OneTest({
  test,
  result,
  readOnly,
  onChange,
  onRemove,
}: {
  readonly test: RuleTestDraft;
  readonly result: Result | undefined;
  readonly readOnly: boolean;
  readonly onChange: (test: RuleTestDraft) => void;
  readonly onRemove: () => void;
}) {
  const state = result === undefined ? 'waiting' : result.passed ? 'holds' : 'fails';
  const words = { waiting: 'Being tried', holds: '✓ Holds', fails: '✕ Fails' } as const;
  return (
    <div className="sheet tight rule-test" data-state={state}>
      <div className="row">
        <TextInput
          className="grow"
          aria-label="Name of the test"
          value={test.name}
          readOnly={readOnly}
          onChange={(event) => onChange({ ...test, name: event.currentTarget.value })}
        />
        <NativeSelect
          aria-label="What is expected"
          value={test.expect}
          disabled={readOnly}
          data={[
            { value: 'match', label: 'Matches' },
            { value: 'no_match', label: 'Does not match' },
          ]}
          onChange={(event) =>
            onChange({ ...test, expect: event.currentTarget.value === 'match' ? 'match' : 'no_match' })
          }
        />
        <strong className="small">{words[state]}</strong>
      </div>
      {result?.reason === undefined ? null : <p className="small">{printable(result.reason)}</p>}
      {result === undefined || result.matched.length === 0 ? null : (
        <p className="quiet small">
          {printable(
            result.matched.flatMap(({ fields }) => fields.map(({ field, value }) => `${field}: ${value}`)).join(' · '),
          )}
        </p>
      )}
      <JsonField<Pick<RuleTestDraft, 'event' | 'events'>>
        aria-label={test.events === undefined ? 'Event, as JSON' : 'Events, as JSON'}
        minRows={3}
        maxRows={14}
        readOnly={readOnly}
        value={test.events ?? test.event}
        read={readEvent}
        onChange={(read) => onChange({ ...testsIn([{ name: test.name, expect: test.expect }])[0], ...test, ...read })}
      />
      <div className="row small quiet">
        {test.origin === undefined ? null : <span>From event {test.origin}: erased with it.</span>}
        {readOnly ? null : (
          <button type="button" className="plain-button" onClick={onRemove}>
            Remove this test
          </button>
        )}
      </div>
    </div>
  );
}

/** One event, or a list of them; a sentence where it is neither. */
function readEvent(value: unknown): Pick<RuleTestDraft, 'event' | 'events'> | string {
  if (Array.isArray(value)) return { events: value, event: undefined };
  if (typeof value === 'object' && value !== null) return { event: value, events: undefined };
  return 'This is no event: it must be a JSON object';
}
