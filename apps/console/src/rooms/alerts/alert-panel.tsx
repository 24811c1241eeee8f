import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { Link } from 'wouter';
import type { AlertDetails, Me } from '../../api/queries.ts';
import { rulesQuery } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { Chip } from '../../parts/chip.tsx';
import { Clock } from '../../parts/clock.tsx';
import { LevelMark } from '../../parts/level.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { SidePanel } from '../../parts/side-panel.tsx';
import { Seal } from '../../seal/seal.tsx';
import { SealCard } from '../../seal/seal-card.tsx';
import { formatTerm } from '../search/query-terms.ts';
import { alertQuery } from './alerts-query.ts';
import { playAddress } from '../live/camera-queries.ts';
import { AlertPicture } from './alert-picture.tsx';
import { Comments } from './comments.tsx';
import { InputEvent } from './input-event.tsx';
import { RelatedEvent } from './related-event.tsx';
import { SignInFacts } from './sign-in-facts.tsx';
import { stateWords } from './state-words.ts';
import { Triage } from './triage.tsx';

const AroundAlert = lazy(async () => ({ default: (await import('./around/around-alert.tsx')).AroundAlert }));

/** Why it fired: facts first, then what to do, then the event, then raw. */
export function AlertPanel({
  id,
  me,
  onClose,
}: {
  readonly id: string;
  readonly me: Me;
  readonly onClose: () => void;
}) {
  const { data: alert, error, refetch } = useQuery(alertQuery(id));
  const { data: rules } = useQuery(rulesQuery);
  if (alert === undefined) {
    return (
      <SidePanel title="Alert" label={`Alert ${id}`} onClose={onClose}>
        {error === null ? (
          <Loading heights={[88, 160, 120]} />
        ) : (
          <ProblemNotice problem={error} retry={() => void refetch()} />
        )}
      </SidePanel>
    );
  }
  const rule = rules?.rules.find((known) => known.id === alert.rule_id);
  return (
    <SidePanel
      title={printable(alert.title)}
      label={`Alert ${id}`}
      onClose={onClose}
      above={
        <div className="row">
          <LevelMark level={alert.level} />
          <span className="quiet small">
            {stateWords[alert.state]} ·{' '}
            {alert.count === 1 ? null : (
              <>
                first <Clock at={alert.first_seen_at} />, last{' '}
              </>
            )}
            <Clock at={alert.last_seen_at} /> · no. {alert.number}
          </span>
          <span className="quiet small">
            Priority <strong className="number">{alert.priority}</strong>: {alert.priority_words}
          </span>
        </div>
      }
    >
      {may(me, 'alerts:write') ? <Triage alert={alert} me={me} /> : null}
      <AlertPicture alert={alert} me={me} />
      <section aria-labelledby="why">
        <h3 id="why">Why it fired</h3>
        <p>
          Rule <Chip kind="rule" value={rule?.title ?? alert.title} query={formatTerm('rule', alert.rule_id)} /> matched{' '}
          {alert.matched.length === 0 ? 'this event.' : 'because of these fields:'}
        </p>
        {alert.matched.length === 0 ? null : (
          <dl className="facts matched">
            {alert.matched.map(({ field, value }) => (
              <div key={`${field}-${value}`}>
                <dt>{printable(field)}</dt>
                <dd className="mono">{printable(value)}</dd>
              </div>
            ))}
          </dl>
        )}
        <SignInFacts position={alert.input} />
        <EntityChips alert={alert} />
        {alert.agent === undefined ? null : <AgentOfAlert agent={alert.agent} session={alert.agent_session} me={me} />}
        {rule?.description === undefined ? null : <p className="quiet">{rule.description}</p>}
        {rule === undefined ? null : (
          <p className="quiet small">
            <code>{rule.file}</code>
            {rule.tags.length === 0
              ? ''
              : ` · ${rule.tags.filter((tag) => /^(?:attack|atlas)\./.test(tag)).join(' · ')}`}
          </p>
        )}
      </section>
      {alert.response === null ? null : (
        <section aria-labelledby="what-to-do">
          <h3 id="what-to-do">What to do</h3>
          <p>{printable(alert.response)}</p>
        </section>
      )}
      <Suspense fallback={<Loading heights={[300]} />}>
        <AroundAlert id={alert.id} me={me} />
      </Suspense>
      <SealCard position={alert.finding} alert={alert.id} />
      <InputEvent position={alert.input} />
      <Repeats alert={alert} mayLook={may(me, 'cameras:read')} />
      {alert.related.length === 0 ? null : (
        <section aria-labelledby="related">
          <h3 id="related">Counted together</h3>
          <p className="quiet small">
            This rule fires on several events within a time: these {alert.related.length + 1}, the last one above.
          </p>
          <ul className="lines">
            {[...alert.related, alert.input].map((position) => (
              <RelatedEvent key={position} position={position} />
            ))}
          </ul>
        </section>
      )}
      <Comments alert={alert} canWrite={may(me, 'alerts:write')} />
    </SidePanel>
  );
}

