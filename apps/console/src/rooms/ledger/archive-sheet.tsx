import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { ArchiveChecking } from './archive-checking.tsx';
import { archiveQuery } from './archive-query.ts';
import type { ArchiveOn } from './archive-query.ts';
import { verdictOf } from './archive-words.ts';
import { SetArchive } from './set-archive.tsx';

/** What of the ledger and its keys is kept elsewhere, how far, and whether it was found there as it was put. */
export function ArchiveSheet({ canChange }: { readonly canChange: boolean }) {
  const queries = useQueryClient();
  const { data, error, refetch, dataUpdatedAt } = useQuery(archiveQuery);
  const [isSetting, setSetting] = useState(false);
  const now = useMutation({
    mutationFn: () => call('POST /v1/archive/rounds', {}),
    onSuccess: (report) => queries.setQueryData(archiveQuery.queryKey, report),
  });
  const verdict = data === undefined ? undefined : verdictOf(data, dataUpdatedAt);
  return (
    <section className="sheet" aria-labelledby="archive">
      <div className="sheet-head">
        <h2 id="archive">Archive</h2>
        <span className="quiet small">the same blocks, elsewhere, locked</span>
        {canChange && data !== undefined ? (
          <span className="row">
            {data.on ? (
              <Button size="compact-sm" variant="default" loading={now.isPending} onClick={() => now.mutate()}>
                Archive now
              </Button>
            ) : null}
            <Button size="compact-sm" variant={data.on ? 'default' : 'filled'} onClick={() => setSetting(true)}>
              {data.on ? 'Change' : 'Set up an archive'}
            </Button>
          </span>
        ) : null}
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {now.error === null ? null : <ProblemNotice problem={now.error} />}
      {data === undefined && error === null ? <Loading heights={[60, 90]} /> : null}
      {data === undefined || verdict === undefined ? null : (
        <>
          <div role="status">
            <Notice tone={verdict.tone} title={verdict.title}>
              <p>{verdict.text}</p>
            </Notice>
          </div>
          {data.on ? <Kept report={data} canChange={canChange} /> : null}
          {isSetting ? <SetArchive report={data} onClose={() => setSetting(false)} /> : null}
        </>
      )}
    </section>
  );
}

function Kept({ report, canChange }: { readonly report: ArchiveOn; readonly canChange: boolean }) {
  return (
    <>
      <dl className="facts">
        <div>
          <dt>Place</dt>
          <dd className="mono">{report.place}</dd>
        </div>
        {report.logs.map(({ log, archived, entries }) => (
          <div key={log}>
            <dt>Log {log}</dt>
            <dd>
              {formatCount(archived)} of {formatCount(entries)} entries
              <div
                className="progress"
                role="progressbar"
                aria-label={`Log ${log} archived`}
                aria-valuenow={archived}
                aria-valuemin={0}
                aria-valuemax={entries}
              >
                <div style={{ width: `${entries === 0 ? 100 : (archived / entries) * 100}%` }} />
              </div>
            </dd>
          </div>
        ))}
        <div>
          <dt>Files</dt>
          <dd>
            {formatCount(report.files)}, {formatBytes(report.bytes)}
            {report.held === 0 ? '' : `; ${formatCount(report.held)} under legal hold`}
          </dd>
        </div>
        <div>
          <dt>Wrapped keys</dt>
          <dd>{report.vault === null ? 'none yet' : <Clock at={Date.parse(report.vault.at)} short={false} />}</dd>
        </div>
        <div>
          <dt>Each asked for</dt>
          <dd>
            {report.all_checked_since === null ? (
              'not yet'
            ) : (
              <>
                since <Clock at={Date.parse(report.all_checked_since)} short={false} />
              </>
            )}
            {report.never_read === 0 ? '' : `; ${formatCount(report.never_read)} not read back whole yet`}
          </dd>
        </div>
      </dl>
      {report.troubled.length === 0 ? null : (
        <ul className="lines" aria-label="Files that are not as kept">
          {report.troubled.map(({ name, problem }) => (
            <li key={name}>
              <strong className="bad">{problem}</strong>
            </li>
          ))}
        </ul>
      )}
      <ArchiveChecking check={report.verification} canChange={canChange} />
      <details className="fold">
        <summary>What this does not promise</summary>
        <ul className="plain-points">
          {report.not_promised.map((gap) => (
            <li key={gap}>{gap}.</li>
          ))}
          <li>
            Only sealed blocks are there. When keys are destroyed here, what they sealed is closed in the archive too,
            except to somebody who has both an older copy of the wrapped keys and that epoch’s master key.
          </li>
        </ul>
      </details>
    </>
  );
}

function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}
