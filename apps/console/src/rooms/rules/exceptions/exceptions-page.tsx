import { Button } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import type { Me } from '../../../api/queries.ts';
import { rulesQuery } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { Clock } from '../../../parts/clock.tsx';
import { EmptyRoom } from '../../../parts/empty-room.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { formatCompact } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { RoomHead } from '../../../parts/room-head.tsx';
import { alertQuery } from '../../alerts/alerts-query.ts';
import { ChangeException } from './change-exception.tsx';
import { ExceptionForm } from './exception-form.tsx';
import { ExceptionPanel } from './exception-panel.tsx';
import { exceptionsQuery, hintWords, stateWords } from './exceptions-query.ts';
import type { ListedException } from './exceptions-query.ts';
import { conditionOf, suggestionsOf } from './propose-condition.ts';

/** Matches that are known and harmless, hidden until a day: what there is, what it hid, and how to make one. */
export function ExceptionsPage({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const { data, error, refetch } = useQuery(exceptionsQuery);
  const open = get('open');
  const from = get('alert');
  const isMaking = may(me, 'rules:manage') && (from !== undefined || get('new') !== undefined);
  const edited = may(me, 'rules:manage') && !isMaking ? get('change') : undefined;
  const leave = { alert: undefined, new: undefined };
  return (
    <div className="room-inner">
      <RoomHead title="Exceptions" lead="What rules find that is known and harmless, hidden until a day.">
        {may(me, 'rules:manage') && !isMaking ? (
          <Button onClick={() => change({ new: '1', open: undefined, change: undefined })}>Make an exception</Button>
        ) : null}
      </RoomHead>
      {isMaking ? (
        <MakeException
          key={from ?? 'new'}
          alerts={from?.split(',').slice(0, 20) ?? []}
          me={me}
          onSaved={(id) => change({ ...leave, open: id })}
          onCancel={() => change(leave)}
        />
      ) : null}
      {edited === undefined ? null : (
        <ChangeException key={edited} id={edited} me={me} onDone={() => change({ change: undefined, open: edited })} />
      )}
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[220]} /> : null}
      {data?.exceptions.length === 0 && !isMaking ? (
        <div className="sheet">
          <EmptyRoom title="No exceptions">
            An alert that is always about the same harmless thing: open it, make an exception, and see what it would
            have hidden before it is saved.
          </EmptyRoom>
        </div>
      ) : null}
      <div className="with-panel" data-open={open !== undefined}>
        {data === undefined || data.exceptions.length === 0 ? null : (
          <ExceptionTable exceptions={data.exceptions} open={open} onOpen={(id) => change({ open: id })} />
        )}
        {open === undefined ? null : (
          <ExceptionPanel
            key={open}
            id={open}
            me={me}
            onClose={() => change({ open: undefined })}
            onChange={() => change({ open: undefined, change: open, new: undefined, alert: undefined })}
          />
        )}
      </div>
    </div>
  );
}

/** From alerts: the condition is what is the same in all of them. */
function MakeException({
  alerts,
  me,
  onSaved,
  onCancel,
}: {
  readonly alerts: readonly string[];
  readonly me: Me;
  readonly onSaved: (id: string) => void;
  readonly onCancel: () => void;
}) {
  const asked = useQueries({ queries: alerts.map((id) => alertQuery(id)) });
  const failed = asked.find(({ error }) => error !== null);
  if (failed !== undefined) return <ProblemNotice problem={failed.error} />;
  const known = asked.flatMap(({ data }) => (data === undefined ? [] : [data]));
  if (known.length < alerts.length) return <Loading heights={[320]} />;
  const suggestions = suggestionsOf(known);
  return (
    <ExceptionForm
      draft={{
        name: known[0] === undefined ? '' : `Known: ${printable(known[0].title)}`.slice(0, 200),
        rules: [...new Set(known.map((alert) => alert.rule_id))],
        suggestions,
        condition: conditionOf(suggestions),
      }}
      me={me}
      onSaved={({ id }) => onSaved(id)}
      onCancel={onCancel}
    />
  );
}

function ExceptionTable({
  exceptions,
  open,
  onOpen,
}: {
  readonly exceptions: readonly ListedException[];
  readonly open: string | undefined;
  readonly onOpen: (id: string) => void;
}) {
  const { data } = useQuery(rulesQuery);
  const titles = new Map(data?.rules.map(({ id, title }) => [id, title]));
  return (
    <div className="sheet flush exception-table">
      <div className="table-wrap" tabIndex={0} role="region" aria-label="Exceptions">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">Exception</th>
              <th scope="col">State</th>
              <th scope="col">Rules</th>
              <th scope="col">Hidden, 30 days</th>
              <th scope="col">In all</th>
              <th scope="col">Until</th>
            </tr>
          </thead>
          <tbody>
            {exceptions.map((one) => (
              <tr key={one.id} aria-current={one.id === open ? 'true' : undefined}>
                <td>
                  <button type="button" className="plain-button" onClick={() => onOpen(one.id)}>
                    {printable(one.current?.name ?? one.id)}
                  </button>
                  {one.hints.map((hint) => (
                    <div key={hint} className="small">
                      ▲ {hintWords[hint]}
                    </div>
                  ))}
                </td>
                <td className="one-line">{stateWords[one.state]}</td>
                <td className="small">{rulesText(one, titles)}</td>
                <td>{formatCompact(one.hidden_30d)}</td>
                <td>{formatCompact(one.hidden)}</td>
                <td className="one-line">
                  {one.state !== 'active' && one.state !== 'proposed' ? (
                    '–'
                  ) : one.current?.expires === undefined ? (
                    'Never ends'
                  ) : (
                    <Clock at={one.current.expires} short={false} />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function rulesText({ current }: ListedException, titles: ReadonlyMap<string, string>): string {
  if (current === undefined) return '';
  if (current.all_rules) return 'All rules';
  return current.rules.map((id) => printable(titles.get(id) ?? id)).join(', ');
}
