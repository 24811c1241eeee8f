import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { call } from '../../../api/call.ts';
import type { Me } from '../../../api/queries.ts';
import { rulesQuery } from '../../../api/queries.ts';
import { may } from '../../../app/rooms.ts';
import { Clock } from '../../../parts/clock.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { ReasonDialog } from '../../../parts/reason-dialog.tsx';
import { SidePanel } from '../../../parts/side-panel.tsx';
import { exceptionQuery, exceptionsKey, hintWords, stateWords } from './exceptions-query.ts';
import type { DetailedException } from './exceptions-query.ts';

/** What an exception says, who made it, what it hid, and how to end it. */
export function ExceptionPanel({
  id,
  me,
  onClose,
  onChange,
}: {
  readonly id: string;
  readonly me: Me;
  readonly onClose: () => void;
  readonly onChange: () => void;
}) {
  const { data: exception, error, refetch } = useQuery(exceptionQuery(id));
  if (exception === undefined)
    return (
      <SidePanel title="Exception" label={`Exception ${id}`} onClose={onClose}>
        {error === null ? (
          <Loading heights={[120, 160]} />
        ) : (
          <ProblemNotice problem={error} retry={() => void refetch()} />
        )}
      </SidePanel>
    );
  const { current, hints, state, withdrawn } = exception;
  return (
    <SidePanel
      title={printable(current?.name ?? 'Exception')}
      label={`Exception ${id}`}
      onClose={onClose}
      above={<span className="quiet small">{stateWords[state]}</span>}
    >
      {hints.map((hint) => (
        <Notice key={hint} tone="warn" title={hintWords[hint]} />
      ))}
      {may(me, 'rules:manage') && (state === 'active' || state === 'proposed') ? (
        <Actions exception={exception} onChange={onChange} />
      ) : null}
      {withdrawn === undefined ? null : (
        <p>
          Withdrawn by {printable(withdrawn.by.name)}, <Clock at={withdrawn.at} />: “{printable(withdrawn.reason)}”
        </p>
      )}
      <section aria-labelledby="hidden">
        <h3 id="hidden">What it hid</h3>
        <p>
          {plural(exception.hidden, 'match', 'matches')}
          {exception.last_hidden === undefined ? '' : ', the last '}
          {exception.last_hidden === undefined ? null : <Clock at={exception.last_hidden} />}.
          {current?.tried === undefined
            ? ' It was not tried before it was saved.'
            : ` Tried on ${plural(current.tried.days, 'day')} before, it would have hidden ${current.tried.hidden} of ${current.tried.of}.`}
        </p>
        {exception.newest_hidden.length === 0 ? null : (
          <ul className="lines">
            {exception.newest_hidden.map((one) => (
              <li key={`${one.event}-${one.rule_id}`}>
                <span className="line-main">
                  <Link href={`/search?open=${one.event}`}>{one.event}</Link>
                </span>
                <span className="quiet small">
                  <Clock at={one.at} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </section>
      {exception.versions.map((version) => (
        <Version key={version.version} version={version} isOnly={exception.versions.length === 1} />
      ))}
    </SidePanel>
  );
}

function Version({
  version,
  isOnly,
}: {
  readonly version: DetailedException['versions'][number];
  readonly isOnly: boolean;
}) {
  const { rules, host, user, site } = version;
  const { data } = useQuery(rulesQuery);
  const titles = new Map(data?.rules.map(({ id, title }) => [id, title]));
  return (
    <section aria-label={`Version ${version.version}`}>
      <h3>{isOnly ? 'What it says' : `Version ${version.version}`}</h3>
      <p>“{printable(version.reason)}”</p>
      <p className="quiet small">
        {printable(version.by.name)}, <Clock at={version.made} />
        {version.approved_by === undefined ? '' : ` · approved by ${printable(version.approved_by.name)}`}
        {version.expires === undefined ? ' · never ends' : ' · until '}
        {version.expires === undefined ? null : <Clock at={version.expires} short={false} />}
      </p>
      <ul className="lines">
        {version.all_rules ? <li>All rules</li> : null}
        {rules.map((rule) => (
          <li key={rule}>
            <Link href={`/alerts?rule=${encodeURIComponent(rule)}`}>{printable(titles.get(rule) ?? rule)}</Link>
          </li>
        ))}
      </ul>
      <pre className="mono small exception-condition">
        {version.condition.split('\n').map(printable).join('\n').trimEnd()}
      </pre>
      {[
        ['host', host],
        ['user', user],
        ['site', site],
      ].flatMap(([name, value]) =>
        value === undefined
          ? []
          : [
              <p key={name} className="small">
                Only {name} <code>{printable(value)}</code>
              </p>,
            ],
      )}
    </section>
  );
}

function Actions({ exception, onChange }: { readonly exception: DetailedException; readonly onChange: () => void }) {
  const queries = useQueryClient();
  const [isEnding, setEnding] = useState(false);
  const { id, revision } = exception;
  const onSettled = () => queries.invalidateQueries({ queryKey: exceptionsKey });
  const approve = useMutation({
    mutationFn: () => call('POST /v1/exceptions/{id}/approve', { params: { id }, body: { revision } }),
    onSettled,
  });
  const withdraw = useMutation({
    mutationFn: (reason: string) =>
      call('POST /v1/exceptions/{id}/withdraw', { params: { id }, body: { revision, reason } }),
    onSuccess: () => setEnding(false),
    onSettled,
  });
  return (
    <div className="stack tight">
      <div className="row">
        {exception.state === 'proposed' ? (
          <Button loading={approve.isPending} onClick={() => approve.mutate()}>
            Approve
          </Button>
        ) : null}
        <Button variant="default" onClick={onChange}>
          Change…
        </Button>
        <Button variant="default" onClick={() => setEnding(true)}>
          Withdraw…
        </Button>
      </div>
      {exception.state === 'proposed' ? (
        <p className="quiet small">
          It may hide findings about whoever made it: it hides nothing until somebody else approves it.
        </p>
      ) : null}
      {approve.error === null ? null : <ProblemNotice problem={approve.error} />}
      {isEnding ? (
        <ReasonDialog
          title={`Withdraw “${printable(exception.current?.name ?? id)}”`}
          points={[
            'Events received from now on are told again.',
            'What it hid stays hidden: the events are in the ledger.',
          ]}
          confirm="Withdraw"
          isPending={withdraw.isPending}
          problem={withdraw.error === null ? null : <ProblemNotice problem={withdraw.error} />}
          onConfirm={(reason) => withdraw.mutate(reason)}
          onClose={() => setEnding(false)}
        />
      ) : null}
    </div>
  );
}
