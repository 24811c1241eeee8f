import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { call } from '../../../api/call.ts';
import { Clock } from '../../../parts/clock.tsx';
import { LevelMark } from '../../../parts/level.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { trialQuery } from './exceptions-query.ts';
import type { ExceptionTrial } from './exceptions-query.ts';

const shownFindings = 20;

/** What an exception would have hidden of what was found, as far as was looked. */
export function TrialView({ id }: { readonly id: string }) {
  const { data: trial, error } = useQuery(trialQuery(id));
  const cancel = useMutation({ mutationFn: () => call('POST /v1/exceptions/trials/{id}/cancel', { params: { id } }) });
  if (trial === undefined) return error === null ? null : <ProblemNotice problem={error} />;
  if (trial.state === 'failed')
    return <Notice tone="bad" title={`It could not be tried: ${trial.reason ?? 'unknown'}`} />;
  return (
    <section aria-label="What it would have hidden" aria-live="polite" className="stack tight">
      <p>
        <strong>
          {trial.state === 'running' ? 'So far: would' : 'Would'} have hidden {trial.hidden} of{' '}
          {plural(trial.looked_at, 'finding')}
        </strong>{' '}
        of the last {plural(trial.days, 'day')}
        {trial.hidden === 0 ? '' : `, in ${plural(trial.hidden_alerts, 'alert')}`}.
        {trial.complete ? '' : ' Only the newest were looked at.'}
      </p>
      {trial.state === 'running' ? (
        <div className="row">
          <progress max={Math.max(1, trial.findings)} value={trial.looked_at} aria-label="How far the trial is" />
          <Button size="compact-sm" variant="default" onClick={() => cancel.mutate()}>
            Stop
          </Button>
        </div>
      ) : null}
      {trial.hidden_before === 0 ? null : (
        <p className="quiet small">
          Exceptions hid {plural(trial.hidden_before, 'further match', 'further matches')} of these rules in these days:
          it was not tried on them.
        </p>
      )}
      {trial.gone + trial.changed === 0 ? null : (
        <p className="quiet small">
          {trial.gone === 0 ? '' : `Of ${plural(trial.gone, 'finding')} the event is gone. `}
          {trial.changed === 0 ? '' : `${plural(trial.changed, 'finding')} would not be made any more.`}
        </p>
      )}
      {trial.would_hide.length === 0 ? null : <WouldHide trial={trial} />}
    </section>
  );
}

function WouldHide({ trial }: { readonly trial: ExceptionTrial }) {
  const more = trial.hidden - Math.min(shownFindings, trial.would_hide.length);
  return (
    <>
      <ul className="lines">
        {trial.would_hide.slice(0, shownFindings).map((one) => (
          <li key={one.finding}>
            <span className="line-main">
              <LevelMark level={one.level} />{' '}
              <Link href={`/alerts?open=${encodeURIComponent(one.alert_id)}`}>{printable(one.title)}</Link>{' '}
              <span className="quiet small">
                {[one.host, one.user].flatMap((name) => (name === undefined ? [] : [printable(name)])).join(' · ')}
                {one.disposition === 'true_positive' ? ' · judged an attack' : ''}
              </span>
            </span>
            <span className="quiet small">
              <Link href={`/search?open=${one.event}`}>{one.event}</Link> <Clock at={one.at} />
            </span>
          </li>
        ))}
      </ul>
      {more === 0 ? null : <p className="quiet small">And {more} more.</p>}
    </>
  );
}