/** Leads to all events of an entity, and to its other alerts. */
function EntityChips({ alert }: { readonly alert: AlertDetails }) {
  const { host, user, source, process, identity, account, region, agent } = alert;
  const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  return (
    <>
      <div className="row">
        {host === undefined ? null : <Chip kind="host" value={host} query={`host:${quoted(host)}`} />}
        {user === undefined ? null : <Chip kind="user" value={user} query={`user:${quoted(user)}`} />}
        {source === undefined ? null : <Chip kind="entry" value={source} query={quoted(source)} />}
        {process === undefined ? null : <Chip kind="entry" value={process} query={`process:${quoted(process)}`} />}
        {agent === undefined ? null : <Chip kind="entry" value={`agent ${agent}`} query={quoted(agent)} />}
      </div>
      {identity === undefined ? null : (
        <p className="small quiet">
          {printable(identity)}
          {account === undefined ? '' : ` · account ${printable(account)}`}
          {region === undefined ? '' : ` · ${printable(region)}`}
        </p>
      )}
      {host === undefined ? null : (
        <p className="small">
          <Link href={`/alerts?host=${encodeURIComponent(host)}`}>
            Other alerts of this {alert.camera === undefined ? 'host' : 'camera'}
          </Link>
        </p>
      )}
    </>
  );
}

/** The agent it is about and the run it happened in, for whoever may see them; a sub-agent's session stands under its run's. */
function AgentOfAlert({
  agent,
  session,
  me,
}: {
  readonly agent: string;
  readonly session: string | undefined;
  readonly me: Me;
}) {
  const of = `agent=${encodeURIComponent(agent)}`;
  const run = session?.split('/')[0];
  return (
    <p className="row small">
      {may(me, 'agents:read') ? <Link href={`/agents?${of}`}>The agent</Link> : null}
      {may(me, 'agents:read') && run !== undefined ? (
        <Link href={`/agents?${of}&run=${encodeURIComponent(run)}`}>The run it happened in</Link>
      ) : null}
      <Link href={`/alerts?${of}`}>Other alerts of this agent</Link>
    </p>
  );
}

/** What it stands for, when that is more than one finding. */
function Repeats({ alert, mayLook }: { readonly alert: AlertDetails; readonly mayLook: boolean }) {
  if (alert.count === 1) return null;
  return (
    <section aria-labelledby="repeats">
      <h3 id="repeats">{plural(alert.count, 'finding')}</h3>
      <p className="quiet small">
        The same rule about the same entity, from <Clock at={alert.first_seen_at} /> to{' '}
        <Clock at={alert.last_seen_at} />. {alert.count > alert.findings.length ? 'The newest of them:' : ''}
      </p>
      <ul className="lines">
        {alert.findings.slice(0, 10).map(({ position, input, at }) => (
          <li key={position}>
            <span className="line-main">
              <Link href={`/search?open=${input}`}>{input}</Link>
            </span>
            <span className="quiet small">
              {alert.camera === undefined || !mayLook ? null : (
                <Link href={playAddress(alert.camera, Date.parse(at))}>Play</Link>
              )}{' '}
              <Clock at={at} />
            </span>
            <Seal position={position} />
          </li>
        ))}
      </ul>
    </section>
  );
}
