import { useMutation, useQueryClient } from '@tanstack/react-query';
import { eventQuery } from '../../../api/queries.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { testFromEvent } from './rule-test-draft.ts';
import type { RuleTestDraft } from './rule-test-draft.ts';

/** An event that is kept becomes a test, to be edited. */
export function MakeTest({
  position,
  onTest,
}: {
  readonly position: string;
  readonly onTest: (test: RuleTestDraft) => void;
}) {
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () => queries.query(eventQuery(position)),
    onSuccess: (event) => onTest(testFromEvent(position, event, `Event ${position}`)),
  });
  return (
    <>
      <button
        type="button"
        className="plain-button small"
        aria-label={`Make it a test: event ${position}`}
        disabled={make.isPending}
        onClick={() => make.mutate()}
      >
        Make it a test
      </button>
      {make.error === null ? null : <ProblemNotice problem={make.error} />}
    </>
  );
}
