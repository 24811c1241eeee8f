import { Button, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Clock } from '../../../parts/clock.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { roleName } from '../../../parts/role-name.ts';
import { SidePanel } from '../../../parts/side-panel.tsx';
import { RoleBrings } from './ask-dialog.tsx';
import { requestQuery } from './privileges-query.ts';
import type { RequestDetails } from './privileges-query.ts';
import { partWords, span, stateWords } from './request-words.ts';
import { ReviewGrant } from './review-grant.tsx';
import { useRequestAction } from './use-request-action.ts';

/** All that whoever decides should see before they do: what it brings, who asks, from where, how they are, and what was before. */
export function RequestPanel({
  id,
  mine,
  canEnd,
  onClose,
}: {
  readonly id: string;
  readonly mine: string;
  readonly canEnd: boolean;
  readonly onClose: () => void;
}) {
  const { data, error } = useQuery(requestQuery(id));
  const title = data === undefined ? 'Request' : `${partWords(data)} for ${span(data.minutes)}`;
  return (
    <SidePanel title={title} label={`Request ${title}`} onClose={onClose}>
      {error === null ? null : <ProblemNotice problem={error} />}
      {data === undefined ? (
        <Loading heights={[60, 120]} />
      ) : (
        <div className="stack">
          <p className="privilege-reason">“{printable(data.reason)}”</p>
          <p className="small">
            {printable(data.requester.name)}, <Clock at={data.asked_at} /> · {stateWords(data)}
          </p>
          <Warnings request={data} />
          <section className="stack tight" aria-label="What it adds">
            <h3>What it adds</h3>
            <p className="small">
              {data.actions === null ? 'The whole role ' : 'Only this, of what the role brings: '}
              {data.role_name},{' '}
              {data.site === null ? 'everywhere' : <>at the site “{printable(data.site)}” and nowhere else</>}.
            </p>
            <RoleBrings adds={data.adds} dangerous={data.dangerous} needed={data.needed} />
          </section>
          {data.kind === 'break-glass' ? null : <WhoAsks request={data} />}
          <Decisions request={data} />
          {data.requester.id === mine ? null : <Decide request={data} canEnd={canEnd} />}
          {data.started_at === null ? null : <ReviewGrant request={data} />}
          <Earlier request={data} />
        </div>
      )}
    </SidePanel>
  );
}

function Warnings({ request }: { readonly request: RequestDetails }) {
  const { state, approvers, needed, from, risk_now: risk } = request;
  return (
    <>
      {state === 'pending' && approvers.length < needed ? (
        <Notice tone="warn" title={`It needs ${needed} people, and ${approvers.length} may approve it`}>
          <p>Give somebody else a role that may, under Rules, or the break-glass account is the way.</p>
        </Notice>
      ) : null}
      {risk !== null && risk >= 70 && state === 'pending' ? (
        <Notice tone="warn" title={`Their risk is ${risk} of 100`}>
          <p>
            {request.risk_reasons.length === 0 ? 'Ask them first.' : request.risk_reasons.map(printable).join(' · ')}
          </p>
        </Notice>
      ) : null}
      {from.unusual.includes('address') ? (
        <Notice tone="warn" title="Taken up from another network than it was asked for from" />
      ) : null}
    </>
  );
}

function WhoAsks({ request }: { readonly request: RequestDetails }) {
  const { from } = request;
  return (
    <section className="stack tight" aria-label="Who asks, and from where">
      <h3>Who asks, and from where</h3>
      <dl className="facts">
        <dt>Own roles</dt>
        <dd>
          {[
            ...request.own_roles.map(roleName),
            ...request.own_site_roles.map(({ role, site }) => `${roleName(role)} at ${printable(site)}`),
          ].join(', ') || 'none'}
        </dd>
        <dt>Address</dt>
        <dd>{printable(from.address)}</dd>
        <dt>Browser</dt>
        <dd>{printable(from.agent)}</dd>
        <dt>Browser key</dt>
        <dd>
          {from.device === null ? (
            'none: bound to the session alone'
          ) : (
            <>
              <code>{from.device.slice(0, 12)}</code>{' '}
              {from.new_device ? <span className="chip">new</span> : 'used before'}
            </>
          )}
        </dd>
        <dt>Signed in</dt>
        <dd>
          <Clock at={from.signed_in_at} />{' '}
          {['', 'with one factor', 'with two factors', 'with a passkey'][from.assurance]}
        </dd>
        <dt>Risk</dt>
        <dd>
          {request.risk_now === null ? 'not known' : `${request.risk_now} of 100`}
          {request.risk_then === null || request.risk_then === request.risk_now
            ? ''
            : `, ${request.risk_then} when asked`}
        </dd>
      </dl>
    </section>
  );
}

function Decisions({ request }: { readonly request: RequestDetails }) {
  const said = request.decisions.filter(({ kind }) => kind !== 'review');
  if (said.length === 0) return null;
  return (
    <section className="stack tight" aria-label="Who decided">
      <h3>Who decided</h3>
      <ul className="plain-points">
        {said.map(({ by, at, kind, note }) => (
          <li key={`${kind} ${by}`}>
            {printable(by)} {kind === 'approve' ? 'approved' : 'denied'} <Clock at={at} />
            {note === '' ? '' : `: ${printable(note)}`}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Decide({ request, canEnd }: { readonly request: RequestDetails; readonly canEnd: boolean }) {
  const act = useRequestAction();
  const [note, setNote] = useState('');
  const isOpen = request.state === 'pending' || request.state === 'approved';
  const mayDecide = request.may_decide && isOpen;
  const mayEnd = request.state === 'active' && (canEnd || request.may_decide);
  if (!mayDecide && !mayEnd) return null;
  return (
    <section className="stack" aria-label="Decide">
      <Textarea
        label="A note"
        description="May be empty; whoever asked reads it"
        autosize
        minRows={1}
        maxLength={1000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      {act.error === null ? null : <ProblemNotice problem={act.error} />}
      <div className="row">
        {mayDecide && request.state === 'pending' ? (
          <Button loading={act.isPending} onClick={() => act.mutate({ id: request.id, action: 'approve', note })}>
            Approve
          </Button>
        ) : null}
        {mayDecide ? (
          <Button
            variant="default"
            loading={act.isPending}
            onClick={() => act.mutate({ id: request.id, action: 'deny', note })}
          >
            Deny
          </Button>
        ) : null}
        {mayEnd ? (
          <Button
            color="red"
            loading={act.isPending}
            onClick={() => act.mutate({ id: request.id, action: 'end', note })}
          >
            End it now
          </Button>
        ) : null}
      </div>
    </section>
  );
}

function Earlier({ request }: { readonly request: RequestDetails }) {
  if (request.earlier.length === 0) return <p className="small quiet">They asked for nothing before.</p>;
  return (
    <section className="stack tight" aria-label="What they asked for before">
      <h3>Before</h3>
      <ul className="plain-points small">
        {request.earlier.slice(0, 8).map((one) => {
          const review = one.decisions.find(({ kind }) => kind === 'review');
          return (
            <li key={one.id}>
              <Clock at={one.asked_at} />: {one.role_name}, {stateWords(one).toLowerCase()}
              {review === undefined
                ? ''
                : review.verdict === 'concern'
                  ? '; its review raised a concern'
                  : '; its use was found proper'}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
