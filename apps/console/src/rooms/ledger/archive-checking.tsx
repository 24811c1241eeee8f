import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { formatCount, plural } from '../../parts/numbers.ts';
import { archiveQuery } from './archive-query.ts';
import type { ArchiveCheck } from './archive-query.ts';

/** Asks the store for every file anew; goes on and is found again when the room was left. */
export function ArchiveChecking({
  check,
  canChange,
}: {
  readonly check: ArchiveCheck | null;
  readonly canChange: boolean;
}) {
  const queries = useQueryClient();
  const start = useMutation({
    mutationFn: (deep: boolean) => call('POST /v1/archive/verifications', { body: { deep } }),
    onSuccess: (report) => queries.setQueryData(archiveQuery.queryKey, report),
  });
  const isRunning = check?.state === 'running';
  return (
    <div className="stack tight">
      <div role="status">{check === null ? null : <Outcome check={check} />}</div>
      {start.error === null ? null : <ProblemNotice problem={start.error} />}
      {canChange ? (
        <div className="row">
          <Button
            size="compact-sm"
            variant="default"
            disabled={isRunning}
            loading={start.isPending && !start.variables}
            onClick={() => start.mutate(false)}
          >
            Check every file
          </Button>
          <Button
            size="compact-sm"
            variant="subtle"
            disabled={isRunning}
            loading={start.isPending && start.variables}
            onClick={() => start.mutate(true)}
          >
            Read every byte back
          </Button>
        </div>
      ) : null}
    </div>
  );
}

function Outcome({ check }: { readonly check: ArchiveCheck }) {
  if (check.state === 'running')
    return (
      <>
        <p className="small">
          {formatCount(check.done)} of {formatCount(check.total)} files asked for
        </p>
        <div
          className="progress"
          role="progressbar"
          aria-label="Files checked"
          aria-valuenow={check.done}
          aria-valuemin={0}
          aria-valuemax={check.total}
        >
          <div style={{ width: `${check.total === 0 ? 0 : (check.done / check.total) * 100}%` }} />
        </div>
      </>
    );
  const at = check.ended_at === null ? null : <Clock at={Date.parse(check.ended_at)} short={false} />;
  if (check.state === 'failed')
    return (
      <p className="small bad">
        The check did not get to its end ({at}): {check.error}
      </p>
    );
  const read = check.deep ? ', every byte of them read back' : ', by their sums, versions and locks';
  return (
    <p className={check.problems.length === 0 ? 'small good' : 'small bad'}>
      {check.problems.length === 0
        ? `All ${plural(check.done, 'file')} are as they were kept${read}`
        : `${formatCount(check.problems.length)} of ${plural(check.done, 'file')} are not as they were kept`}{' '}
      ({at}){check.unknown === 0 ? '' : `. ${plural(check.unknown, 'file')} there are not of this server`}
    </p>
  );
}
