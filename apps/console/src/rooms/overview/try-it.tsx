import { Button, CloseButton } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconCheck } from '@tabler/icons-react';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import type { Overview } from '../../api/queries.ts';
import { overviewQuery } from '../../api/queries.ts';
import { liveEventsQuery } from '../../app/use-live.ts';
import { alertsQuery } from '../alerts/alerts-query.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { SendYourOwn } from './send-your-own.tsx';

/** What the demonstration sends as; what somebody sends themselves has another name. */
const replaySource = 'demo-replay';
/** What the sensor of a host calls itself; the one beside the server sends from the first minute on. */
const sensorSource = /^host-.+\.[0-9a-f]{8}$/;

const runsQuery = queryOptions({
  queryKey: ['demo-runs'],
  queryFn: ({ signal }) => call('GET /v1/demo/replay', { signal }),
  refetchInterval: ({ state }) => (state.data?.runs.some((run) => run.state === 'playing') === true ? 700 : false),
});

/** Three ways to see it work, on any system and with no privileges. Each ticks itself when it has happened. */
export function TryIt({ overview }: { readonly overview: Overview }) {
  const [isHidden, setHidden] = useLocalStorage({
    key: 'sallyport.try-it-hidden',
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const { data: alerts } = useQuery(alertsQuery({}));
  const runs = useQuery(runsQuery).data?.runs ?? [];
  const isPlaying = runs.some(({ state }) => state === 'playing');
  if (isHidden) return null;
  const failed = alerts?.alerts.find(({ title }) => /failed sign-?in/i.test(title));
  const played = overview.sources?.some(({ name, accepted }) => name === replaySource && accepted > 0) ?? false;
  const hasOwn = useOwnEvents(overview);
  return (
    <section className="sheet" aria-labelledby="try-title">
      <div className="sheet-head">
        <h2 id="try-title">Try it</h2>
        <span className="quiet small wide-only">Three ways to see it work. Each ticks itself.</span>
        <CloseButton aria-label="Hide this" onClick={() => setHidden(true)} />
      </div>
      <ol className="try">
        <TryStep at={1} title="Type three wrong passwords" isDone={failed !== undefined}>
          {failed === undefined ? (
            <>
              <p className="quiet">
                In a private window, sign in here with a wrong password three times within two minutes. A correlation
                rule turns it into an alert.
              </p>
              <WrongPasswords />
            </>
          ) : (
            <p>
              <Link href={`/alerts?open=${failed.id}`}>See why it fired</Link>
            </p>
          )}
        </TryStep>
        <TryStep at={2} title="Replay a break-in" isDone={played && !isPlaying}>
          <p className="quiet">
            Plays a small made-up attack through the normal intake. Every event of it is marked as synthetic.
          </p>
          <Replay runs={runs} wasPlayed={played} />
        </TryStep>
        <TryStep at={3} title="Send your own" isDone={hasOwn}>
          <SendYourOwn />
        </TryStep>
      </ol>
    </section>
  );
}

/** Whether anything came that is neither made up nor our own: seen going by, or from a source of another name. Remembered. */
function useOwnEvents(overview: Overview): boolean {
  const [wasSeen, setSeen] = useLocalStorage({
    key: 'sallyport.own-event-seen',
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const { data: passing } = useQuery(liveEventsQuery);
  const isSeen =
    overview.sources?.some(
      ({ name, accepted }) => name !== replaySource && !sensorSource.test(name) && accepted > 0,
    ) === true || passing.some(({ synthetic, product }) => !synthetic && product?.startsWith('Sallyport') !== true);
  useEffect(() => {
    if (isSeen && !wasSeen) setSeen(true);
  }, [isSeen, wasSeen, setSeen]);
  return isSeen || wasSeen;
}

function TryStep({
  at,
  title,
  isDone,
  children,
}: {
  readonly at: number;
  readonly title: string;
  readonly isDone: boolean;
  readonly children: ReactNode;
}) {
  return (
    <li data-done={isDone}>
      <span className="tick">{isDone ? <IconCheck size={16} aria-label="done" /> : at}</span>
      <div className="stack tight">
        <h3>{title}</h3>
        {children}
      </div>
    </li>
  );
}

/** The same requests another window would make, without leaving this one: nobody is signed out by a wrong password. */
function WrongPasswords() {
  const attempt = useMutation({
    mutationFn: async () => {
      await fetch('/v1/session', {
        method: 'POST',
        credentials: 'omit',
        headers: { 'content-type': 'application/json', 'x-sallyport': '1' },
        body: JSON.stringify({ name: 'somebody', password: crypto.randomUUID() }),
      });
      return Date.now();
    },
  });
  return (
    <div className="row">
      <Button variant="default" loading={attempt.isPending} onClick={() => attempt.mutate()}>
        Send a wrong password
      </Button>
    </div>
  );
}

type Runs = Answer<'GET /v1/demo/replay'>['runs'];

function Replay({ runs, wasPlayed }: { readonly runs: Runs; readonly wasPlayed: boolean }) {
  const queries = useQueryClient();
  const replay = useMutation({
    mutationFn: () => call('POST /v1/demo/replay', { body: { at_once: false } }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: overviewQuery.queryKey });
      return queries.invalidateQueries({ queryKey: runsQuery.queryKey });
    },
  });
  const playing = runs.find(({ state }) => state === 'playing');
  const hasFailed = playing === undefined && runs[0]?.state === 'failed';
  return (
    <div className="stack tight">
      <div className="row">
        <Button
          variant="default"
          loading={replay.isPending}
          disabled={playing !== undefined}
          onClick={() => replay.mutate()}
        >
          Replay it
        </Button>
        {playing === undefined ? null : (
          <span role="status">
            {playing.sent} of {playing.events} events
          </span>
        )}
        {wasPlayed || runs.length > 0 ? (
          <Link href="/alerts" className="small">
            See what it set off
          </Link>
        ) : null}
      </div>
      {hasFailed ? <p className="warn">It ended early. Replay it once more; the server’s log says why.</p> : null}
      {replay.error === null ? null : <ProblemNotice problem={replay.error} />}
    </div>
  );
}
