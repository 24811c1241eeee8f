import { Button, CloseButton } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconCheck } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import type { Overview } from '../../api/queries.ts';
import { overviewQuery } from '../../api/queries.ts';
import { liveEventsQuery } from '../../app/use-live.ts';
import { alertsQuery } from '../alerts/alerts-query.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { SendYourOwn } from './send-your-own.tsx';

/** Three ways to see it work, on any system and with no privileges. Each ticks itself when it has happened. */
export function TryIt({ overview }: { readonly overview: Overview }) {
  const [isHidden, setHidden] = useLocalStorage({
    key: 'sallyport.try-it-hidden',
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const { data: alerts } = useQuery(alertsQuery({}));
  if (isHidden) return null;
  const failed = alerts?.alerts.find(({ title }) => /failed sign-?in/i.test(title));
  const demo = overview.sources?.find(({ name }) => name === 'demo');
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
        <TryStep at={2} title="Replay a break-in" isDone={(demo?.accepted ?? 0) > 1}>
          <p className="quiet">
            Plays a small made-up attack through the normal intake. Every event of it is marked as synthetic.
          </p>
          <Replay />
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
    overview.sources?.some(({ name, accepted }) => name !== 'demo' && accepted > 0) === true ||
    passing.some(({ synthetic, product }) => !synthetic && product !== 'Sallyport');
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

function Replay() {
  const queries = useQueryClient();
  const replay = useMutation({
    mutationFn: () => call('POST /v1/demo/replay', { body: { at_once: false } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: overviewQuery.queryKey }),
  });
  return (
    <div className="stack tight">
      <div className="row">
        <Button variant="default" loading={replay.isPending} onClick={() => replay.mutate()}>
          Replay it
        </Button>
        {replay.isSuccess ? (
          <Link href="/alerts" className="small">
            See what it set off
          </Link>
        ) : null}
      </div>
      {replay.error === null ? null : <ProblemNotice problem={replay.error} />}
    </div>
  );
}
