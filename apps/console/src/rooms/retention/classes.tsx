import { Checkbox } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { Notice } from '../../parts/notice.tsx';
import { plural } from '../../parts/numbers.ts';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { formatBytes } from '../../parts/span.ts';
import { ChangeClass } from './change-class.tsx';
import { ClassRow } from './class-row.tsx';
import { endlessWords, profileWords } from './class-words.ts';
import { ErasedDays } from './erased-days.tsx';
import { retentionNextSteps } from './next-steps.ts';
import { retentionQuery } from './retention-query.ts';
import type { Profile, Retention, RetentionClass } from './retention-query.ts';
import { SourceClasses } from './source-classes.tsx';

const profiles: readonly Profile[] = ['cert-in', 'dpdp'];
/** What the longest belt stands for where everything is kept for ever. */
const yearDays = 365;

/** How long everything is kept, as belts; what the law wants; which source belongs where; what was erased. */
export function Classes({
  retention,
  canManage,
  onOpenIntent,
}: {
  readonly retention: Retention;
  readonly canManage: boolean;
  readonly onOpenIntent: (id: string) => void;
}) {
  const [changing, setChanging] = useState<RetentionClass>();
  const { classes, clock, recordings } = retention;
  const today = clock.ledger_time.slice(0, 10);
  const endless = classes.filter(({ keep_days: days }) => days === null);
  const longestDays = Math.max(yearDays, ...classes.map(({ keep_days: days }) => days ?? 0));
  return (
    <>
      <section className="sheet" aria-labelledby="keepings">
        <div className="sheet-head">
          <h2 id="keepings">How long each class is kept</h2>
          <span className="quiet small">
            days by the ledger’s time, <Clock at={clock.ledger_time} short={false} />,{' '}
            {clock.evidence === 'witnesses' ? 'vouched for by witnesses' : 'counted while this server runs'}
          </span>
        </div>
        {endless.length === 0 ? null : (
          <Notice title={endlessWords(endless, classes.length).title}>
            <p>{endlessWords(endless, classes.length).text}</p>
          </Notice>
        )}
        <ul className="class-rows" aria-label="Classes">
          {classes.map((one) => (
            <ClassRow
              key={one.name}
              of={one}
              today={today}
              longestDays={longestDays}
              onOpenIntent={onOpenIntent}
              {...(canManage ? { onChange: () => setChanging(one) } : {})}
            />
          ))}
          {recordings === null ? null : (
            <li className="class-row">
              <div className="row spread">
                <span>
                  <strong className="class-name">recordings</strong>{' '}
                  <span className="quiet small">Pictures and sound of cameras; set for each camera under Live</span>
                </span>
                <span className="class-days">{plural(recordings.keep_days, 'day')}</span>
              </div>
              <p className="small quiet">
                {formatBytes(recordings.used_bytes)} of {formatBytes(recordings.bytes)} taken
              </p>
            </li>
          )}
        </ul>
      </section>
      <section className="sheet" aria-labelledby="laws">
        <div className="sheet-head">
          <h2 id="laws">The least that may be chosen</h2>
          <span className="quiet small">the longest minimum decides; none of these lets anything expire</span>
        </div>
        <Profiles chosen={retention.profiles} canManage={canManage} />
      </section>
      <SourceClasses retention={retention} canManage={canManage} />
      <ErasedDays expiries={retention.expiries} onOpenIntent={onOpenIntent} />
      {changing === undefined ? null : (
        <ChangeClass of={changing} onWaits={onOpenIntent} onClose={() => setChanging(undefined)} />
      )}
    </>
  );
}

function Profiles({ chosen, canManage }: { readonly chosen: readonly Profile[]; readonly canManage: boolean }) {
  const queries = useQueryClient();
  const set = useMutation({
    mutationFn: (wanted: readonly Profile[]) =>
      call('PUT /v1/retention/profiles', { body: { profiles: wanted }, purpose: 'say which laws hold here' }),
    onSettled: () => queries.invalidateQueries({ queryKey: retentionQuery.queryKey }),
  });
  const shown = set.isPending ? set.variables : chosen;
  return (
    <div className="stack tight">
      {profiles.map((profile) => (
        <Checkbox
          key={profile}
          label={profileWords[profile].name}
          description={profileWords[profile].minimum}
          checked={shown.includes(profile)}
          disabled={!canManage || set.isPending}
          onChange={(event) =>
            set.mutate(event.currentTarget.checked ? [...chosen, profile] : chosen.filter((other) => other !== profile))
          }
        />
      ))}
      {set.error === null ? null : <ProblemWithStep problem={set.error} nextSteps={retentionNextSteps} />}
    </div>
  );
}
