import { IconCircleCheck, IconHourglass } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { keyTitle } from '../keys/key-words.ts';
import { forgottenWords } from './class-words.ts';
import { erasedQuery } from './retention-query.ts';
import type { Retention } from './retention-query.ts';

/** What was erased, with the receipts of everybody who kept copies; and what is on its way. */
export function ErasedDays({
  expiries,
  onOpenIntent,
}: {
  readonly expiries: Retention['expiries'];
  readonly onOpenIntent: (id: string) => void;
}) {
  const { data, error, refetch } = useQuery(erasedQuery);
  const underWay = expiries.filter(({ stage }) => !['destroyed', 'cancelled', 'emptied'].includes(stage));
  return (
    <section className="sheet" aria-labelledby="erased">
      <div className="sheet-head">
        <h2 id="erased">Erased so far</h2>
        <span className="quiet small">and who has forgotten it</span>
      </div>
      {underWay.map((batch) => (
        <p key={batch.id}>
          <button type="button" className="plain-button" onClick={() => onOpenIntent(batch.id)}>
            {plural(batch.labels.length, 'key')} past their time
          </button>{' '}
          <span className="quiet small">{batch.obstacles.map((text) => printable(text)).join('. ')}</span>
        </p>
      ))}
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[44]} /> : null}
      {data?.erased.length === 0 ? (
        <p className="quiet">
          Nothing yet. Days past their time stand here, each with who kept copies and forgot them.
        </p>
      ) : null}
      {data === undefined || data.erased.length === 0 ? null : (
        <ul className="lines" aria-label="Erased days">
          {data.erased.map((day) => {
            const { isDone, text } = forgottenWords(day);
            const Icon = isDone ? IconCircleCheck : IconHourglass;
            return (
              <li key={day.key_id}>
                <span className="line-main">
                  <span className="line-name">
                    {keyTitle({ level: 'data', version: 1, purpose: undefined, label: day.label })}
                  </span>
                  <span className="small quiet">
                    {plural(day.events, 'entry', 'entries')}, <Clock at={day.destroyed_at} short={false} /> ·{' '}
                    {printable(text)}
                  </span>
                </span>
                <span className={`state-mark ${isDone ? 'good' : 'warn'}`}>
                  <Icon size={16} stroke={1.8} aria-hidden="true" /> {isDone ? 'Forgotten' : 'Under way'}
                </span>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
